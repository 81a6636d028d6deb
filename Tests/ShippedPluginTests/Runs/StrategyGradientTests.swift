import Components
import Foundation
import Testing

@testable import Training

/// One step of each strategy, its gradient against one that is made here from the rule, a sequence at a time.
@Suite("A step trains what the rule says")
struct StrategyGradientTests {
  /// The largest difference that single precision leaves.
  static let tolerance = 2e-5

  /// Rewards with spread in every group, so that nothing is 0 by accident.
  private func run(_ name: String, _ parameters: ParameterValue = [:]) throws -> StrategyRun {
    try StrategyRun(name, parameters)
  }

  private func sequences(_ trainer: Trainer) throws -> [TrainingSequence] {
    try #require(trainer.state.generation).sequences
  }

  /// A row's demonstration as the trainer tokenises it.
  private func demonstration(_ trainer: Trainer, _ id: UInt64) throws -> TrainingSequence {
    try trainer.demonstration(StrategyRun.rows(24)[Int(id) - 1_000], slot: "prompts")
  }

  @Test(
    "hpt: dropped rollouts train nothing, their demonstrations are SFT",
    arguments: ["parts", "prompts"]
  )
  func hpt(normaliser: String) throws {
    let run: StrategyRun = try {
      var run = try self.run(
        "hpt",
        ["sft_coefficient": 0.5, "normaliser": .string(normaliser)]
      )
      // Rows with an even number never succeed, though their rewards differ.
      run.reward = { item in
        let score = Double(item.completionIDs.count { $0 % 2 == 1 }) / 16
        return score + (item.example.id % 2 == 0 ? 0 : 1)
      }
      run.threshold = 1
      return run
    }()
    defer { run.remove() }
    let trainer = try run.trained()
    let kept = try sequences(trainer)
    let failed = try #require(trainer.state.generation).routedDemonstrations.map(\.exampleID)
    #expect(!failed.isEmpty && failed.allSatisfy { $0 % 2 == 0 })
    #expect(kept.count == 16 - 4 * failed.count && kept.allSatisfy { $0.exampleID % 2 == 1 })

    let slow = try SlowGradient()
    let share = Double(failed.count) / 4
    let (sftWeight, rlWeight) =
      normaliser == "parts" ? (0.5, 1.0) : (0.5 * share, 1 - share)
    let sampled = Double(kept.reduce(0) { $0 + $1.sampledTokens })
    for sequence in kept { slow.add(sequence, all: -sequence.advantage * rlWeight / sampled) }
    let demonstrations = try failed.map { try demonstration(trainer, $0) }
    let shown = Double(demonstrations.reduce(0) { $0 + $1.trainedTokens })
    for sequence in demonstrations { slow.add(sequence, all: -sftWeight / shown) }
    #expect(relativeDifference(gradient(of: trainer.model), slow.gradient) < Self.tolerance)
    #expect(run.strategy.reports[0].kind == .both)
    #expect(run.strategy.reports[0].sft?.tokens == Int(shown))
    #expect(run.strategy.reports[0].rl?.tokens == Int(sampled))
  }

  @Test("superrl: a step of which every prompt failed is SFT alone, at the RL rate")
  func superRL() throws {
    var run = try run("superrl")
    run.reward = { _ in 0 }
    run.configuration.grpo.learningRate = 3e-4
    defer { run.remove() }
    let trainer = try run.trained()
    let slow = try SlowGradient()
    let rows = try #require(trainer.state.generation).routedDemonstrations
    #expect(try sequences(trainer).isEmpty && rows.count == 4)
    for row in rows { slow.add(try demonstration(trainer, row.exampleID), all: -1 / 28.0) }
    #expect(relativeDifference(gradient(of: trainer.model), slow.gradient) < Self.tolerance)
    #expect(run.strategy.reports[0].kind == .sft)
    #expect(run.strategy.reports[0].learningRate == 3e-4)
  }

