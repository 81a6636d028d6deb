import Foundation
import Testing

/// What transformers and TRL compute, through the command line, on Qwen2.5-0.5B in miniature: the fixture of
/// Tests/Parity/check_qwen_05b.py, which does the same with the real size where there is memory for it.
@Suite struct QwenTinyTests {
  /// Runs a verb whose input is JSON, and gives its output's lines.
  private func lines(_ workshop: Workshop, _ input: String, _ arguments: String...) throws -> [Data]
  {
    try workshop.write("input.json", input)
    let answer = try Stepwise.run(arguments, in: workshop.url)
    #expect(answer.code == 0, "\(answer.error)")
    return answer.output.split(separator: "\n").map { Data($0.utf8) }
  }

  /// F32 and BF16 files, both in several shards.
  @Test(arguments: [("f32", 1e-5), ("bf16", 1e-5)])
  func logProbsAreTransformers(kind: String, tolerance: Double) throws {
    let expected = try QwenTiny().scores(kind)
    let workshop = try Workshop()
    let rows = try lines(
      workshop,
      expected.input_ids.map { "{\"input_ids\": \($0)}\n" }.joined(),
      "score",
      "--model",
      QwenTiny.folder.appending(path: kind).path,
      "--input",
      "input.json",
      "--json"
    ).map { try JSONDecoder().decode([String: [Double]].self, from: $0)["logprobs"] ?? [] }
    #expect(rows.map(\.count) == expected.next_token_logprobs.map(\.count))
    for (ours, theirs) in zip(rows.joined(), expected.next_token_logprobs.joined()) {
      #expect(abs(ours - theirs) <= tolerance)
    }
  }

  /// Loss and gradient norms; blocks computed again in the backward give the same digits.
  @Test(arguments: ["sft", "grpo"])
  func stepsAreTRLs(step: String) throws {
    let expected = try QwenTiny().step(step)
    let workshop = try Workshop()
    let arguments = [
      "objective", "--model", QwenTiny.folder.appending(path: "f32").path, "--batch", "input.json",
      "--json",
    ]
    try workshop.write("input.json", expected.batch)
    let answer = try Stepwise.run(arguments, in: workshop.url)
    #expect(answer.code == 0, "\(answer.error)")
    let measured = try JSONDecoder().decode(
      ParityTests.Answer.self,
      from: Data(answer.output.utf8)
    )
    #expect(abs(measured.loss - expected.loss) <= 1e-5 * abs(expected.loss))
    let norms = expected.norms
    #expect(abs(measured.grad_norm.global - norms.global) <= 1e-4 * norms.global)
    #expect(Set(measured.grad_norm.per_parameter.keys) == Set(norms.per_parameter.keys))
    for (name, norm) in norms.per_parameter {
      let own = measured.grad_norm.per_parameter[name] ?? .nan
      #expect(abs(own - norm) <= 1e-4 * max(norm, 1e-3 * norms.global), "\(name)")
    }
    let again = try Stepwise.run(arguments + ["--gradient-checkpointing"], in: workshop.url)
    #expect(again.code == 0 && again.output == answer.output)
  }

  /// Training from the BF16 files, with the reference in BF16 and blocks computed again: the memory keys change no bit of it.
  @Test func memoryKeysChangeNoBit() throws {
    let workshop = try Workshop()
    try workshop.makeModel()
    try workshop.write(
      "run.yaml",
      """
      model_name_or_path: \(QwenTiny.folder.appending(path: "bf16").path)
      tokenizer: model
      max_steps: 3
      strategy: {plugin: static, parameters: {mu: 0.3}}
      demonstrations: {plugin: knights-and-knaves, parameters: {people: 2, form: terse, size: 60, names: 4}}
      prompts:
        plugin: knights-and-knaves
        parameters: {people: 2, form: terse, size: 40, names: 4, seed: 7, demonstrations: none}
      rewards: [knights-and-knaves]
      grpo: {per_device_train_batch_size: 8, num_generations: 4, max_completion_length: 12, beta: 0.1, learning_rate: 1e-3}

      """
    )
    func run(_ name: String, _ keys: String...) throws -> [String: Data] {
      let answer = try Stepwise.run(
        ["train", "run.yaml", "output_dir=\(name)"] + keys,
        in: workshop.url
      )
      #expect(answer.code == 0, "\(answer.error)")
      return try workshop.weights(name)
    }
    let plain = try run("plain", "grpo.ref_model_dtype=float32")
    #expect(try run("checkpointed", "gradient_checkpointing=true") == plain)
    // The files are BF16, so BF16 holds the reference exactly.
    #expect(try run("rounded", "grpo.ref_model_dtype=bfloat16") == plain)
    let wrong = try workshop.stepwise("train", "run.yaml", "grpo.ref_model_dtype=fp8")
    #expect(wrong.code == 64 && wrong.error.contains("one of auto, float32, bfloat16"))
  }
}

/// The fixture.
struct QwenTiny {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures/qwen-tiny")

  struct Step {
    /// JSON, as `objective` takes it.
    var batch: String
    var loss: Double
    var norms: ParityTests.Norms
  }

  private let expected: [String: Any]

  init() throws {
    let bytes = try Data(contentsOf: Self.folder.appending(path: "expected.json"))
    expected = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
  }

  func scores(_ kind: String) throws -> ParityTests.Golden.Forward {
    try decode(ParityTests.Golden.Forward.self, expected[kind])
  }

  func step(_ name: String) throws -> Step {
    let step = try #require(expected[name] as? [String: Any])
    return Step(
      batch: String(
        decoding: try JSONSerialization.data(withJSONObject: try #require(step["batch"])),
        as: UTF8.self
      ),
      loss: try #require(step["loss"] as? Double),
      norms: try decode(ParityTests.Norms.self, step["grad_norm"])
    )
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ value: Any?) throws -> Value {
    let bytes = try JSONSerialization.data(withJSONObject: try #require(value))
    return try JSONDecoder().decode(type, from: bytes)
  }
}
