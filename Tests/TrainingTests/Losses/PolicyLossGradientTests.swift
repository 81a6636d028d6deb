import Foundation
import Testing

@testable import Training

/// The coefficients are derivatives of the loss itself: no reference implementation is asked.
@Suite("Policy loss: gradient by finite differences")
struct PolicyLossGradientTests {
  /// A configuration to differentiate.
  struct Setting: CustomTestStringConvertible {
    var configuration: GRPOConfiguration
    var hasOld: Bool
    var perToken: Bool
    var testDescription: String {
      let c = configuration
      return "\(c.lossType) \(c.importanceSamplingLevel) beta \(c.beta) "
        + "corrected \(c.useBiasCorrectionKL) delta \(c.delta ?? .infinity) old \(hasOld) "
        + "per token \(perToken)"
    }
  }

  static let settings: [Setting] = {
    var settings: [Setting] = []
    for type in GRPOConfiguration.LossType.allCases {
      for level in GRPOConfiguration.ImportanceSamplingLevel.allCases {
        for (beta, corrected) in [(0.0, true), (0.1, true), (0.1, false)] {
          for delta in [nil, 1.3] where type != .cispo || delta == nil {
            for perToken in [false, true] {
              var configuration = GRPOConfiguration()
              configuration.lossType = type
              configuration.importanceSamplingLevel = level
              configuration.beta = beta
              configuration.useBiasCorrectionKL = corrected
              configuration.delta = delta
              configuration.epsilon = 0.15
              configuration.epsilonHigh = type == .cispo ? 1.2 : 0.25
              configuration.maxCompletionLength = 9
              settings.append(
                Setting(configuration: configuration, hasOld: true, perToken: perToken)
              )
            }
          }
        }
      }
    }
    return settings
  }()

  @Test("every configuration, with old log-probs", arguments: settings)
  func withOldLogProbs(setting: Setting) {
    let loss = PolicyLoss(setting.configuration)
    var checked = 0
    for seed in 1...4 {
      let batch = Self.randomBatch(seed: UInt64(seed), perToken: setting.perToken)
      if !Self.isAwayFromKinks(batch, setting.configuration) { continue }
      checked += 1
      let normalizer = PolicyNormalizer(
        itemsInBatch: 60,
        accumulationSteps: 2,
        stepsPerGeneration: 4
      )
      let result = loss.evaluate(batch, normalizer: normalizer)
      // cispo's weight is detached, so the loss is differentiated with the weights of the point itself held: its surrogate is
      // -w A lp, and in difference quotients of the whole loss w would move. The sum of A w moves out by hand.
      if setting.configuration.lossType == .cispo {
        Self.expectCISPO(batch, setting.configuration, normalizer, result)
        continue
      }
      for token in batch.logProbs.indices {
        let numeric = Self.derivative(at: token, of: batch) {
          loss.evaluate($0, normalizer: normalizer).loss
        }
        let exact = Double(result.coefficients[token])
        #expect(abs(numeric - exact) < 1e-6, "token \(token): \(numeric), \(exact)")
      }
    }
    #expect(checked >= 1, "no seed was away from the kinks")
  }

  /// With `old` absent the ratio is the constant 1 in value and moves in the gradient: so the gradient is that of `old` set
  /// to the log-probs, with `old` held.
  @Test("without old log-probs", arguments: settings.filter { !$0.perToken })
  func withoutOldLogProbs(setting: Setting) {
    var batch = Self.randomBatch(seed: 7, perToken: false)
    batch.oldLogProbs = nil
    var explicit = batch
    explicit.oldLogProbs = batch.logProbs
    let loss = PolicyLoss(setting.configuration)
    let normalizer = PolicyNormalizer(itemsInBatch: 60)
    let result = loss.evaluate(batch, normalizer: normalizer)
    #expect(result == loss.evaluate(explicit, normalizer: normalizer))
    guard setting.configuration.lossType != .cispo else { return }
    for token in batch.logProbs.indices {
      let numeric = Self.derivative(at: token, of: explicit) {
        loss.evaluate($0, normalizer: normalizer).loss
      }
      #expect(abs(numeric - Double(result.coefficients[token])) < 1e-6)
    }
  }

