import Foundation
import LanguageModels
import Tensors
import Testing

@testable import Training

/// Losses, gradient norms and optimizer steps of transformers and TRL on random checkpoints (`golden/models` beside the
/// checkout). Each test prints the largest difference that it saw.
@Suite("Parity with transformers and TRL", .enabled(if: Golden.isPresent, "no golden checkpoints"))
struct GoldenParityTests {
  @Test("SFT: loss and gradient norms of three accumulation windows", arguments: Golden.families)
  func supervised(family: String) throws {
    let golden = try Golden(family)
    let model = try golden.model()
    let optimizer = AdamWState(for: model.store)
    var largest = (loss: 0.0, norm: 0.0)
    for step in golden.file.sft.steps {
      let result = Objective(model: model, backend: model.backend).supervised(
        golden.file.sft.rows.map {
          .init(promptIDs: $0.prompt_ids, completionIDs: $0.completion_ids)
        },
        batchSize: 2
      )
      largest.loss = max(largest.loss, abs(result.loss - step.loss))
      largest.norm = max(largest.norm, difference(result, step.grad_norm_before_clipping))
      let settings = golden.file.sft.optimizer
      model.store.adamW(
        optimizer,
        options: AdamWOptions(
          learningRate: settings.lr,
          epsilon: settings.eps,
          weightDecay: settings.weight_decay
        ),
        gradientScale: min(1, settings.max_grad_norm / (result.gradNorm + 1e-6))
      )
    }
    print("\(family) SFT: largest loss difference \(largest.loss), relative norm \(largest.norm)")
    #expect(largest.loss <= 1e-5)
    #expect(largest.norm <= 1e-4)
    try compareParameters(model, golden)
  }

  @Test("GRPO: loss and gradient norms of every case", arguments: Golden.families)
  func policy(family: String) throws {
    let golden = try Golden(family)
    let model = try golden.model()
    var largest = (loss: 0.0, norm: 0.0)
    #expect(golden.file.grpo.count >= 18)
    for (name, entry) in golden.file.grpo.sorted(by: { $0.key < $1.key }) {
      let result = try Objective(model: model, backend: model.backend).policy(
        entry.micro_batches.map(\.input),
        configuration: entry.config.configuration
      )
      let expected = entry.micro_batches.reduce(0) { $0 + $1.loss }
      let loss = abs(result.loss - expected)
      let norm = difference(result, entry.micro_batches.last!.accumulated_grad_norms)
      #expect(loss <= 1e-5, "\(family) \(name): loss \(result.loss), TRL \(expected)")
      #expect(norm <= 1e-4, "\(family) \(name): gradient norms differ by \(norm)")
      largest = (max(largest.loss, loss), max(largest.norm, norm))
    }
    print(
      "\(family) GRPO, \(golden.file.grpo.count) cases: largest loss difference \(largest.loss), "
        + "relative norm \(largest.norm)"
    )
  }

  /// The largest relative difference of the global and of each parameter's norm. A norm that is nearly nothing (a key bias, to
  /// which softmax is blind) is compared with the global one.
  private func difference(_ result: Objective.Result, _ expected: Golden.Norms) -> Double {
    var largest = abs(result.gradNorm - expected.global) / max(expected.global, 1e-12)
    for (name, value) in expected.per_parameter {
      guard let own = result.perParameter[name] else { return .infinity }
      largest = max(largest, abs(own - value) / max(value, 1e-4 * expected.global))
    }
    return largest
  }

  /// Adam divides by the root of the second moment, so where a gradient is nearly zero rounding decides the sign of a whole
  /// step: at least 99.9 % of the elements must agree, and the rest is shown.
  private func compareParameters(_ model: DecoderModel, _ golden: Golden) throws {
    let file = try SafetensorsFile(
      path: golden.directory.appending(path: "after_three_steps.safetensors").path
    )
    var count = 0
    var off: [String] = []
    for parameter in model.store.parameters {
      let expected = try file.load(parameter.name)
      for (index, (a, b)) in zip(parameter.value.array, expected).enumerated() {
        count += 1
        if abs(a - b) > 1e-5 { off.append("\(parameter.name)[\(index)] \(a) for \(b)") }
      }
    }
    print("\(golden.family): \(count - off.count) of \(count) parameters within 1e-5")
    off.prefix(20).forEach { print("  \($0)") }
    #expect(Double(off.count) <= 0.001 * Double(count))
  }
}
