import Components
import PluginHost

extension CheckedComponent {
  /// A component that is alive, with what a run would ask of it.
  final class Live {
    let component: CheckedComponent
    let part: AnyObject

    init(_ component: CheckedComponent, _ part: AnyObject) {
      self.component = component
      self.part = part
    }

    /// Asks what a run asks and gives all answers as text, one a line: equal components give equal text.
    ///
    /// - Parameter amount: 1 for a short look; more items, rows or steps with more.
    func answers(amount: Int = 8) throws -> String {
      switch part {
      case let reward as any RewardFunction:
        let material = try component.material(reward)
        let batches = [material.plain, material.varied(4 * amount)]
        return try batches.map { batch in
          let answers = try reward.answers(batch)
          return zip(try reward.score(batch), answers).map { "\($0.text) \($1 ?? "-")" }
            .joined(separator: "\n")
        }.joined(separator: "\n")
      case let dataset as any Dataset:
        let count = min(dataset.count ?? .max, 25 * amount)
        return try dataset.examples(in: 0..<count).map(\.text).joined(separator: "\n")
      case let strategy as any MixingStrategy:
        var run = SimulatedRun(strategy)
        _ = try run.run(8 * amount)
        return run.trace.joined(separator: "\n")
      default: return ""
      }
    }
  }

  /// A new component that is ready for calls.
  func live(
    _ parameters: ParameterValue? = nil,
    services: HostServices = .forChecks
  ) throws -> Live {
    note("bringing the component to life")
    return Live(self, try load(parameters, services: services))
  }
}

extension RewardOutcome {
  /// The outcome with every bit of its score.
  var text: String {
    switch self {
    case .score(let score): return score.description
    case .abstained: return "abstained"
    }
  }
}

extension Example {
  /// The row with every bit of it, on one line.
  var text: String {
    BatchFile.text([
      RewardBatch(
        step: 0,
        seed: 0,
        items: [
          RewardItem(
            id: 0,
            example: self,
            promptText: "",
            completion: "",
            completionWithSpecialTokens: "",
            completionIDs: [],
            truncated: false
          )
        ]
      )
    ]).trimmed
  }
}

extension StepPlan {
  /// The plan with every bit of its numbers, on one line.
  var text: String {
    let numbers = [sftWeight, rlWeight, learningRateFactor, maxGradNorm ?? .nan]
    let ids = exampleIDs.map(String.init).joined(separator: ",")
    let diagnostics = diagnostics.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
    return [
      kind.name, numbers.map(\.description).joined(separator: ","), "\(samplesPerPrompt ?? 0)",
      "\(optimizerSlot)", ids, difficulty.map { "\($0)" } ?? "", "\(snapshotReference)",
      reason.debugDescription, diagnostics,
    ].joined(separator: " ")
  }
}
