import BenchmarkFigures
import Foundation
import LanguageModels
import Tensors

/// Sizes of a Qwen2 model: those that the performance page speaks of, and any other for sweeps.
struct BenchmarkShape: Sendable, Equatable {
  /// Its folder's name among the rivals' models.
  var name: String
  var hidden: Int
  var layers: Int
  var heads: Int
  var kvHeads: Int
  var intermediate: Int
  var vocabulary: Int
  var positions = 8_192
  var theta = 10_000.0

  /// 3.1 M parameters.
  static let tiny = BenchmarkShape(
    name: "TINY",
    hidden: 256,
    layers: 4,
    heads: 8,
    kvHeads: 4,
    intermediate: 704,
    vocabulary: 512
  )
  /// 27.8 M parameters.
  static let small = BenchmarkShape(
    name: "SMALL",
    hidden: 512,
    layers: 8,
    heads: 8,
    kvHeads: 4,
    intermediate: 1_408,
    vocabulary: 8_192
  )
  /// The shape of Qwen2.5-0.5B, 494 M parameters.
  static let q05 = BenchmarkShape(
    name: "Q05",
    hidden: 896,
    layers: 24,
    heads: 14,
    kvHeads: 2,
    intermediate: 4_864,
    vocabulary: 151_936,
    positions: 32_768,
    theta: 1_000_000
  )

  /// The same as a `config.json`.
  var json: String {
    """
    {"model_type": "qwen2", "hidden_size": \(hidden), "num_hidden_layers": \(layers),
     "num_attention_heads": \(heads), "num_key_value_heads": \(kvHeads),
     "intermediate_size": \(intermediate), "vocab_size": \(vocabulary), "tie_word_embeddings": true,
     "rms_norm_eps": 1e-6, "rope_theta": \(theta), "max_position_embeddings": \(positions),
     "eos_token_id": 0, "pad_token_id": 1}
    """
  }

  /// Arithmetic and traffic of a model of this shape.
  func cost(parameters: Int) -> ModelCost {
    ModelCost(
      parameters: parameters,
      layers: layers,
      attentionWidth: hidden,
      keyValueWidth: hidden / heads * kvHeads
    )
  }

  /// The model of the folder for generation alone, if it is there: at BF16 its BF16 file, as llama.cpp
  /// has one.
  func generationModel(backend: any Backend, models: String?) throws -> GenerationModel? {
    let compact = backend.precision == .bf16 ? folder(models, suffix: "-bf16") : nil
    guard let folder = compact ?? folder(models) else { return nil }
    return try GenerationModel(directory: folder, backend: backend)
  }

  /// Where the folder of models has one of this shape's name.
  private func folder(_ models: String?, suffix: String = "") -> URL? {
    guard let models else { return nil }
    let folder = URL(filePath: models).appending(path: name + suffix)
    let config = folder.appending(path: "config.json")
    return FileManager.default.fileExists(atPath: config.path) ? folder : nil
  }

  /// The model of the folder where it has this shape's name, else random weights.
  ///
  /// - Parameter models: a folder of model folders.
  func model(backend: any Backend, models: String?, trainable: Bool) throws -> DecoderModel {
    if let folder = folder(models) {
      return try DecoderModel(directory: folder, backend: backend, trainable: trainable)
    }
    return DecoderModel(
      configuration: try DecoderConfiguration(json: Data(json.utf8), source: name),
      backend: backend,
      seed: 0
    )
  }
}
