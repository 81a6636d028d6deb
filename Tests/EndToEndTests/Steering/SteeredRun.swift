import Foundation
import RunControl
import RunStore
import Testing

/// A run that is going, and the hands on its wheel.
final class SteeredRun {
  let name: String
  let workshop: Workshop
  private(set) var process: Stepwise.Running

  /// Begins a run of `steer.yaml` and waits until it can be steered.
  init(
    _ workshop: Workshop,
    _ name: String,
    _ arguments: [String] = [],
    fileSizeLimit: Int? = nil
  ) throws {
    self.workshop = workshop
    self.name = name
    process = try Stepwise.Running(
      ["train", "steer.yaml", "output_dir=\(name)"] + arguments,
      in: workshop.url,
      fileSizeLimit: fileSizeLimit
    )
    try waitForSocket()
  }

  /// Goes on with a run that is there.
  init(resuming name: String, _ workshop: Workshop, _ arguments: [String] = []) throws {
    self.name = name
    self.workshop = workshop
    process = try Stepwise.Running(["train", "--resume", name] + arguments, in: workshop.url)
  }

  deinit { process.signal(SIGKILL) }

  var path: String { workshop.file(name).path }

  func waitForSocket() throws {
    let limit = Date.now.addingTimeInterval(30)
    while process.process.isRunning, Date.now < limit {
      if let answer = try? ask("status"), answer.isDone { return }
      usleep(1000)
    }
    let answer = try process.wait()
    Issue.record("the run cannot be reached: \(answer)")
  }

  @discardableResult
  func ask(_ command: String, _ fields: Record = [:]) throws -> ControlAnswer {
    let client = try ControlClient(run: path, timeout: .seconds(60))
    return try client.send(ControlRequest(command, fields), timeout: .seconds(60))
  }

  func swap(_ slot: String, _ plugin: String, _ fields: Record = [:]) throws -> ControlAnswer {
    var record: Record = ["slot": .string(slot), "plugin": .string(plugin)]
    record["directory"] = .string(workshop.url.path)
    record.fields += fields.fields
    return try ask("swap", record)
  }

  func set(_ key: String, _ value: String, over: Int? = nil) throws -> ControlAnswer {
    var record: Record = ["key": .string(key), "value": .string(value)]
    if let over { record["over"] = .int(Int64(over)) }
    return try ask("set", record)
  }

  /// Pauses the run, and waits until it stands.
  func pause() throws {
    _ = try ask("pause")
    // A set is answered at a boundary; a refused one changes nothing.
    _ = try ask("drop")
  }

  func resume() throws { _ = try ask("resume") }

  var step: Int { get throws { Int(try ask("status")["step"]?.number ?? -1) } }

  /// Waits for the run's own end.
  func finish() throws -> Stepwise.Answer { try process.wait() }

  var journal: [Record] { get throws { try workshop.journal(name) } }
}

extension Workshop {
  func journal(_ run: String) throws -> [Record] { try Journal.records(of: file(run)) }

  /// The journal as `ACTION OUTCOME` lines, for runs whose people are not asked.
  func deeds(_ run: String) throws -> [String] {
    try journal(run).map { "\($0["action"]?.text ?? "?") \($0["outcome"]?.text ?? "?")" }
  }

  /// A short run of all kinds of steps, for steering.
  ///
  /// - Parameter more: lines of the configuration, over the others.
  func writeSteered(steps: Int = 14, _ more: String = "") throws {
    try write("steer.yaml", Self.steered(steps: steps) + more)
  }

  static func steered(steps: Int) -> String {
    """
    model:
      config: {model_type: qwen3, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, \
    num_attention_heads: 2, num_key_value_heads: 2, head_dim: 16, initializer_range: 0.05, \
    tie_word_embeddings: true}
    tokenizer: word_level
    seed: 5
    max_steps: \(steps)
    save_steps: 4
    save_total_limit: 3
    logging_steps: 1
    lr_scheduler_type: constant
    strategy: {plugin: gac}
    demonstrations:
      plugin: knights-and-knaves
      parameters: {people: 2, form: terse, size: 60, names: 4, demonstrations: direct}
    prompts:
      plugin: knights-and-knaves
      parameters: {people: 2, form: terse, size: 80, names: 4, seed: 7, demonstrations: direct}
    rewards: [knights-and-knaves]
    sft: {learning_rate: 1e-3, per_device_train_batch_size: 4}
    grpo: {learning_rate: 1e-3, per_device_train_batch_size: 24, num_generations: 4, max_completion_length: 10}

    """
  }

  /// Trains with a schedule, which must end well.
  @discardableResult
  func trainSteered(
    _ name: String,
    interventions: String = "",
    _ arguments: String...
  ) throws -> Stepwise.Answer {
    let schedule = interventions.isEmpty ? [] : ["interventions=[\(interventions)]"]
    let answer = try Stepwise.run(
      ["train", "steer.yaml", "output_dir=\(name)"] + schedule + arguments,
      in: url
    )
    #expect(answer.code == 0, "\(name): \(answer.error)")
    return answer
  }

  /// A replay must end at the run's bits.
  func expectReplay(_ run: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let answer = try stepwise("runs", "replay", run, "--output", "\(run)-replayed")
    #expect(
      answer.code == 0 && answer.output.contains("bit for bit the same"),
      "\(answer.output.suffix(600))\(answer.error.suffix(600))",
      sourceLocation: sourceLocation
    )
    #expect(
      !answer.error.contains("cannot be done again"),
      "\(answer.error)",
      sourceLocation: sourceLocation
    )
  }
}
