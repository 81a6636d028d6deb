/// What is wrong with an adapter, or with an adapter for a model.
///
/// A value in `adapter_config.json` that cannot be used is a `ModelConfigurationError`, damage inside the
/// safetensors file a `SafetensorsError`.
public enum AdapterError: Error, Equatable, CustomStringConvertible {
  /// The directory holds no adapter.
  case missingFile(directory: String, name: String, found: String?)
  /// No module is named.
  case noTargets(source: String)
  /// A target that no projection of the model has.
  case unknownTarget(source: String, name: String)
  /// Tensors that the configuration asks for are not in the file.
  case missingTensors(file: String, names: [String])
  /// The file holds tensors that the configuration does not ask for.
  case unknownTensors(file: String, names: [String])
  /// A tensor does not fit the model or the rank.
  case wrongShape(file: String, name: String, expected: [Int], found: [Int])
  /// The base that the adapter names is not there.
  case missingBase(adapter: String, base: String?)
  /// The base has other bytes than when the adapter was trained.
  case otherBase(adapter: String, base: String, file: String, problem: String)
  /// A file cannot be read or written.
  case inputOutput(file: String, reason: String)

  /// One line with file, name, values and cure.
  public var description: String {
    switch self {
    case .missingFile(let directory, let name, let found):
      let hint =
        found.map { "; it holds \($0): save the adapter as safetensors" }
        ?? "; give a directory that PEFT's save_pretrained or a run wrote"
      return "\(directory): no \(name)" + hint
    case .noTargets(let source):
      return "\(source): no module is named; name at least one of \(Self.known), or "
        + LoRAConfiguration.allLinearName
    case .unknownTarget(let source, let name):
      let hint =
        name.contains("lm_head") || name.contains("embed_tokens")
        ? "the head and the embedding are not adapted" : "the model has no projection of that name"
      return "\(source): target module '\(name)': \(hint); name some of \(Self.known)"
    case .missingTensors(let file, let names):
      return "\(file): lacks \(Self.list(names)), which adapter_config.json asks for; "
        + "take both files from one adapter, of this model"
    case .unknownTensors(let file, let names):
      return "\(file): holds \(Self.list(names)), which adapter_config.json does not ask for; "
        + "take both files from one adapter, of this model"
    case .wrongShape(let file, let name, let expected, let found):
      return "\(file): tensor '\(name)' has the shape \(found), this model and rank ask for "
        + "\(expected); use the base model that the adapter was trained on"
    case .missingBase(let adapter, let base):
      let named =
        base.map { "its base model \($0) is not a directory here" } ?? "names no base model"
      return "\(adapter): \(named); give the base model's directory with --model"
    case .otherBase(let adapter, let base, let file, let problem):
      return "\(adapter): was trained on another model than \(base): \(file) \(problem); "
        + "give the base model's directory with --model, or restore the file"
    case .inputOutput(let file, let reason):
      return "\(file): \(reason)"
    }
  }

  private static let known = LoRAConfiguration.allLinear.joined(separator: ", ")

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 3 ? shown + " and \(names.count - 3) more tensors" : shown
  }
}
