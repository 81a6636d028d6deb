import Testing
import Tokenizers
import Training

@testable import stepwise

@Suite struct ObjectiveBatchTests {
  private func read(_ text: String) throws -> ObjectiveBatch {
    try ObjectiveBatch(
      JSONInput(value: try JSONValue(json: text.utf8), file: "b.json", path: ""),
      vocabularySize: 10
    )
  }

  private func failure(_ text: String) -> String {
    do {
      _ = try read(text)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func rowsAreSupervised() throws {
    let batch = try read(
      #"{"config": {"loss_type": "dft"}, "rows": [{"prompt_ids": [1], "completion_ids": [2, 3]}, {"completion_ids": [4]}]}"#
    )
    guard case .supervised(let rows, let configuration) = batch else {
      Issue.record("not SFT")
      return
    }
    #expect(configuration.lossType == .dft)
    #expect(rows.map(\.promptIDs) == [[1], []])
    #expect(rows.map(\.completionIDs) == [[2, 3], [4]])
  }

  @Test func paddingIsRemovedAndMaskedRowsStay() throws {
    let batch = try read(
      """
      {"config": {"loss_type": "dapo", "beta": 0.05, "gradient_accumulation_steps": 2, "max_grad_norm": 0.0},
       "micro_batches": [{"prompt_ids": [[0, 1], [2, 3]], "prompt_mask": [[0, 1], [1, 1]],
         "completion_ids": [[4, 5, 0], [6, 7, 8]], "completion_mask": [[1, 1, 0], [0, 0, 0]],
         "advantages": [0.5, -0.5], "old_per_token_logps": [[-1, -2, -9], [-3, -4, -5]],
         "num_items_in_batch": 12.0, "loss": 3}]}
      """
    )
    guard case .policy(let inputs, let configuration) = batch else {
      Issue.record("not GRPO")
      return
    }
    #expect(configuration.beta == 0.05 && configuration.lossType == .dapo)
    #expect(inputs.count == 1 && inputs[0].itemsInBatch == 12 && inputs[0].accumulationSteps == 2)
    let samples = inputs[0].samples
    #expect(samples.map(\.promptIDs) == [[1], [2, 3]])
    #expect(samples.map(\.completionIDs) == [[4, 5], [6, 7, 8]])
    #expect(samples.map(\.isMaskedOut) == [false, true])
    #expect(samples[0].oldLogProbs == [-1, -2])
    #expect(samples[0].refLogProbs == nil)
  }

  @Test(arguments: [
    ("{}", "neither rows nor micro_batches"),
    (#"{"rows": [{"prompt_ids": [1]}]}"#, "rows[0]: completion_ids is missing"),
    (#"{"rows": [{"completion_ids": [10]}]}"#, "rows[0].completion_ids[0]: token id 10"),
    (#"{"config": {"bta": 1}, "micro_batches": []}"#, "config.bta: unknown key. Did you mean beta"),
    (#"{"config": {"beta": "x"}, "micro_batches": []}"#, "grpo.beta: \"x\" (text)"),
    (
      #"{"micro_batches": [{"prompt_ids": [[1]], "completion_ids": [[1], [2]], "advantages": [1]}]}"#,
      "completion_ids has 2 rows, and advantages has 1"
    ),
    (
      #"{"micro_batches": [{"prompt_ids": [[1]], "completion_ids": [[1, 2, 3]], "completion_mask": [[1, 0, 1]], "advantages": [1]}]}"#,
      "the mask is 1 again after a 0"
    ),
    (
      #"{"micro_batches": [{"prompt_ids": [[1]], "completion_ids": [[1, 2]], "completion_mask": [[1]], "advantages": [1]}]}"#,
      "differ in shape"
    ),
    (
      #"{"micro_batches": [{"prompt_ids": [[1]], "completion_ids": [[1, 2]], "advantages": [1], "old_per_token_logps": [[-1]]}]}"#,
      "1 values for 2 completion tokens"
    ),
  ])
  func mistakesAreNamed(text: String, message: String) {
    #expect(failure(text).contains(message), "\(failure(text))")
  }
}
