public import Foundation
public import Tensors

/// A directory with an adapter in PEFT's form.
public struct AdapterDirectory: Sendable {
  /// The directory.
  public let url: URL
  /// What `adapter_config.json` says.
  public let configuration: LoRAConfiguration
  /// `base_model_name_or_path`.
  public let basePath: String?
  /// What is known of the base's bytes: of adapters that Stepwise wrote.
  public let base: BaseIdentity?

  /// The file of A and B.
  public static let tensorsName = AdapterFile.tensors

  /// Reads the configuration.
  ///
  /// - Throws: `AdapterError` where the files are not there, `ModelConfigurationError` for a value that is
  ///   not supported.
  public init(_ url: URL) throws {
    self.url = url
    let file = url.appendingPathComponent(AdapterFile.configuration)
    for name in [AdapterFile.configuration, AdapterFile.tensors] {
      let path = url.appendingPathComponent(name).path
      guard FileManager.default.fileExists(atPath: path) else {
        let others = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        throw AdapterError.missingFile(
          directory: url.path,
          name: name,
          found: others.sorted().first { $0.hasSuffix(".bin") }
        )
      }
    }
    (configuration, basePath) = try LoRAConfiguration.read(readFile(file), source: file.path)
    base = try BaseIdentity.read(directory: url)
  }

  /// Whether a directory holds an adapter and no model.
  ///
  /// Some tools write the base's `config.json` beside an adapter: it takes weights to make it a model.
  public static func isAdapter(_ url: URL) -> Bool {
    func has(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: url.appendingPathComponent(name).path)
    }
    return has(AdapterFile.configuration)
      && (!has("config.json") || WeightsFile.all(in: url).isEmpty)
  }

  /// The base model's directory: the path as it stands, or counted from the adapter's directory, where a
  /// run keeps a base of its own.
  ///
  /// - Throws: `AdapterError.missingBase`.
  public func baseDirectory() throws(AdapterError) -> URL {
    if let basePath {
      let candidates = [
        url.appendingPathComponent(basePath), URL(fileURLWithPath: basePath),
      ]
      let wanted = basePath.hasPrefix("/") ? candidates.suffix(1) : candidates[...]
      for candidate in wanted {
        let config = candidate.appendingPathComponent("config.json").path
        if FileManager.default.fileExists(atPath: config) { return candidate.standardizedFileURL }
      }
    }
    throw .missingBase(adapter: url.path, base: basePath)
  }

  /// Loads the adapter for a model of the given shape.
  ///
  /// - Parameter trainable: Whether it has gradients.
  /// - Throws: `AdapterError` or `SafetensorsError`, with the file and the tensor at fault.
  public func load(
    for model: DecoderConfiguration,
    backend: any Backend,
    trainable: Bool
  ) throws -> LoRAAdapter {
    let source = url.appendingPathComponent(AdapterFile.configuration).path
    // Before anything is allocated: a rank that the file does not have may be any number.
    try LoRAAdapter.check(
      SafetensorsFile(path: url.appendingPathComponent(AdapterFile.tensors).path),
      LoRAAdapter.specs(
        configuration.modules(of: model, source: source),
        rank: configuration.rank
      )
    )
    let adapter = try LoRAAdapter(
      zeros: configuration,
      model: model,
      source: source,
      backend: backend,
      trainable: trainable
    )
    try adapter.loadTensors(from: url)
    adapter.base = base
    return adapter
  }
}
