import Components
import Foundation
import LanguageModels
import RunStore
import Tensors
import Testing

@testable import Training

/// Runs that train an adapter over a frozen base. That they resume bit for bit stands in ResumeTests.
@Suite struct AdapterRunTests {
  static func run(
    steps: Int = 4,
    beta: Double = 0,
    _ plan: @escaping (StepContext) -> StepPlan
  ) -> TinyRun {
    var run = TinyRun(FakeStrategy { plan($0) })
    run.lora = LoRAConfiguration(
      rank: 2,
      alpha: 16,
      targetModules: LoRAConfiguration.allLinear
    )
    run.configuration.maxSteps = steps
    run.configuration.grpo.beta = beta
    return run
  }

  @Test func onlyTheAdapterIsTrainedAndKept() throws {
    let run = Self.run { StepPlan($0.step % 2 == 0 ? .sft : .rl) }
    defer { run.remove() }
    let (trainer, model) = try run.trainer()
    func read(_ store: ParameterStore) -> [Float] { store.backend.read(store.valueBuffer) }
    let (base, start) = (read(model.store), read(model.trained))
    _ = try trainer.train()
    #expect(read(model.store) == base)
    #expect(read(model.trained) != start)
    #expect(!model.store.isTrainable)

    let checkpoint = run.directory.appending(path: "checkpoints/step-00000004")
    func names(_ url: URL) throws -> Set<String> {
      Set(try FileManager.default.contentsOfDirectory(atPath: url.path))
    }
    let files = try names(checkpoint)
    #expect(
      files.isSuperset(of: ["adapter_config.json", "adapter_model.safetensors", "base_model.json"])
    )
    #expect(files.isDisjoint(with: ["model.safetensors", "config.json"]))
    let moments = try SafetensorsFile(
      path: checkpoint.appending(path: "optimizer.safetensors").path
    )
    #expect(moments.entries.allSatisfy { $0.name.contains("lora_") })
    #expect(
      moments.entries.reduce(0) { $0 + $1.count } == 2 * model.trained.parameterCount
    )
    // The base lies in the run once, and the adapter where people look for it.
    let directory = try AdapterDirectory(checkpoint)
    #expect(directory.basePath == "../../base")
    #expect(
      try directory.baseDirectory().path
        == run.directory.appending(path: "base").standardizedFileURL.path
    )
    let output = try AdapterDirectory(run.directory.appending(path: "adapter"))
    #expect(output.configuration.rank == 2 && output.base == model.adapter?.base)
    #expect(try names(output.url).contains("tokenizer.json"))
    let opened = try DecoderModel(
      directory: output.baseDirectory(),
      backend: model.backend,
      trainable: false
    )
    opened.attach(
      try output.load(for: opened.configuration, backend: opened.backend, trainable: false)
    )
    #expect(opened.nextTokenLogProbs([[3, 4, 5, 6]]) == model.nextTokenLogProbs([[3, 4, 5, 6]]))
  }

  @Test func theReferenceIsTheBaseOrASnapshot() throws {
    let run = Self.run(steps: 5, beta: 0.1) {
      StepPlan($0.step < 3 ? .sft : .rl, snapshotReference: $0.step == 3)
    }
    defer { run.remove() }
    let (trainer, model) = try run.trainer()
    let first = try #require(trainer.reference)
    #expect(first.store === model.store)
    let base = try TinyRun.model(model.backend)
    let ids: [[Int32]] = [[3, 4, 5, 6, 7]]
    #expect(first.nextTokenLogProbs(ids) == base.nextTokenLogProbs(ids))
    var steps = 0
    _ = try trainer.train(shouldStop: {
      defer { steps += 1 }
      return steps == 3
    })
    let warm = model.nextTokenLogProbs(ids)
    #expect(warm != base.nextTokenLogProbs(ids))
    #expect(first.nextTokenLogProbs(ids) == base.nextTokenLogProbs(ids))
    // The end of warm-up becomes the reference, and stays it.
    _ = try trainer.train()
    #expect(trainer.reference?.store === model.store)
    #expect(trainer.reference?.nextTokenLogProbs(ids) == warm)
    #expect(model.nextTokenLogProbs(ids) != warm)
    let stored = try FileManager.default.contentsOfDirectory(
      atPath: run.directory.appending(path: "references").path
    )
    #expect(stored.count == 2)
  }

  @Test func anotherBaseIsRefused() throws {
    let run = Self.run { _ in StepPlan(.sft) }
    defer { run.remove() }
    do {
      let (trainer, _) = try run.trainer()
      _ = try trainer.train(shouldStop: { trainer.completedSteps == 2 })
    }
    let file = run.directory.appending(path: "base/model.safetensors")
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: file)
    do {
      _ = try run.trainer(resume: true)
      Issue.record("another base was taken")
    } catch let error as AdapterError {
      #expect("\(error)".contains("was trained on another model than"), "\(error)")
      #expect("\(error)".contains("model.safetensors has SHA-256"), "\(error)")
    }
  }

  @Test func branchesGoOnFromTheAdapter() throws {
    let whole = Self.run(steps: 6) { _ in StepPlan(.sft) }
    let parent = Self.run(steps: 3) { _ in StepPlan(.sft) }
    let branch = Self.run(steps: 6) { _ in StepPlan(.sft) }
    defer { [whole, parent, branch].forEach { $0.remove() } }
    let expected = try whole.weights()
    _ = try parent.weights()
    let (trainer, model) = try branch.trainer()
    try trainer.branch(from: parent.directory.appending(path: "checkpoints/step-00000003"))
    _ = try trainer.train()
    #expect(values(of: model) == expected)
  }

  @Test func aMomentBringsTheAdapterBack() throws {
    let run = Self.run { _ in StepPlan(.sft) }
    defer { run.remove() }
    let (trainer, model) = try run.trainer()
    _ = try trainer.train(shouldStop: { trainer.completedSteps == 2 })
    let moment = try trainer.moment(keepingTensorsIn: run.directory.appending(path: "moment"))
    let kept = values(of: model)
    _ = try trainer.train()
    #expect(values(of: model) != kept)
    try trainer.goBack(to: moment)
    #expect(values(of: model) == kept && trainer.completedSteps == 2)
  }
}
