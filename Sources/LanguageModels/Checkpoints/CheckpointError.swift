/// What is wrong with the weights of a model directory.
///
/// Damage inside a safetensors file (a lying header, a truncated body) is `SafetensorsError`.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  /// The directory holds no safetensors weights.
  case missingWeights(directory: String, found: String?)
  /// The index names a file that is not there.
  case missingShard(index: String, shard: String)
  /// The index is not `{"weight_map": {parameter: file}}`.
  case malformedIndex(file: String, reason: String)
  /// The index says that a file holds a parameter, and it does not.
  case indexMismatch(index: String, name: String, shard: String)
  /// Two files hold the same parameter.
  case duplicateParameter(name: String, files: [String])
  /// Parameters of the model are in none of the files.
  case missingParameters(directory: String, names: [String])
  /// The files hold parameters that the model does not have.
  case unknownParameters(file: String, names: [String])
  /// A parameter has another shape than `config.json` asks for.
  case wrongShape(file: String, name: String, expected: [Int], found: [Int])
  /// The checkpoint's head differs from its embedding, and the model that it is to fill has one
  /// parameter for both.
  case untiedHead(file: String)
  /// A file cannot be read or written.
  case inputOutput(file: String, reason: String)

  /// One line with file, name, values and cure.
  public var description: String {
    switch self {
    case .missingWeights(let directory, let found):
      let hint =
        found.map { "; it holds \($0): convert it to safetensors" }
        ?? "; give the directory of a Hugging Face model"
      return "\(directory): no model.safetensors and no model.safetensors.index.json" + hint
    case .missingShard(let index, let shard):
      return "\(index): names \(shard), which is not in the directory; download it again"
    case .malformedIndex(let file, let reason):
      return "\(file): \(reason); download it again"
    case .indexMismatch(let index, let name, let shard):
      return "\(index): parameter '\(name)' is not in \(shard); the files do not belong together"
    case .duplicateParameter(let name, let files):
      return "\(files.joined(separator: ", ")): each holds parameter '\(name)'; "
        + "the files do not belong together"
    case .missingParameters(let directory, let names):
      return "\(directory): the weights lack \(Self.list(names)) of the model in config.json; "
        + "take all files from one checkpoint"
    case .unknownParameters(let file, let names):
      return "\(file): holds \(Self.list(names)), unknown to the model in config.json; "
        + "take all files from one checkpoint"
    case .wrongShape(let file, let name, let expected, let found):
      return "\(file): parameter '\(name)' has the shape \(found), config.json asks for "
        + "\(expected); take all files from one checkpoint"
    case .untiedHead(let file):
      return
        "\(file): 'lm_head.weight' differs from 'model.embed_tokens.weight', but the model ties"
        + " them; set tie_word_embeddings to false"
    case .inputOutput(let file, let reason):
      return "\(file): \(reason)"
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 5 ? shown + " and \(names.count - 5) more parameters" : shown
  }
}
