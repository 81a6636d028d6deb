import Components
import Foundation
import RunStore
import Testing

@testable import Training

@Suite("A run goes back to a moment as if nothing had come after it")
struct MomentTests {
  /// At one boundary takes a moment and puts something in; when that step fails, goes back.
  private final class Trier: TrainerControl {
    let step: Int
    let change: (Trainer) throws -> Void
    var folder: URL?
    private var moment: TrainerMoment?
    private(set) var recovered: [String] = []

    init(_ step: Int, in folder: URL?, _ change: @escaping (Trainer) throws -> Void) {
      (self.step, self.folder, self.change) = (step, folder, change)
    }

    func boundary(_ trainer: Trainer) throws -> BoundaryAnswer {
      if trainer.completedSteps == step, moment == nil {
        moment = try trainer.moment(keepingTensorsIn: folder)
        try change(trainer)
      }
      return .goOn
    }

    func recovers(_ trainer: Trainer, from error: any Error) throws -> Bool {
      guard let moment, recovered.isEmpty else { return false }
      recovered.append("\(error)")
      try trainer.goBack(to: moment)
      return true
    }

    func saveState() throws -> ControlState { { [] } }
  }

  private struct Broken: Error {}

  private func run() -> TinyRun {
    var run = TinyRun(FakeStrategy([.probe, .kl]) { StepPlan($0.step % 3 == 1 ? .sft : .rl) })
    run.configuration.maxSteps = 7
    run.configuration.saveSteps = 2
    run.configuration.grpo.beta = 0.1
    return run
  }

  private func end(_ run: TinyRun, _ control: Trier? = nil) throws -> ([Float], [String]) {
    let (trainer, model) = try run.trainer()
    trainer.control = control
    _ = try trainer.train()
    var lines: [String] = []
    for stream in RunStream.allCases {
      lines += try RunDirectory.records(in: stream, of: run.directory).map { record in
        Record(record.fields.filter { !["step_time", "tokens_per_second"].contains($0.name) }).json
      }
    }
    return (values(of: model), lines)
  }

  @Test("where the newcomer failed: before, in and after the update", arguments: [0, 1, 2, 3])
  func newcomers(place: Int) throws {
    let (plain, tried) = (run(), run())
    defer { for run in [plain, tried] { run.remove() } }
    let expected = try end(plain)
    // It takes another reference, another optimizer slot and other rows with it before it breaks.
    let newcomer = FakeStrategy([.probe, .kl]) { _ in
      if place == 0 { throw Broken() }
      return StepPlan(.both, optimizerSlot: 2, snapshotReference: true)
    }
    newcomer.advantage = { request in
      place == 1 ? [.nan] : [Double](repeating: 0.5, count: request.rewards.count)
    }
    final class Breaking: Dataset {
      let identity = ComponentIdentity(id: "org.example.broken", version: "1.0.0", digest: "0")
      let count: Int? = 24
      let rows = TinyRun.examples(24)
      var calls = 0
      func examples(in range: Range<Int>) throws -> [Example] {
        calls += 1
        // The probe is read when it comes.
        if calls > 13 { throw Broken() }
        return Array(rows[range])
      }
    }
    let forgetful = FakeStrategy([.probe, .kl]) { _ in
      StepPlan(.both, optimizerSlot: 1, snapshotReference: true)
    }
    forgetful.end = { _ in throw Broken() }
    let folder = tried.directory.appending(path: ".kept")
    let trier = Trier(3, in: folder) { trainer in
      var configuration = trainer.configuration
      configuration.grpo.temperature = 0.5
      try trainer.exchange(configuration: configuration)
      switch place {
      case 0, 1: try trainer.exchange(strategy: newcomer)
      case 2:
        try trainer.exchange(strategy: FakeStrategy([.probe, .kl]) { _ in StepPlan(.sft) })
        try trainer.exchange(dataset: Breaking(), in: .demonstrations)
      default: try trainer.exchange(strategy: forgetful)
      }
    }
    let result = try end(tried, trier)
    #expect(trier.recovered.count == 1)
    #expect(result.0 == expected.0)
    #expect(result.1 == expected.1)
  }

  @Test("a reference that the run had not before is gone again")
  func reference() throws {
    func run() -> TinyRun {
      var run = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
      run.configuration.maxSteps = 5
      return run
    }
    let (plain, tried) = (run(), run())
    defer { for run in [plain, tried] { run.remove() } }
    let expected = try end(plain)
    let folder = tried.directory.appending(path: ".kept")
    let trier = Trier(2, in: folder) { trainer in
      let needy = FakeStrategy([.probe, .reference]) { _ in throw Broken() }
      try trainer.exchange(strategy: needy)
      #expect(trainer.reference != nil && !trainer.state.probe.isEmpty)
    }
    let result = try end(tried, trier)
    #expect(trier.recovered.count == 1 && result.0 == expected.0 && result.1 == expected.1)
  }

  @Test("a failure of the run's own is none of the control's")
  func ownFailure() throws {
    var run = TinyRun(
      FakeStrategy {
        if $0.step == 2 { throw Broken() }
        return StepPlan(.rl)
      }
    )
    run.configuration.maxSteps = 4
    defer { run.remove() }
    let trier = Trier(9, in: nil) { _ in }
    let trainer = try run.trainer().0
    trainer.control = trier
    #expect(throws: Broken.self) { try trainer.train() }
    #expect(trainer.completedSteps == 2)
  }
}
