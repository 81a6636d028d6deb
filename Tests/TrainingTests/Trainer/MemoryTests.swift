import Components
import LanguageModels
import Tensors
import Testing

@testable import Training

/// Keys that save memory, and what they may change.
@Suite("Memory keys")
struct MemoryTests {
  private func run(_ change: (inout TrainingConfiguration) -> Void) -> TinyRun {
    var run = TinyRun(FakeStrategy([.gradientNorms]) { StepPlan($0.step == 1 ? .both : .rl) })
    run.configuration.maxSteps = 3
    run.configuration.grpo.beta = 0.1
    change(&run.configuration)
    return run
  }

  private func weights(_ change: (inout TrainingConfiguration) -> Void) throws -> [Float] {
    let run = run(change)
    defer { run.remove() }
    return try run.weights()
  }

  @Test(
    "blocks that are computed again change no bit; a reference in BF16 does, where weights are FP32"
  )
  func bits() throws {
    let plain = try weights { $0.grpo.refModelDtype = .float32 }
    #expect(try weights { $0.gradientCheckpointing = true } == plain)
    #expect(
      try weights {
        $0.logGradientParts = true; $0.gradientCheckpointing = true
      } == plain
    )
    let rounded = try weights { $0.grpo.refModelDtype = .bfloat16 }
    #expect(rounded != plain && rounded.allSatisfy(\.isFinite))
  }

  @Test("auto takes BF16 exactly where that loses nothing")
  func auto() throws {
    let run = run { _ in }
    defer { run.remove() }
    let (trainer, model) = try run.trainer()
    #expect(trainer.reference?.store.matrices == .float32)
    model.copyParameters(from: DecoderModel(copying: model, matrices: .bfloat16))
    try trainer.snapshotReference()
    #expect(trainer.reference?.store.matrices == .bfloat16)
    // What is stored is read back as it was kept.
    let digest = try #require(trainer.state.referenceDigest)
    try trainer.loadReference(named: digest, in: run.directory)
    #expect(trainer.reference?.store.matrices == .bfloat16)
    #expect(
      trainer.reference?.store.parameters.map(\.value.array)
        == model.store.parameters.map(\.value.array)
    )
    model.store.backend.scale(model.store.valueBuffer, by: 1.01)
    try trainer.snapshotReference()
    #expect(trainer.reference?.store.matrices == .float32)
  }

  @Test("the key can change while a run goes")
  func exchange() throws {
    let run = run { _ in }
    defer { run.remove() }
    let (trainer, model) = try run.trainer()
    #expect(!model.gradientCheckpointing)
    var configuration = trainer.configuration
    configuration.gradientCheckpointing = true
    try trainer.exchange(configuration: configuration)
    #expect(model.gradientCheckpointing)
  }
}