  // MARK: Helpers

  /// d(f)/d(lp) by central differences with one Richardson step. The steps are powers of two on values that Float holds
  /// exactly beside them, so that no difference is lost to rounding of the input.
  static func derivative(
    at token: Int,
    of batch: PolicyBatch,
    _ function: (PolicyBatch) -> Double
  ) -> Double {
    func quotient(_ step: Float) -> Double {
      var up = batch
      var down = batch
      up.logProbs[token] += step
      down.logProbs[token] -= step
      return (function(up) - function(down)) / (2 * Double(step))
    }
    let coarse = quotient(0x1p-9)
    let fine = quotient(0x1p-10)
    return (4 * fine - coarse) / 3
  }

  /// For cispo: -w A by hand for the surrogate, difference quotients for the KL part.
  static func expectCISPO(
    _ batch: PolicyBatch,
    _ configuration: GRPOConfiguration,
    _ normalizer: PolicyNormalizer,
    _ result: PolicyLossResult
  ) {
    let divisor = 60.0 * 2 / 4
    for (index, sequence) in batch.sequences.enumerated() where !sequence.isMaskedOut {
      let ratios = Self.ratios(batch, sequence, configuration)
      for (token, ratio) in zip(sequence.tokens, ratios) {
        let advantage: Double
        switch batch.advantages {
        case .perSequence(let values): advantage = values[index]
        case .perToken(let values): advantage = Double(values[token])
        }
        let surrogate = -min(ratio, configuration.epsilonHigh!) * advantage * sequence.weight
        let kl = derivative(at: token, of: batch) {
          PolicyLoss(configuration).evaluate($0, normalizer: normalizer).klLoss
        }
        let difference = surrogate / divisor + kl - Double(result.coefficients[token])
        #expect(abs(difference) < 1e-6, "token \(token): off by \(difference)")
      }
    }
  }

  static func randomBatch(seed: UInt64, perToken: Bool) -> PolicyBatch {
    var generator = TestGenerator(seed: seed)
    func draw(_ range: ClosedRange<Double>) -> Float {
      Float((Double.random(in: range, using: &generator) * 1024).rounded() / 1024)
    }
    var sequences = packed([5, 1, 8, 3], masked: [3])
    sequences[0].weight = 0.5
    sequences[2].weight = 2
    let logProbs = (0..<17).map { _ in draw(-3.0 ... -0.05) }
    let old = logProbs.map { $0 + draw(-0.5...0.5) }
    let ref = logProbs.map { $0 + draw(-0.5...0.5) }
    return PolicyBatch(
      sequences: sequences,
      logProbs: logProbs,
      oldLogProbs: old,
      refLogProbs: ref,
      advantages: perToken
        ? .perToken((0..<17).map { _ in draw(-2...2) })
        : .perSequence((0..<4).map { _ in Double(draw(-2...2)) })
    )
  }

  static func ratios(
    _ batch: PolicyBatch,
    _ sequence: TrainedSequence,
    _ configuration: GRPOConfiguration
  ) -> [Double] {
    let logs = sequence.tokens.map { Double(batch.logProbs[$0]) - Double(batch.oldLogProbs![$0]) }
    guard configuration.importanceSamplingLevel == .sequence else { return logs.map { exp($0) } }
    let mean = logs.reduce(0, +) / Double(logs.count)
    return Array(repeating: exp(mean), count: logs.count)
  }

  /// Whether no ratio is so near a bound that a difference quotient would step over it.
  static func isAwayFromKinks(_ batch: PolicyBatch, _ configuration: GRPOConfiguration) -> Bool {
    let high = configuration.epsilonHigh!
    let kinks = [1 - configuration.epsilon, 1 + high, configuration.delta ?? 9, high]
    return batch.sequences.allSatisfy { sequence in
      ratios(batch, sequence, configuration).allSatisfy { ratio in
        kinks.allSatisfy { abs(ratio - $0) > 0.004 }
      }
    }
  }
}
