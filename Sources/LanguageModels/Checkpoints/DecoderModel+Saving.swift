public import Foundation
import Tensors

extension DecoderModel {
  /// Saves a Hugging Face model directory: `model.safetensors`, `config.json` and
  /// `generation_config.json`, each written whole or not at all.
  ///
  /// A tied head is not stored, as transformers does. Of a model with an adapter see `mergeAdapter`.
  ///
  /// - Parameters:
  ///   - directory: Made where it is absent; files of the three names are replaced.
  ///   - weightType: F32 keeps every bit; BF16 rounds to the nearest.
  /// - Throws: `CheckpointError` or `SafetensorsError`, with the file and the system's reason.
  public func save(
    to directory: URL,
    weightType: DecoderConfiguration.WeightType = .float32
  ) throws {
    precondition(adapter == nil, "merge the adapter first: its updates are not in the weights")
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw CheckpointError.inputOutput(file: directory.path, reason: error.localizedDescription)
    }
    try saveParameters(
      to: directory.appendingPathComponent("model.safetensors"),
      weightType: weightType
    )
    try writeAtomically(
      configuration.json(weightType: weightType),
      to: directory.appendingPathComponent("config.json").path
    )
    try writeAtomically(
      generation.json(),
      to: directory.appendingPathComponent("generation_config.json").path
    )
  }

  /// Writes the parameters alone into one safetensors file.
  public func saveParameters(
    to file: URL,
    weightType: DecoderConfiguration.WeightType = .float32
  ) throws {
    try writeSafetensors(
      to: file.path,
      tensors: store.parameters.map { SafetensorsTensor($0) },
      metadata: ["format": "pt"],
      dtype: weightType == .float32 ? .f32 : .bf16
    )
  }
}
