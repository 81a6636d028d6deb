import Glibc

/// The supervised losses over one accumulation window, with their exact gradient.
///
///     nll   -w log p / items            dft   -w sg(p) log p / items        (arXiv 2508.05629)
///
/// `items` counts the trained tokens of the whole window, so that the window's loss and gradient do not depend on how it is cut
/// into micro-batches (a mean of micro-batch means would). Weights `w` do not enter the count. Source: TRL 1.16.0,
/// `SFTTrainer.compute_loss`. Everything is accumulated in Double, in the tokens' order.
///
/// - Complexity: O(N).
public struct SFTLoss: Sendable, Equatable {
  /// The token loss.
  public var lossType: SFTConfiguration.LossType

  /// Creates a loss.
  public init(_ lossType: SFTConfiguration.LossType = .nll) { self.lossType = lossType }

  /// The loss of a window, or of one micro-batch of it, and its gradient with respect to every log p.
  ///
  /// - Parameters:
  ///   - logProbs: log p of each target token; [N], nats.
  ///   - sequences: which tokens are trained, ascending and disjoint.
  ///   - itemsInWindow: trained tokens of the whole window; `nil`: those of `sequences`.
  ///   - isArgmax: whether each target is the policy's likeliest token; [N].
  ///   - entropies: entropy at each token, nats; [N].
  /// - Precondition: array lengths agree.
  public func evaluate(
    logProbs: [Float],
    sequences: [TrainedSequence],
    itemsInWindow: Int? = nil,
    isArgmax: [Bool]? = nil,
    entropies: [Float]? = nil
  ) -> SFTLossResult {
    precondition(
      isArgmax.map { $0.count == logProbs.count } ?? true
        && entropies.map { $0.count == logProbs.count } ?? true,
      "isArgmax and entropies must have \(logProbs.count) values, one for each token"
    )
    TrainedSequence.check(sequences, tokens: logProbs.count)
    let items = itemsInWindow ?? sequences.reduce(0) { $0 + $1.trainedTokens }
    // At least 1: a window without a trained token has loss 0, not 0 / 0.
    let scale = 1 / Double(max(items, 1))

    var loss = 0.0
    var coefficients = [Float](repeating: 0, count: logProbs.count)
    var metrics = SFTMetrics(hasAccuracy: isArgmax != nil, hasEntropy: entropies != nil)
    for sequence in sequences where !sequence.isMaskedOut {
      for token in sequence.tokens {
        let logProb = Double(logProbs[token])
        let slope: Double =
          switch lossType {
          case .nll: -1
          case .dft: -exp(logProb)
          }
        let coefficient = sequence.weight * slope * scale
        loss += coefficient * logProb
        coefficients[token] = Float(coefficient)
        metrics.add(nll: -logProb)
        if let isArgmax { metrics.accuracy?.add(isArgmax[token] ? 1 : 0) }
        if let entropies { metrics.entropy?.add(Double(entropies[token])) }
      }
    }
    return SFTLossResult(loss: loss, coefficients: coefficients, metrics: metrics)
  }
}

/// What `SFTLoss` answers.
public struct SFTLossResult: Sendable, Equatable {
  /// The loss, divided by the window's count of items; the window's loss is the sum over its micro-batches.
  public var loss: Double
  /// d(loss)/d(log p) of each token; [N], 0 outside trained sequences.
  public var coefficients: [Float]
  /// TRL's metrics, and the likelihood's moments.
  public var metrics: SFTMetrics
}

/// Metrics of the supervised part, kept as moments, so that micro-batches can be merged into those of the whole window.
public struct SFTMetrics: Sendable, Equatable {
  /// Trained tokens.
  public private(set) var tokens = 0
  var accuracy: Tally?
  var entropy: Tally?
  private var mean = 0.0
  private var squares = 0.0

  init(hasAccuracy: Bool, hasEntropy: Bool) {
    accuracy = hasAccuracy ? Tally() : nil
    entropy = hasEntropy ? Tally() : nil
  }

  /// Mean negative log-likelihood per trained token, nats, without weights; 0 over no token.
  public var nll: Double { mean }
  /// Variance of the tokens' negative log-likelihoods around their mean (divided by their number).
  public var nllVariance: Double { tokens > 0 ? squares / Double(tokens) : 0 }
  /// `mean_token_accuracy`: share of tokens that are the policy's likeliest; `nil` where that was not given.
  public var meanTokenAccuracy: Double? { accuracy?.mean }
  /// `entropy`: mean over tokens, nats; `nil` where it was not given.
  public var entropyMean: Double? { entropy?.mean }

  /// Adds a token, by Welford's update: sums of squares lose all digits where the variance is small.
  mutating func add(nll: Double) {
    tokens += 1
    let step = nll - mean
    mean += step / Double(tokens)
    squares += step * (nll - mean)
  }

  /// Adds another micro-batch's (Chan's update), giving what one batch of both would have given.
  public mutating func merge(_ other: SFTMetrics) {
    if let tally = other.accuracy { accuracy = accuracy ?? Tally(); accuracy?.merge(tally) }
    if let tally = other.entropy { entropy = entropy ?? Tally(); entropy?.merge(tally) }
    guard other.tokens > 0 else { return }
    let total = tokens + other.tokens
    let step = other.mean - mean
    squares +=
      other.squares + step * step * Double(tokens) * Double(other.tokens) / Double(total)
    mean += step * Double(other.tokens) / Double(total)
    tokens = total
  }
}
