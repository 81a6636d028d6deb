import Components

/// What is wrong with a configuration: where, which key, which value, what was expected, and what to do.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// Where it was written, or the file's name where nothing was written.
  var place: String
  /// The key's full path, for example `grpo.num_generations`; empty for the file as a whole.
  var key: String
  /// What is wrong, with the value.
  var problem: String
  /// What to do.
  var cure: String

  init(_ place: String, key: String, problem: String, cure: String) {
    self.place = place
    self.key = key
    self.problem = problem
    self.cure = cure
  }

  init(_ origin: Origin, key: String, problem: String, cure: String) {
    self.init(origin.description, key: key, problem: problem, cure: cure)
  }

  var description: String {
    let subject = key.isEmpty ? "" : "\(key): "
    let end = cure.hasSuffix("?") ? "" : "."
    return "\(place): \(subject)\(problem). \(cure)\(end)"
  }
}

extension ParameterValue {
  /// The value for an error message, cut where it is long.
  var shown: String {
    let text = json
    return text.count <= 60 ? text : "\(text.prefix(57))..."
  }
}
