/// What is wrong with a `config.json`, a `generation_config.json` or a `model.config` section.
///
/// Each case names the file (or the section it stands for), the key, what was found and the cure.
public enum ModelConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The file cannot be read.
  case unreadable(file: String, reason: String)
  /// The bytes are not a JSON object.
  case malformed(file: String, reason: String)
  /// A key without a default is absent.
  case missingKey(file: String, key: String)
  /// A key holds a value of another type.
  case wrongType(file: String, key: String, value: String, expected: String)
  /// A value is of the right type but makes no model.
  case invalidValue(file: String, key: String, value: String, expected: String)
  /// A value that some model uses and this framework does not compute.
  case unsupported(file: String, key: String, value: String, supported: String)
  /// A key that no decoder has, in a hand-written section.
  case unknownKey(file: String, key: String, nearest: String?)

  /// One line with file, key, value and cure.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      return "\(file): cannot be read: \(reason); give a Hugging Face model directory"
    case .malformed(let file, let reason):
      return "\(file): not a JSON object: \(reason)"
    case .missingKey(let file, let key):
      return "\(file): key '\(key)' is missing; add it as Hugging Face's config.json has it"
    case .wrongType(let file, let key, let value, let expected):
      return "\(file): key '\(key)' must be \(expected), found \(value)"
    case .invalidValue(let file, let key, let value, let expected):
      return "\(file): key '\(key)' is \(value), expected \(expected)"
    case .unsupported(let file, let key, let value, let supported):
      return "\(file): key '\(key)' has the unsupported value \(value); supported: \(supported)"
    case .unknownKey(let file, let key, let nearest):
      let hint = nearest.map { "; did you mean '\($0)'?" } ?? "; remove it"
      return "\(file): unknown key '\(key)'\(hint)"
    }
  }
}
