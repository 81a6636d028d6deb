/// What is wrong with a tokenizer's file, where, and what to do about it.
public struct TokenizerError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The file as the caller named it.
  public let file: String
  /// Where in the file: a JSON path such as `model.merges[12]`, `line 3, column 7`, or empty.
  public let path: String
  /// What is wrong.
  public let problem: String
  /// The offending value, shortened; nil where there is none.
  public let value: String?
  /// What the reader can do.
  public let cure: String

  /// Makes an error; `value` is cut to its first 80 scalars.
  public init(file: String, path: String, problem: String, value: String? = nil, cure: String) {
    self.file = file
    self.path = path
    self.problem = problem
    self.value = value.map { text in
      text.unicodeScalars.count <= 80
        ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(77))) + "..."
    }
    self.cure = cure
  }

  /// One line: file, place, problem, value, cure.
  public var description: String {
    var line = file
    if !path.isEmpty { line += ": \(path)" }
    line += ": \(problem)"
    if let value { line += " (found \(value))" }
    return line + ". \(cure)"
  }
}