  @Test(
    "luffy: the demonstration is in the group's advantages and has the shaped coefficient",
    arguments: [0, 0.05]
  )
  func luffy(beta: Double) throws {
    var run = try run("luffy")
    run.configuration.grpo.beta = beta
    defer { run.remove() }
    let trainer = try run.trained()
    let members = try sequences(trainer)
    #expect(members.count == 16)
    let request = try #require(run.strategy.advantageRequests.first)
    for group in 0..<4 {
      let places = request.group.indices.filter { request.group[$0] == group }
      #expect(places.count == 4)
      #expect(places.count { request.isDemonstration[$0] } == 1)
      // The host's rule over the union, demonstration included.
      let rewards = try places.map { try #require(request.rewards[$0]) }
      let mean = rewards.reduce(0, +) / 4
      let deviation = (rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3).squareRoot()
      let expected = rewards.map { ($0 - mean) / (deviation + 1e-4) }.sorted()
      let found = members.filter { $0.group == group }.map(\.advantage).sorted()
      for (a, b) in zip(expected, found) { #expect(abs(a - b) < 1e-12) }
    }
    let slow = try SlowGradient()
    let tokens = Double(members.reduce(0) { $0 + $1.trainedTokens })
    for sequence in members {
      let isDemonstration = sequence.kind == .scoredDemonstration
      if isDemonstration {
        let shown = try demonstration(trainer, sequence.exampleID)
        #expect(sequence.completion == shown.completion && sequence.prompt == shown.prompt)
        let odd = Double(sequence.completion.count { $0 % 2 == 1 }) / 8
        #expect(sequence.reward == odd, "the run's reward judges it")
      }
      let (logProbs, _) = slow.measure(sequence)
      slow.add(
        sequence,
        logProbs.map { logProb in
          let p = exp(Double(logProb))
          let slope = isDemonstration ? 0.1 * p / ((p + 0.1) * (p + 0.1)) : 1
          // The reference is the policy itself in the first step: KL and its slope are 0.
          return -sequence.advantage * slope / tokens
        }
      )
    }
    #expect(relativeDifference(gradient(of: trainer.model), slow.gradient) < Self.tolerance)
  }

  @Test("luffy: where a generation batch is used again there is no clip, and KL is kept")
  func luffyReuse() throws {
    var run = try run("luffy", ["demonstration_reward": 4.0])
    run.configuration.maxSteps = 2
    run.configuration.grpo.numIterations = 2
    run.configuration.grpo.beta = 0.3
    run.configuration.grpo.useBiasCorrectionKL = false
    // A step after which every ratio is far outside the clip.
    run.configuration.grpo.learningRate = 0.1
    defer { run.remove() }
    _ = try run.trained()
    let request = try #require(run.strategy.tokenRequests.last)
    let answer = try #require(try run.strategy.inner.tokenWeights(request))
    var shaped = 0
    for (index, kind) in request.sequenceKinds.enumerated() where kind == .scoredDemonstration {
      for token in request.sequenceStarts[index]..<request.sequenceStarts[index + 1] {
        let p = exp(Double(request.logProbs[token]))
        let expected =
          -Double(request.advantages[token]) * Double(request.scales[token]) * 0.1 * p
          / ((p + 0.1) * (p + 0.1)) + Double(request.klCoefficients[token])
        #expect(abs(Double(answer[token]) - expected) < 1e-7)
        #expect(request.klCoefficients[token] != 0)
        if request.coefficients[token] == request.klCoefficients[token], expected != 0 {
          shaped += 1
        }
      }
    }
    #expect(shaped > 0, "the host's own surrogate was clipped away somewhere, and luffy's is not")
  }

  @Test(
    "uft: hint tokens have beta times the mean NLL and no policy gradient",
    arguments: [0, 0.4]
  )
  func uft(beta: Double) throws {
    let run = try run("uft", ["beta": .double(beta), "high": 0.7, "low": 0.7])
    defer { run.remove() }
    let trainer = try run.trained()
    let members = try sequences(trainer)
    let sampled = Double(members.reduce(0) { $0 + $1.sampledTokens })
    let hints = Double(members.reduce(0) { $0 + $1.trainedHint })
    #expect(hints > 0 && members.count == 16)
    let slow = try SlowGradient()
    for sequence in members {
      let shown = try demonstration(trainer, sequence.exampleID).completion
      #expect(sequence.completion.starts(with: shown.prefix(sequence.hintLength)))
      #expect(sequence.sampledTokens > 0)
      let group = members.filter { $0.group == sequence.group }
      #expect(group.allSatisfy { $0.hintLength == sequence.hintLength })
      slow.add(
        sequence,
        Array(repeating: -beta / hints, count: sequence.trainedHint)
          + Array(repeating: -sequence.advantage / sampled, count: sequence.sampledTokens)
      )
    }
    #expect(relativeDifference(gradient(of: trainer.model), slow.gradient) < Self.tolerance)
    // Without a weight on the hints nothing is measured for them.
    #expect(run.strategy.tokenRequests.isEmpty == (beta == 0))
  }

  @Test("prefix-rft: one prefix a group, trained with its advantage where entropy is high")
  func prefixRFT() throws {
    let run = try run("prefix-rft", ["high": 0.8, "low": 0.8, "top_entropy": 0.4])
    defer { run.remove() }
    let trainer = try run.trained()
    let members = try sequences(trainer)
    let sampled = Double(members.reduce(0) { $0 + $1.sampledTokens })
    for group in 0..<4 {
      #expect(members.count { $0.group == group && $0.trainedHint > 0 } == 1)
    }
    let slow = try SlowGradient()
    for sequence in members {
      let (_, entropies) = slow.measure(sequence)
      let hint = sequence.trainedHint
      let kept = Int((0.4 * Double(hint)).rounded(.up))
      let bound = hint > 0 ? entropies.prefix(hint).sorted(by: >)[kept - 1] : 0
      slow.add(
        sequence,
        entropies.enumerated().map { token, entropy in
          token < hint && entropy < bound ? 0 : -sequence.advantage / sampled
        }
      )
    }
    #expect(relativeDifference(gradient(of: trainer.model), slow.gradient) < Self.tolerance)
  }

  @Test("trapo: micro-groups see the score so far; prefixes are imitated, whole ones too")
  func trapo() throws {
    var run = try run("trapo")
    run.configuration.grpo.numGenerations = 8
    run.configuration.grpo.perDeviceTrainBatchSize = 32
    // Rows with an odd number are always solved; the others now and then, and with their whole demonstration.
    run.reward = { item in
      if item.example.id % 2 == 1 || item.completion == item.example.completion?.plain { return 1 }
      return Double(item.completionIDs.count { $0 % 2 == 1 }) / 40
    }
    defer { run.remove() }
    let trainer = try run.trained()
    let members = try sequences(trainer)
    let sampled = Double(members.reduce(0) { $0 + $1.sampledTokens })
    let hints = Double(members.reduce(0) { $0 + $1.trainedHint })
    for group in 0..<4 {
      let lengths = members.filter { $0.group == group }.map(\.hintLength).sorted()
      let isSolved = members.first { $0.group == group }!.exampleID % 2 == 1
      #expect(lengths == (isSolved ? Array(repeating: 0, count: 8) : [0, 0, 0, 0, 1, 1, 3, 7]))
    }
    let whole = members.filter { $0.hintLength == 7 }
    #expect(!whole.isEmpty && whole.allSatisfy { $0.sampledTokens == 0 && $0.reward == 1 })
    let slow = try SlowGradient()
    for sequence in members {
      let (logProbs, _) = slow.measure(sequence)
      slow.add(
        sequence,
        logProbs.enumerated().map { token, logProb in
          let p = exp(Double(logProb))
          return token < sequence.trainedHint
            ? -p / max(p, 0.1) / hints : -sequence.advantage / sampled
        }
      )
    }
    #expect(relativeDifference(gradient(of: trainer.model), slow.gradient) < Self.tolerance)
  }
}
