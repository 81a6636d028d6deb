import Components
import Foundation
import RunStore
import Testing

@testable import Training

@Suite("The gradients of the objectives are measured apart")
struct GradientPartsTests {
  private func run(_ plan: StepPlan, measured: Bool = true, beta: Double = 0.3) -> TinyRun {
    var run = TinyRun(FakeStrategy([]) { _ in plan })
    run.configuration.maxSteps = 3
    run.configuration.grpo.beta = beta
    run.configuration.logGradientParts = measured
    return run
  }

  private func metrics(_ run: TinyRun) throws -> (rows: [[String: Double]], weights: [Float]) {
    let (trainer, model) = try run.trainer()
    _ = try trainer.train()
    let records = try trainer.run.records(in: .metrics)
    let rows = records.map { record in
      Dictionary(
        record.fields.compactMap { field in field.value.number.map { (field.name, $0) } },
        uniquingKeysWith: { $1 }
      )
    }
    return (rows, values(of: model))
  }

  private func isClose(_ a: Double?, _ b: Double?, _ tolerance: Double = 1e-5) -> Bool {
    guard let a, let b else { return false }
    return abs(a - b) <= tolerance * max(1, abs(b))
  }

  @Test("a step of both has the norms that the parts have, and measuring changes no bit")
  func both() throws {
    let plan = StepPlan(.both, sftWeight: 0.7, rlWeight: 0.4)
    let (measured, plain) = (run(plan), run(plan, measured: false))
    defer { for run in [measured, plain] { run.remove() } }
    let (rows, weights) = try metrics(measured)
    let (others, plainWeights) = try metrics(plain)
    #expect(weights == plainWeights)
    #expect(others.allSatisfy { $0["gradients/sft"] == nil })
    // The second step's policy has left the reference, so that KL pulls.
    let row = rows[2]
    let (sft, surrogate, kl) = (
      try #require(row["gradients/sft"]), try #require(row["gradients/surrogate"]),
      try #require(row["gradients/kl"])
    )
    #expect(sft > 0 && surrogate > 0 && kl > 0)
    let cosines = ["sft_surrogate", "sft_kl", "surrogate_kl"].map { row["gradients/cosine_\($0)"] }
    #expect(cosines.allSatisfy { $0.map { abs($0) <= 1 && $0 != 0 } ?? false })
    // The law of cosines ties the parts to their sums.
    let cosine = try #require(cosines[2])
    let rl = (surrogate * surrogate + kl * kl + 2 * surrogate * kl * cosine).squareRoot()
    #expect(isClose(row["gradients/rl"], rl))
    let (a, b) = (0.7 * sft, 0.4 * rl)
    let cross = 2 * 0.7 * 0.4 * sft * (surrogate * cosines[0]! + kl * cosines[1]!)
    #expect(isClose(row["grad_norm"], (a * a + b * b + cross).squareRoot(), 1e-4))
  }

  @Test("a step of one part has that part's norm", arguments: [StepKind.sft, .rl])
  func single(kind: StepKind) throws {
    let run = run(StepPlan(kind), beta: 0)
    defer { run.remove() }
    for row in try metrics(run).rows {
      #expect(isClose(row["gradients/\(kind.name)"], row["grad_norm"]))
      #expect(row["gradients/kl"] == nil)
    }
  }
}
