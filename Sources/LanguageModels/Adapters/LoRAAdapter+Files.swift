public import Foundation
import Tensors

/// The files of an adapter's directory.
enum AdapterFile {
  static let configuration = "adapter_config.json"
  static let tensors = "adapter_model.safetensors"
}

extension LoRAAdapter {
  /// Writes a directory that PEFT opens: `adapter_config.json` and `adapter_model.safetensors` (F32), and
  /// `base_model.json` where the base is known.
  ///
  /// - Parameters:
  ///   - directory: Made where it is absent; files of the three names are replaced.
  ///   - basePath: What `base_model_name_or_path` says; `nil` for the path of `base`.
  public func save(to directory: URL, basePath: String? = nil) throws {
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw AdapterError.inputOutput(file: directory.path, reason: error.localizedDescription)
    }
    var base = base
    if let basePath { base?.path = basePath }
    try saveTensors(to: directory.appendingPathComponent(AdapterFile.tensors))
    try base?.save(to: directory)
    try writeAtomically(
      configuration.json(baseModel: basePath ?? base?.path),
      to: directory.appendingPathComponent(AdapterFile.configuration).path
    )
  }

  /// Writes A and B alone.
  func saveTensors(to file: URL) throws {
    try writeSafetensors(
      to: file.path,
      tensors: store.parameters.map { SafetensorsTensor($0) },
      metadata: ["format": "pt"]
    )
  }

  /// Replaces the values by those of a directory or a file; all is checked before the first one changes.
  func loadTensors(from location: URL) throws {
    var isDirectory: ObjCBool = false
    var path = location.path
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    {
      path = location.appendingPathComponent(AdapterFile.tensors).path
    }
    let file = try SafetensorsFile(path: path)
    try Self.check(
      file,
      store.parameters.map { ParameterSpec(name: $0.name, shape: $0.shape) }
    )
    for parameter in store.parameters { try file.load(into: parameter, refusingNonFinite: true) }
  }

  /// Checks that a file holds the given tensors and nothing else.
  static func check(_ file: SafetensorsFile, _ specs: [ParameterSpec]) throws(AdapterError) {
    let missing = specs.map(\.name).filter { file[$0] == nil }
    guard missing.isEmpty else { throw .missingTensors(file: file.path, names: missing) }
    let known = Set(specs.map(\.name))
    let unknown = file.entries.map(\.name).filter { !known.contains($0) }
    guard unknown.isEmpty else { throw .unknownTensors(file: file.path, names: unknown) }
    for spec in specs {
      if let entry = file[spec.name], entry.shape != spec.shape {
        throw .wrongShape(
          file: file.path,
          name: spec.name,
          expected: spec.shape,
          found: entry.shape
        )
      }
    }
  }
}
