import Components

// The requests of a strategy's hooks after the rollouts, and the answers.

extension RolloutShape: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(prefixLengths)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      prefixLengths: try reader.value()
    )
  }
}

extension PromptGroup: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(exampleID)
    writer.value(rewards)
    writer.value(succeeded)
    writer.value(hasDemonstration)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      exampleID: try reader.value(),
      rewards: try reader.value(),
      succeeded: try reader.value(),
      hasDemonstration: try reader.value()
    )
  }
}

extension RouteRequest: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(step)
    writer.value(prompts)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      step: try reader.value(),
      prompts: try reader.value()
    )
  }
}

extension PromptRoute: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(keepRollouts)
    writer.value(demonstration)
    writer.value(demonstrationReward)
    writer.value(weight)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      keepRollouts: try reader.value(),
      demonstration: try reader.value(),
      demonstrationReward: try reader.value(),
      weight: try reader.value()
    )
  }
}

extension AdvantageRequest: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(step)
    writer.value(rewards)
    writer.value(group)
    writer.value(isDemonstration)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      step: try reader.value(),
      rewards: try reader.value(),
      group: try reader.value(),
      isDemonstration: try reader.value()
    )
  }
}

extension SequenceStatistics: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(kind)
    writer.value(group)
    writer.value(tokens)
    writer.value(nll)
    writer.value(entropy)
    writer.value(advantage)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      kind: try reader.value(),
      group: try reader.value(),
      tokens: try reader.value(),
      nll: try reader.value(),
      entropy: try reader.value(),
      advantage: try reader.value()
    )
  }
}

extension StepStatistics: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(step)
    writer.value(sequences)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      step: try reader.value(),
      sequences: try reader.value()
    )
  }
}

extension StepWeights: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(sftWeight)
    writer.value(rlWeight)
    writer.value(sequenceWeights)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      sftWeight: try reader.value(),
      rlWeight: try reader.value(),
      sequenceWeights: try reader.value()
    )
  }
}

extension TokenWeightRequest: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(step)
    writer.value(sequenceStarts)
    writer.value(sequenceKinds)
    writer.value(logProbs)
    writer.value(oldLogProbs)
    writer.value(entropies)
    writer.value(advantages)
    writer.value(kinds)
    writer.value(coefficients)
    writer.value(scales)
    writer.value(klCoefficients)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      step: try reader.value(),
      sequenceStarts: try reader.value(),
      sequenceKinds: try reader.value(),
      logProbs: try reader.value(),
      oldLogProbs: try reader.value(),
      entropies: try reader.value(),
      advantages: try reader.value(),
      kinds: try reader.value(),
      coefficients: try reader.value(),
      scales: try reader.value(),
      klCoefficients: try reader.value()
    )
  }
}

extension RewardDescription: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(name)
    writer.value(minimum)
    writer.value(maximum)
    writer.value(successThreshold)
    writer.value(requiredColumns)
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(
      name: try reader.value(),
      minimum: try reader.value(),
      maximum: try reader.value(),
      successThreshold: try reader.value(),
      requiredColumns: try reader.value()
    )
  }
}
