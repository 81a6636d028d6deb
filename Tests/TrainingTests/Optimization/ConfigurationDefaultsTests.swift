import Testing

@testable import Training

/// TRL's defaults, as `GRPOConfig` and `SFTConfig` of TRL 1.16.0 state them.
private struct Defaults: Decodable {
  struct Shared: Decodable {
    var seed: UInt64
    var maxSteps: Int
    var numTrainEpochs: Double
    var lrSchedulerType: String
    var warmupSteps: Int
    var adamBeta1: Double
    var adamBeta2: Double
    var adamEpsilon: Double
    var weightDecay: Double
    var maxGradNorm: Double
    var loggingSteps: Int
    var saveSteps: Int
  }
  struct GRPO: Decodable {
    var learningRate: Double
    var perDeviceTrainBatchSize: Int
    var gradientAccumulationSteps: Int
    var numGenerations: Int
    var numIterations: Int
    var maxCompletionLength: Int
    var temperature: Double
    var topP: Double
    var topK: Int
    var minP: Double?
    var repetitionPenalty: Double
    var beta: Double
    var epsilon: Double
    var epsilonHigh: Double?
    var delta: Double?
    var lossType: String
    var importanceSamplingLevel: String
    var scaleRewards: String
    var multiObjectiveAggregation: String
    var maskTruncatedCompletions: Bool
    var useBiasCorrectionKl: Bool
    var shuffleDataset: Bool
  }
  struct SFT: Decodable {
    var learningRate: Double
    var perDeviceTrainBatchSize: Int
    var gradientAccumulationSteps: Int
    var maxLength: Int
    var lossType: String
    var completionOnlyLoss: Bool?
  }
  var shared: Shared
  var grpo: GRPO
  var sft: SFT
}

@Suite("Defaults against TRL's")
struct ConfigurationDefaultsTests {
  @Test("keys of both parts, AdamW's among them")
  func shared() throws {
    let theirs: Defaults.Shared = try LossFixture.load("defaults.json", as: Defaults.self).shared
    let mine = TrainingConfiguration()
    #expect(mine.seed == theirs.seed)
    #expect(mine.maxSteps == theirs.maxSteps)
    #expect(mine.numTrainEpochs == theirs.numTrainEpochs)
    #expect(mine.lrSchedulerType.rawValue == theirs.lrSchedulerType)
    #expect(mine.warmupSteps == theirs.warmupSteps)
    #expect(mine.adamBeta1 == theirs.adamBeta1)
    #expect(mine.adamBeta2 == theirs.adamBeta2)
    #expect(mine.adamEpsilon == theirs.adamEpsilon)
    #expect(mine.weightDecay == theirs.weightDecay)
    #expect(mine.maxGradNorm == theirs.maxGradNorm)
    #expect(mine.loggingSteps == theirs.loggingSteps)
    #expect(mine.saveSteps == theirs.saveSteps)
  }

  @Test("keys of the RL part")
  func grpo() throws {
    let defaults: Defaults = try LossFixture.load("defaults.json")
    let theirs = defaults.grpo
    let mine = GRPOConfiguration()
    #expect(mine.learningRate == theirs.learningRate)
    #expect(mine.perDeviceTrainBatchSize == theirs.perDeviceTrainBatchSize)
    #expect(mine.gradientAccumulationSteps == theirs.gradientAccumulationSteps)
    #expect(mine.numGenerations == theirs.numGenerations)
    #expect(mine.numIterations == theirs.numIterations)
    #expect(mine.maxCompletionLength == theirs.maxCompletionLength)
    #expect(mine.temperature == theirs.temperature)
    #expect(mine.topP == theirs.topP)
    #expect(mine.topK == theirs.topK)
    #expect(mine.minP == theirs.minP)
    #expect(mine.repetitionPenalty == theirs.repetitionPenalty)
    #expect(mine.beta == theirs.beta)
    #expect(mine.epsilon == theirs.epsilon)
    #expect(mine.epsilonHigh == theirs.epsilonHigh)
    #expect(mine.delta == theirs.delta)
    #expect(mine.lossType.rawValue == theirs.lossType)
    #expect(mine.importanceSamplingLevel.rawValue == theirs.importanceSamplingLevel)
    #expect(mine.scaleRewards.rawValue == theirs.scaleRewards)
    #expect(mine.multiObjectiveAggregation.rawValue == theirs.multiObjectiveAggregation)
    #expect(mine.maskTruncatedCompletions == theirs.maskTruncatedCompletions)
    #expect(mine.useBiasCorrectionKL == theirs.useBiasCorrectionKl)
    #expect(TrainingConfiguration().shuffleDataset == theirs.shuffleDataset)
  }

  @Test("keys of the SFT part")
  func sft() throws {
    let defaults: Defaults = try LossFixture.load("defaults.json")
    let theirs = defaults.sft
    let mine = SFTConfiguration()
    #expect(mine.learningRate == theirs.learningRate)
    #expect(mine.perDeviceTrainBatchSize == theirs.perDeviceTrainBatchSize)
    #expect(mine.gradientAccumulationSteps == theirs.gradientAccumulationSteps)
    #expect(mine.maxLength == theirs.maxLength)
    #expect(mine.lossType.rawValue == theirs.lossType)
    #expect(mine.completionOnlyLoss == theirs.completionOnlyLoss)
  }
}
