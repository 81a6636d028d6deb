import Components
import Foundation
import PluginHost
import Testing
import Training

/// A step is a step, however it is cut: wrong aggregation under gradient accumulation has depressed published baselines
/// (arXiv 2604.23747). Every strategy that is staged is held to it.
@Suite("Gradients of the shipped strategies")
struct MicroBatchTests {
  /// Settings that show all kinds of steps within a few; other strategies have their defaults.
  private static let parameters: [String: ParameterValue] = [
    "sasr": .object([ParameterEntry("warmup_steps", .int(1)), ParameterEntry("gamma", .double(1))]),
    "sft-then-grpo": .object([ParameterEntry("warmup_steps", .int(2))]),
    "chord-mu": .object([
      ParameterEntry("warmup_steps", .int(2)), ParameterEntry("decay_steps", .int(2)),
    ]),
    "hpt": .object([ParameterEntry("gate", .int(2))]),
    "superrl": .object([ParameterEntry("no_reward", .double(0.5))]),
    "relift": .object([ParameterEntry("buffer_size", .int(3))]),
    "uft": .object([ParameterEntry("beta", .double(0.5))]),
  ]

  private static let catalog: PluginCatalog = {
    let staged = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent(".build/release/plugins").path
    let given = PluginCatalog.environmentSearchPaths
    return PluginCatalog(
      searchPaths: given.isEmpty ? [staged] : given,
      policy: .trustingAll
    )
  }()

  private static let strategies = catalog.manifests().flatMap(\.components)
    .filter { $0.kind == .strategy }.map { String($0.id.split(separator: ".").last!) }.sorted()

  private func steps(
    _ name: String,
    pieces: Int = 1,
    _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws -> [GradientRun.Step] {
    var run = GradientRun(steps: 5, pieces: pieces)
    change(&run.configuration)
    let reference = PluginReference(name, parameters: Self.parameters[name] ?? .null)
    return try run.steps(under: Self.catalog.loadStrategy(reference).part)
  }

  private func norm(_ values: [Float]) -> Double {
    values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  /// The length of the difference of two gradients, as a share of the first one's.
  private func distance(_ a: [Float], _ b: [Float]) -> Double {
    norm(zip(a, b).map { $0 - $1 }) / max(norm(a), .leastNormalMagnitude)
  }

  @Test("the strategies of this package are staged")
  func staged() {
    let own = [
      "sft", "grpo", "static", "sasr", "sft-then-grpo", "alternate", "cosine", "chord-mu",
      "chord-phi", "dft", "srft", "gac", "hpt", "superrl", "relift", "luffy", "uft", "prefix-rft",
      "trapo",
    ]
    #expect(own.filter { !Self.strategies.contains($0) } == [])
  }

  @Test("k micro-batches give the gradient of one batch", arguments: strategies)
  func microBatches(name: String) throws {
    let whole = try steps(name)
    #expect(whole.count == 5 && whole.contains { norm($0.gradient) > 0 })
    var largest = 0.0
    defer {
      // For the table in docs/strategies/README.md.
      if ProcessInfo.processInfo.environment["STEPWISE_SHOW_FIGURES"] != nil {
        print("micro-batches, \(name): \(largest)")
      }
    }
    for pieces in [2, 4] {
      for (cut, one) in zip(try steps(name, pieces: pieces), whole) {
        #expect(cut.report.kind == one.report.kind)
        let difference = distance(one.gradient, cut.gradient)
        largest = max(largest, difference)
        #expect(difference < 1e-5, "\(name), step \(one.report.step) in \(pieces) pieces")
        for (a, b) in [
          (one.report.sft?.loss, cut.report.sft?.loss), (one.report.rl?.loss, cut.report.rl?.loss),
        ] {
          #expect((a == nil) == (b == nil) && abs((a ?? 0) - (b ?? 0)) < 1e-5)
        }
      }
    }
  }

  /// TRL's `bnpo` takes the mean over each micro-batch's own tokens, so there the cut must show.
  @Test("the comparison sees a loss that depends on the cut")
  func sensitivity() throws {
    func run(_ pieces: Int) throws -> [GradientRun.Step] {
      try steps("grpo", pieces: pieces) { $0.grpo.lossType = .bnpo }
    }
    let differences = zip(try run(1), try run(4)).map { distance($0.gradient, $1.gradient) }
    #expect(differences.allSatisfy { $0 > 1e-3 }, "\(differences)")
  }

  @Test("dft is the host's own dft loss, and not nll")
  func dft() throws {
    let plugin = try steps("dft")
    let host = try steps("sft") { $0.sft.lossType = .dft }
    let nll = try steps("sft")
    // What the host's loss type is makes no difference to the plugin.
    let both = try steps("dft") { $0.sft.lossType = .dft }
    for step in plugin.indices {
      #expect(distance(host[step].gradient, plugin[step].gradient) < 1e-6)
      #expect(distance(plugin[step].gradient, both[step].gradient) < 1e-6)
      #expect(distance(nll[step].gradient, plugin[step].gradient) > 0.1)
    }
  }
}
