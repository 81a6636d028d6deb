import Testing

@testable import Training

@Suite("Learning-rate schedules")
struct LearningRateScheduleTests {
  private struct Case: Decodable {
    var type: String
    var warmupSteps: Int
    var totalSteps: Int
    var factors: [Double]
  }

  @Test("every step against transformers' get_scheduler")
  func parity() throws {
    let cases: [Case] = try LossFixture.load("schedules.json")
    #expect(cases.count == 24)
    for item in cases {
      let schedule = LearningRateSchedule(
        try #require(LRSchedulerType(rawValue: item.type)),
        warmupSteps: item.warmupSteps,
        totalSteps: item.totalSteps
      )
      for (step, factor) in item.factors.enumerated() {
        #expect(abs(schedule.factor(at: step) - factor) < 1e-15, "\(schedule) at \(step)")
      }
    }
  }

  @Test("by hand")
  func byHand() {
    let linear = LearningRateSchedule(.linear, warmupSteps: 2, totalSteps: 6)
    #expect((0..<8).map(linear.factor) == [0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0])
    let cosine = LearningRateSchedule(.cosine, totalSteps: 4)
    #expect(abs(cosine.factor(at: 2) - 0.5) < 1e-15)
    #expect(LearningRateSchedule(.constant, warmupSteps: 5, totalSteps: 6).factor(at: 0) == 1)
    let rising = LearningRateSchedule(.constantWithWarmup, warmupSteps: 4, totalSteps: 6)
    #expect((0..<6).map(rising.factor) == [0, 0.25, 0.5, 0.75, 1, 1])
  }
}
