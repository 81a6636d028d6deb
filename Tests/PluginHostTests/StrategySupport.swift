import Components

func context(step: Int = 0, horizon: Int = 10, history: [StepReport] = []) -> StepContext {
  StepContext(
    step: step,
    horizon: horizon,
    measurements: 6,
    seed: (1 << 63) + 5,
    uniform: { Double($0) / 16 },
    sftSteps: 21,
    rlSteps: 22,
    history: history
  )
}

func shapeRequest(groupSize: Int = 8) -> RolloutShapeRequest {
  RolloutShapeRequest(
    step: 4,
    prompt: 2,
    exampleID: 1,
    groupSize: groupSize,
    demonstration: [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    stepBoundaries: [0, 4, 11],
    rewards: groupSize == 1 ? [] : [3, nil],
    uniform: { $0 == 3 ? 0.75 : 0 }
  )
}

/// A report in which every number is another one, from `base` up.
func report(_ base: Double, parts: Bool = true) -> StepReport {
  func sft(_ base: Double) -> SFTReport {
    SFTReport(
      loss: base,
      nll: base + 1,
      nllVariance: base + 2,
      gradNorm: base + 3,
      entropy: base + 4,
      meanTokenAccuracy: base + 5,
      tokens: Int(base) + 6
    )
  }
  return StepReport(
    step: Int(base),
    kind: .both,
    sft: parts ? sft(base + 10) : nil,
    rl: parts
      ? RLReport(
        loss: base + 30,
        gradNorm: base + 31,
        kl: base + 32,
        entropy: base + 33,
        rewardMean: base + 34,
        rewardStd: base + 35,
        successRate: base + 36,
        advantageMean: base + 37,
        advantageVariance: base + 38,
        fracRewardZeroStd: base + 39,
        completionLength: base + 40,
        tokens: Int(base) + 41
      ) : nil,
    probe: parts ? sft(base + 20) : nil,
    gradNorm: base + 1.5,
    gradientCosine: base + 2.5,
    learningRate: base + 3.5,
    totalTokens: Int(base) + 4,
    evaluation: parts
      ? EvaluationSummary(
        step: Int(base) + 50,
        accuracy: base + 51,
        low: base + 52,
        high: base + 53,
        count: Int(base) + 54
      ) : nil
  )
}

/// The numbers of `report(base)` in the order in which the fixtures give them back: head, SFT, probe, RL, evaluation.
func expectedNumbers(_ base: Double) -> [Double] {
  let head: [Double] = [0, 3, 1.5, 2.5, 3.5, 4]
  var numbers = head.map { base + $0 }
  numbers[1] = 3
  for range in [10...16, 20...26, 30...41, 50...54] {
    for offset in range { numbers.append(base + Double(offset)) }
  }
  return numbers
}
