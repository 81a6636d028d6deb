public import Foundation
import Tensors

extension DecoderModel {
  /// The largest weights file that `save` writes: what the Hub's tools split at.
  public static let largestShard = 5_000_000_000

  /// Saves a Hugging Face model directory: the weights, `config.json` and `generation_config.json`, each file written whole or
  /// not at all.
  ///
  /// Weights above `maxShardSize` go to several files with an index, as transformers has them; a tied head is not stored, as
  /// transformers does. Weights that another save left in the directory are removed. Of a model with an adapter see
  /// `mergeAdapter`.
  ///
  /// - Parameters:
  ///   - directory: Made where it is absent; files of these names are replaced.
  ///   - weightType: F32 keeps every bit; BF16 rounds to the nearest.
  ///   - maxShardSize: Bytes of tensors in one file; a larger tensor has a file of its own.
  /// - Throws: `CheckpointError` or `SafetensorsError`, with the file and the system's reason.
  public func save(
    to directory: URL,
    weightType: DecoderConfiguration.WeightType = .float32,
    maxShardSize: Int = largestShard
  ) throws {
    precondition(adapter == nil, "merge the adapter first: its updates are not in the weights")
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw CheckpointError.inputOutput(file: directory.path, reason: error.localizedDescription)
    }
    let written = try writeWeights(to: directory, weightType, maxShardSize)
    try removeOtherWeights(in: directory, keeping: written)
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
    try write(store.parameters, to: file, weightType)
  }

  private func write(
    _ parameters: [Parameter],
    to file: URL,
    _ weightType: DecoderConfiguration.WeightType
  ) throws {
    try writeSafetensors(
      to: file.path,
      tensors: parameters.map { SafetensorsTensor($0) },
      metadata: ["format": "pt"],
      dtype: weightType.dtype
    )
  }

  /// - Returns: The names of the files.
  private func writeWeights(
    to directory: URL,
    _ weightType: DecoderConfiguration.WeightType,
    _ maxShardSize: Int
  ) throws -> Set<String> {
    let shards = Shards(store.parameters, weightType.dtype.size, limit: maxShardSize)
    guard shards.parts.count > 1 else {
      try write(
        store.parameters,
        to: directory.appendingPathComponent(WeightsFile.single),
        weightType
      )
      return [WeightsFile.single]
    }
    var names: Set<String> = [WeightsFile.index]
    for (number, part) in shards.parts.enumerated() {
      let name = WeightsFile.shard(number, of: shards.parts.count)
      try write(part, to: directory.appendingPathComponent(name), weightType)
      names.insert(name)
    }
    // After the files that it names.
    try writeAtomically(
      shards.index,
      to: directory.appendingPathComponent(WeightsFile.index).path
    )
    return names
  }

  /// A reader takes `model.safetensors` before an index: what an earlier save left would be read in place of this one.
  private func removeOtherWeights(in directory: URL, keeping written: Set<String>) throws {
    let present = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    for name in present where WeightsFile.isOne(name) && !written.contains(name) {
      let file = directory.appendingPathComponent(name)
      do { try FileManager.default.removeItem(at: file) } catch {
        throw CheckpointError.inputOutput(file: file.path, reason: error.localizedDescription)
      }
    }
  }
}

extension DecoderConfiguration.WeightType {
  var dtype: SafetensorsDType { self == .float32 ? .f32 : .bf16 }
}

/// Parameters in their order, cut into files.
private struct Shards {
  private(set) var parts: [[Parameter]] = [[]]
  private var totalSize = 0

  init(_ parameters: [Parameter], _ valueSize: Int, limit: Int) {
    var size = 0
    for parameter in parameters {
      let bytes = parameter.shape.reduce(valueSize, *)
      if size > 0, size + bytes > limit {
        parts.append([])
        size = 0
      }
      parts[parts.count - 1].append(parameter)
      size += bytes
      totalSize += bytes
    }
  }

  /// `model.safetensors.index.json`
  var index: Data {
    var files: [String: JSONValue] = [:]
    for (number, part) in parts.enumerated() {
      for parameter in part {
        files[parameter.name] = .string(WeightsFile.shard(number, of: parts.count))
      }
    }
    let document = JSONValue.object([
      "metadata": .object(["total_size": .int(totalSize)]), "weight_map": .object(files),
    ])
    return Data((document.serialized() + "\n").utf8)
  }
}
