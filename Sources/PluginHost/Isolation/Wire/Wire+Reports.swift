import Components

// What a strategy is told of a step, and what it answers.

extension StepKind: WireValue {}
extension ExampleSlot: WireValue {}
extension SequenceKind: WireValue {}
extension TokenKind: WireValue {}
extension PromptRoute.Demonstration: WireValue {}

extension SFTReport: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(loss)
    writer.value(nll)
    writer.value(nllVariance)
    writer.value(gradNorm)
    writer.value(entropy)
    writer.value(meanTokenAccuracy)
    writer.value(tokens)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      loss: try reader.value(),
      nll: try reader.value(),
      nllVariance: try reader.value(),
      gradNorm: try reader.value(),
      entropy: try reader.value(),
      meanTokenAccuracy: try reader.value(),
      tokens: try reader.value()
    )
  }
}

extension RLReport: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(loss)
    writer.value(gradNorm)
    writer.value(kl)
    writer.value(entropy)
    writer.value(rewardMean)
    writer.value(rewardStd)
    writer.value(successRate)
    writer.value(advantageMean)
    writer.value(advantageVariance)
    writer.value(fracRewardZeroStd)
    writer.value(completionLength)
    writer.value(tokens)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      loss: try reader.value(),
      gradNorm: try reader.value(),
      kl: try reader.value(),
      entropy: try reader.value(),
      rewardMean: try reader.value(),
      rewardStd: try reader.value(),
      successRate: try reader.value(),
      advantageMean: try reader.value(),
      advantageVariance: try reader.value(),
      fracRewardZeroStd: try reader.value(),
      completionLength: try reader.value(),
      tokens: try reader.value()
    )
  }
}

extension EvaluationSummary: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(step)
    writer.value(accuracy)
    writer.value(low)
    writer.value(high)
    writer.value(count)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      step: try reader.value(),
      accuracy: try reader.value(),
      low: try reader.value(),
      high: try reader.value(),
      count: try reader.value()
    )
  }
}

extension StepReport: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(step)
    writer.value(kind)
    writer.value(sft)
    writer.value(rl)
    writer.value(probe)
    writer.value(gradNorm)
    writer.value(gradientCosine)
    writer.value(learningRate)
    writer.value(totalTokens)
    writer.value(evaluation)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      step: try reader.value(),
      kind: try reader.value(),
      sft: try reader.value(),
      rl: try reader.value(),
      probe: try reader.value(),
      gradNorm: try reader.value(),
      gradientCosine: try reader.value(),
      learningRate: try reader.value(),
      totalTokens: try reader.value(),
      evaluation: try reader.value()
    )
  }
}

extension Diagnostic: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(name)
    writer.value(value)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      try reader.value(),
      try reader.value()
    )
  }
}
