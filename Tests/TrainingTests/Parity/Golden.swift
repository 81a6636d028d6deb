import Foundation
import LanguageModels
import Tensors
import Training

/// A golden checkpoint with what transformers and TRL computed on it.
struct Golden {
  static let families = ["qwen2", "qwen3"]
  static var isPresent: Bool { LossFixture.golden("models/qwen2/golden.json") != nil }

  let family: String
  let directory: URL
  let file: File

  init(_ family: String) throws {
    self.family = family
    let url = LossFixture.golden("models/\(family)/golden.json")!
    directory = url.deletingLastPathComponent()
    file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
  }

  func model() throws -> DecoderModel {
    try DecoderModel(directory: directory, backend: CPUBackend(threads: 2))
  }

  struct File: Decodable {
    var sft: Supervised
    var grpo: [String: Policy]
  }

  struct Norms: Decodable {
    var global: Double
    var per_parameter: [String: Double]
  }

  struct Supervised: Decodable {
    struct Row: Decodable {
      var prompt_ids: [Int32]
      var completion_ids: [Int32]
    }
    struct Optimizer: Decodable {
      var lr, eps, weight_decay, max_grad_norm: Double
    }
    struct Step: Decodable {
      var loss: Double
      var grad_norm_before_clipping: Norms
    }
    var rows: [Row]
    var optimizer: Optimizer
    var steps: [Step]
  }

  struct Policy: Decodable {
    struct Config: Decodable {
      var temperature, beta: Double
      var max_completion_length, gradient_accumulation_steps: Int
      var loss_type: String
      var importance_sampling_level: String?
      var epsilon, epsilon_high, delta: Double?
      var use_bias_correction_kl: Bool?
      var steps_per_generation: Int?

      var configuration: GRPOConfiguration {
        var grpo = GRPOConfiguration()
        grpo.temperature = temperature
        grpo.beta = beta
        grpo.maxCompletionLength = max_completion_length
        grpo.gradientAccumulationSteps = gradient_accumulation_steps
        grpo.stepsPerGeneration = steps_per_generation
        grpo.lossType = .init(rawValue: loss_type)!
        grpo.importanceSamplingLevel = .init(rawValue: importance_sampling_level ?? "token")!
        grpo.epsilon = epsilon ?? grpo.epsilon
        grpo.epsilonHigh = epsilon_high
        grpo.delta = delta
        grpo.useBiasCorrectionKL = use_bias_correction_kl ?? true
        return grpo
      }
    }

    struct MicroBatch: Decodable {
      var prompt_ids, prompt_mask, completion_ids, completion_mask: [[Int32]]
      var advantages: [Double]
      var old_per_token_logps, ref_per_token_logps: [[Float]]?
      var num_items_in_batch: Double?
      var accumulation_steps: Int
      var loss: Double
      var accumulated_grad_norms: Norms

      /// Padding taken away. A row whose mask is zero throughout was masked out as truncated; its tokens then are all of the row.
      var input: Objective.MicroBatchInput {
        let samples = completion_ids.indices.map { row -> Objective.Sample in
          let masked = completion_mask[row].allSatisfy { $0 == 0 }
          func kept<T>(_ values: [T], _ mask: [Int32]) -> [T] {
            zip(values, mask).filter { $0.1 != 0 || masked }.map(\.0)
          }
          return Objective.Sample(
            promptIDs: zip(prompt_ids[row], prompt_mask[row]).filter { $0.1 != 0 }.map(\.0),
            completionIDs: kept(completion_ids[row], completion_mask[row]),
            advantage: advantages[row],
            oldLogProbs: old_per_token_logps.map { kept($0[row], completion_mask[row]) },
            refLogProbs: ref_per_token_logps.map { kept($0[row], completion_mask[row]) },
            isMaskedOut: masked
          )
        }
        return Objective.MicroBatchInput(
          samples: samples,
          itemsInBatch: num_items_in_batch.map { Int($0) },
          accumulationSteps: accumulation_steps
        )
      }
    }
    var config: Config
    var micro_batches: [MicroBatch]
  }
}
