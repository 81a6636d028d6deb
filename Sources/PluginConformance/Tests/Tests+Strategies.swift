package import Components
import PluginHost

extension ConformanceTest {
  /// Plans and the answers of hooks.
  static let strategies: [ConformanceTest] = [
    ConformanceTest(
      id: "strategy.plans",
      kinds: [.strategy],
      summary:
        "Every plan and every hook's answer in a simulated run of 300 steps is valid and finite.",
      limit: 60
    ) { component in
      var run = SimulatedRun(try component.strategy())
      for start in stride(from: 0, to: 300, by: 10) {
        component.note("simulating the steps from \(start)")
        do {
          _ = try run.run(10)
        } catch let error as PluginError {
          throw CheckEnd.failed(
            "step \(run.step): \(error.hook.map { "\($0): " } ?? "")\(error.message)",
            cure: error.cure ?? "answer a valid plan"
          )
        } catch let error as SimulatedRun.Loop {
          throw CheckEnd.failed(error.description, cure: "measure once, then decide")
        }
      }
    },
    ConformanceTest(
      id: "strategy.needs",
      kinds: [.strategy],
      summary: "Plans use nothing that the strategy does not declare to need."
    ) { component in
      let strategy = try component.strategy()
      let needs = strategy.requirements
      var run = SimulatedRun(strategy)
      let plans = try run.run(200)
      func require(_ need: StrategyRequirements, _ name: String, _ isUsed: Bool) throws {
        guard isUsed, !needs.contains(need) else { return }
        throw CheckEnd.failed(
          "a plan uses what '\(name)' stands for, and neither manifest nor requirements list it",
          cure: "add it to needs"
        )
      }
      try require(
        .demonstrations,
        "demonstrations",
        plans.contains { ($0.kind == .sft || $0.kind == .both) && !$0.imitatesPrompts }
      )
      try require(.prompts, "prompts", plans.contains { $0.imitatesPrompts })
      try require(.prompts, "prompts", plans.contains { $0.kind == .rl || $0.kind == .both })
      try require(.probe, "probe", plans.contains { $0.kind == .measure })
    },
    ConformanceTest(
      id: "strategy.odd-numbers",
      kinds: [.strategy],
      summary: "Reports with NaN, infinity, zeros and huge numbers lead to valid plans or a reason."
    ) { component in
      var refusals: [String] = []
      for value in [Double.nan, .infinity, -.infinity, 0, 1e300, -1] {
        component.note("simulating a run whose numbers are \(value)")
        var run = SimulatedRun(try component.strategy())
        run.distort = { $0.replaceNumbers(with: value) }
        do {
          _ = try run.run(60)
        } catch let error as PluginError {
          guard case .refused = error.problem, !error.message.utf8Contains("without a message")
          else {
            throw CheckEnd.failed(
              "with \(value) everywhere, at step \(run.step): \(error.message)",
              cure: error.cure ?? "refuse such a report with a reason, or look past it"
            )
          }
          refusals.append("\(value): \(error.message)")
        }
      }
      if let first = refusals.first { throw CheckEnd.passed("refused with a reason: \(first)") }
    },
    ConformanceTest(
      id: "strategy.resume",
      kinds: [.strategy],
      summary: "A run that is resumed decides as one that was never stopped."
    ) { component in
      for stop in [1, 7, 40] {
        let whole = try component.strategy()
        var run = SimulatedRun(whole)
        _ = try run.run(stop)
        component.note("saving after \(stop) steps")
        let saved = try whole.saveState()
        guard try whole.saveState() == saved else {
          throw CheckEnd.failed(
            "saving twice gives other bytes",
            cure: "saving must change nothing"
          )
        }
        let resumed = try component.strategy()
        component.note("loading what was saved after \(stop) steps")
        try component.expect { try resumed.loadState(saved) }
        var other = run.continued(by: resumed)
        let past = run.trace.count
        _ = try run.run(40)
        _ = try other.run(40)
        for (index, pair) in zip(run.trace, other.trace).enumerated() where pair.0 != pair.1 {
          throw CheckEnd.failed(
            "saved after \(stop) steps and loaded, decision \(index - past) from there is \(pair.1), "
              + "without it is \(pair.0)",
            cure: "save all that decisions depend on, and draw from context->uniform alone"
          )
        }
        guard try whole.saveState() == resumed.saveState() else {
          throw CheckEnd.failed(
            "40 steps after \(stop), the resumed strategy saves other bytes",
            cure: "save all that it remembers"
          )
        }
      }
    },
  ]
}

extension StepReport {
  /// Puts one number in the place of all that were measured.
  package mutating func replaceNumbers(with value: Double) {
    func replace(_ report: inout SFTReport) {
      report.loss = value
      report.nll = value
      report.nllVariance = value
      report.gradNorm = value
      report.entropy = value
      report.meanTokenAccuracy = value
    }
    if var report = sft {
      replace(&report)
      sft = report
    }
    if var report = probe {
      replace(&report)
      probe = report
    }
    if var report = rl {
      report.loss = value
      report.gradNorm = value
      report.kl = value
      report.entropy = value
      report.rewardMean = value
      report.rewardStd = value
      report.successRate = value
      report.advantageMean = value
      report.advantageVariance = value
      report.completionLength = value
      rl = report
    }
    gradNorm = value
    gradientCosine = value
  }
}

extension StepPlan {
  /// Whether its rows are named ones of the prompts, with their demonstrations.
  fileprivate var imitatesPrompts: Bool { !exampleIDs.isEmpty && exampleSlot == .prompts }
}
