import Components
import Foundation
import RunStore
import Training

/// The little that a list shows of a run; read quickly, also while the run goes.
struct RunOverview {
  /// What has become of a run, as far as its files tell.
  enum State: String, Sendable {
    /// A process writes into it.
    case running
    /// Its last step is done.
    case finished
    /// It ended before its last step, with a checkpoint: interrupted, or stopped by an error.
    case stopped
    /// It ended without a checkpoint of its last step, or before its first: killed, or failed at the start.
    case failed
    /// It is not going; how many steps it should have had is not known.
    case ended
    /// Its configuration cannot be read.
    case damaged
  }

  var url: URL
  /// ISO 8601 in UTC; `nil` where provenance.json does not say.
  var started: String?
  /// The strategy's short name; with another one in its place, `sasr > hpt`.
  var strategy: String?
  /// Optimizer steps done.
  var steps: Int
  /// Steps of the whole run; `nil` where the configuration counts epochs.
  var horizon: Int?
  var state: State
  var accuracy: HeldOutResult?
  /// Bytes on disk.
  var size: Int
  /// Why it is damaged.
  var problem: String?

  var name: String { url.lastPathComponent }

  /// Looks at a run. What cannot be read becomes its `problem`.
  init(_ url: URL) {
    self.url = url
    size = RunDirectory.sizeOnDisk(url)
    started = (try? RunDirectory.provenance(of: url))?.startedAt
    steps = 0
    state = .damaged
    do {
      let configuration = try Self.configuration(of: url)
      let present = Self.present(of: url) ?? configuration
      let names = [configuration, present].compactMap {
        $0.strategy.map { Self.shortName($0.plugin) }
      }
      strategy =
        names.isEmpty ? nil : Set(names).count == 1 ? names[0] : names.joined(separator: " > ")
      let limit = present.training.maxSteps
      horizon = limit >= 0 ? limit : nil
      steps = try Self.stepsDone(url)
      accuracy = try RecordFile.lastRecord(at: "\(url.path)/evaluations.jsonl")
        .flatMap(HeldOutResult.init)
      state = Self.state(
        isRunning: RunDirectory.isInUse(url),
        steps: steps,
        horizon: horizon,
        checkpoint: RunDirectory.checkpoints(of: url).last?.step
      )
    } catch {
      problem = "\(error)"
    }
  }

  /// What the files of a run say of its state.
  static func state(isRunning: Bool, steps: Int, horizon: Int?, checkpoint: Int?) -> State {
    if isRunning { return .running }
    guard let checkpoint, checkpoint >= steps else { return .failed }
    guard let horizon else { return .ended }
    return steps >= horizon ? .finished : .stopped
  }

  /// The configuration that a run wrote.
  static func configuration(of url: URL) throws -> RunConfiguration {
    let file = "\(ProcessPaths.shown(url))/config.yaml"
    let yaml = try InputFile.text("\(url.path)/config.yaml")
    return try RunConfiguration.load(yaml: yaml, file: file).configuration
  }

  /// What the run has become at its newest checkpoint by what was done to it; `nil` before the first.
  static func present(of url: URL) -> RunConfiguration? {
    guard let checkpoint = RunDirectory.checkpoints(of: url).last,
      let steering = try? Steering(try Trainer.controlState(of: checkpoint.url))
    else { return nil }
    return try? RunConfiguration.load(yaml: steering.configuration, file: url.path).configuration
  }

  /// Steps with a decision; the newest checkpoint counts where the last decision is one of measuring.
  static func stepsDone(_ url: URL) throws -> Int {
    let last = try RecordFile.lastRecord(at: "\(url.path)/decisions.jsonl")
    guard let last, let step = last["step"]?.number else { return 0 }
    // A measurement comes before the step that it belongs to.
    return Int(step) + (last["kind"]?.text == StepKind.measure.name ? 0 : 1)
  }

  /// `org.example.sasr` and `../plugins/sasr` are sasr to people.
  static func shortName(_ plugin: String) -> String {
    let name = plugin.split(separator: "/").last.map(String.init) ?? plugin
    let id = name.split(separator: "@").first.map(String.init) ?? name
    return id.split(separator: ".").last.map(String.init) ?? id
  }

  /// The runs directly below a folder, the one that began last first.
  static func all(below folder: String) throws -> [RunOverview] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw RunError(
        folder,
        "there is no such folder, or it cannot be read",
        cure: "Begin a run with `stepwise train`, or name the folder that holds runs"
      )
    }
    let base = URL(filePath: folder, directoryHint: .isDirectory).standardizedFileURL
    let runs = names.map { base.appending(path: $0, directoryHint: .isDirectory) }
      .filter { FileManager.default.fileExists(atPath: $0.appending(path: "config.yaml").path) }
      .map { RunOverview($0) }
    return runs.sorted {
      let (a, b) = ($0.started ?? "", $1.started ?? "")
      return a != b ? a > b : $0.name.compare($1.name, options: .numeric) == .orderedDescending
    }
  }
}
