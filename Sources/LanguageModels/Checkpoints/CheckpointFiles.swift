import Foundation
import Tensors

/// The safetensors files of a checkpoint: one, or several with an index.
struct CheckpointFiles {
  /// The directory or file that was asked for, for messages.
  let path: String
  let files: [SafetensorsFile]
  /// Which file holds a parameter.
  private let owner: [String: Int]

  /// Opens a model directory, or one safetensors file.
  ///
  /// As transformers does, `model.safetensors` comes before `model.safetensors.index.json`.
  init(_ location: URL) throws {
    path = location.path
    var isDirectory: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: location.path, isDirectory: &isDirectory)
    let single = location.appendingPathComponent(WeightsFile.single)
    let index = location.appendingPathComponent(WeightsFile.index)
    if exists && !isDirectory.boolValue {
      files = [try SafetensorsFile(path: location.path)]
    } else if FileManager.default.fileExists(atPath: single.path) {
      files = [try SafetensorsFile(path: single.path)]
    } else if FileManager.default.fileExists(atPath: index.path) {
      files = try Self.openShards(index, in: location)
    } else {
      let others = (try? FileManager.default.contentsOfDirectory(atPath: location.path)) ?? []
      let foreign = others.sorted().first {
        $0.hasSuffix(".bin") || $0.hasSuffix(".pt") || $0.hasSuffix(".gguf")
      }
      throw CheckpointError.missingWeights(directory: location.path, found: foreign)
    }
    var owner: [String: Int] = [:]
    for (number, file) in files.enumerated() {
      for entry in file.entries {
        if let other = owner.updateValue(number, forKey: entry.name) {
          throw CheckpointError.duplicateParameter(
            name: entry.name,
            files: [files[other].path, file.path]
          )
        }
      }
    }
    self.owner = owner
  }

  /// The names in one file, without buffers that are computed rather than stored.
  static func names(in file: SafetensorsFile) -> [String] {
    // Checkpoints made before transformers 4.32 hold the rotary frequencies of every layer.
    file.entries.map(\.name).filter { !$0.hasSuffix("rotary_emb.inv_freq") }
  }

  /// The file that holds a parameter.
  func file(of name: String) -> SafetensorsFile? { owner[name].map { files[$0] } }

  private static func openShards(_ index: URL, in directory: URL) throws -> [SafetensorsFile] {
    var shards: [String: SafetensorsFile] = [:]
    for (name, shard) in try weightMap(index).sorted(by: { $0.key < $1.key }) {
      if shards[shard] == nil {
        let file = directory.appendingPathComponent(shard)
        guard FileManager.default.fileExists(atPath: file.path) else {
          throw CheckpointError.missingShard(index: index.path, shard: shard)
        }
        shards[shard] = try SafetensorsFile(path: file.path)
      }
      guard shards[shard]?[name] != nil else {
        throw CheckpointError.indexMismatch(index: index.path, name: name, shard: shard)
      }
    }
    return shards.sorted { $0.key < $1.key }.map(\.value)
  }

  /// What an index says: for each parameter the name of a file beside the index.
  ///
  /// - Throws: `CheckpointError`, with the file and the name at fault.
  static func weightMap(_ index: URL) throws(CheckpointError) -> [String: String] {
    let bytes: Data
    do { bytes = try Data(contentsOf: index) } catch {
      throw .inputOutput(file: index.path, reason: error.localizedDescription)
    }
    func malformed(_ reason: String) -> CheckpointError {
      .malformedIndex(file: index.path, reason: reason)
    }
    let document: JSONValue
    do { document = try JSONValue(parsing: bytes) } catch {
      throw malformed("not JSON: \(error)")
    }
    guard case .object(let members) = document, case .object(let map)? = members["weight_map"],
      !map.isEmpty
    else { throw malformed("has no 'weight_map' of parameters to files") }
    var files: [String: String] = [:]
    for (name, value) in map.sorted(by: { $0.key < $1.key }) {
      guard case .string(let file) = value else {
        throw malformed("'weight_map' gives no file name for '\(name)'")
      }
      // A name with a slash could lead anywhere on this machine.
      guard !file.isEmpty, !file.utf8.contains(UInt8(ascii: "/")), file != ".." else {
        throw malformed("'\(file)' is not the name of a file beside the index")
      }
      files[name] = file
    }
    return files
  }
}
