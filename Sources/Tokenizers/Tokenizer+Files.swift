public import Foundation

extension Tokenizer {
  /// Opens a `tokenizer.json`, or a directory that has one.
  ///
  /// `tokenizer_config.json` and `chat_template.jinja` beside it are read where they exist.
  ///
  /// - Throws: `TokenizerError` that names file, JSON path, value and cure.
  public init(contentsOf path: String) throws(TokenizerError) {
    var isDirectory: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    let directory =
      exists && isDirectory.boolValue ? path : (path as NSString).deletingLastPathComponent
    let file = exists && isDirectory.boolValue ? Self.join(path, "tokenizer.json") : path
    guard let source = try FileAccess.read(file) else {
      throw TokenizerError(
        file: file,
        path: "",
        problem: "the file does not exist",
        cure: "Name a tokenizer.json or the directory that holds it"
      )
    }
    let core = try TokenizerCore(source: source, file: file)
    var configuration = TokenizerConfiguration()
    let configurationFile = Self.join(directory, "tokenizer_config.json")
    if let source = try FileAccess.read(configurationFile) {
      configuration = try TokenizerConfiguration(source: source, file: configurationFile)
    }
    let templateFile = Self.join(directory, "chat_template.jinja")
    if let template = try FileAccess.read(templateFile) {
      try configuration.setTemplate(template, file: templateFile)
    }
    self.init(core: core, configuration: configuration)
  }

  /// The tokenizer with another chat template, which is saved with it as `chat_template.jinja`.
  ///
  /// - Parameters:
  ///   - source: The template, UTF-8.
  ///   - file: What errors call the template.
  public func withChatTemplate(
    _ source: [UInt8],
    file: String
  ) throws(TokenizerError) -> Tokenizer {
    var configuration = configuration
    try configuration.setTemplate(source, file: file)
    return Tokenizer(core: core, configuration: configuration)
  }

  /// Opens a `tokenizer.json`, or a directory that has one.
  public init(contentsOf url: URL) throws(TokenizerError) { try self.init(contentsOf: url.path) }

  /// Reads the text of a `tokenizer.json` and, where given, of its `tokenizer_config.json`.
  ///
  /// - Parameter file: What errors call the text.
  public init(
    json: some Sequence<UInt8>,
    configuration: [UInt8]? = nil,
    file: String = "tokenizer.json"
  ) throws(TokenizerError) {
    let core = try TokenizerCore(source: Array(json), file: file)
    let settings =
      try configuration.map { (source) throws(TokenizerError) in
        try TokenizerConfiguration(source: source, file: "tokenizer_config.json")
      } ?? TokenizerConfiguration()
    self.init(core: core, configuration: settings)
  }

  /// Writes `tokenizer.json` and `tokenizer_config.json` (and `chat_template.jinja` where there was
  /// one) into a directory, which is made where it is missing.
  ///
  /// Files that were read are written byte for byte as they were. Each is written beside its place,
  /// synchronised and renamed, so that no half of one is ever seen.
  public func save(to directory: String) throws(TokenizerError) {
    do {
      try FileManager.default.createDirectory(
        atPath: directory,
        withIntermediateDirectories: true
      )
    } catch {
      throw TokenizerError(
        file: directory,
        path: "",
        problem: "the directory cannot be made: \(error)",
        cure: "Name a directory that may be written"
      )
    }
    try FileAccess.write(core.source, to: Self.join(directory, "tokenizer.json"))
    try FileAccess.write(
      configuration.source ?? Self.plainConfiguration(),
      to: Self.join(directory, "tokenizer_config.json")
    )
    if let template = configuration.templateSource {
      try FileAccess.write(template, to: Self.join(directory, "chat_template.jinja"))
    }
  }

  /// Writes the files into a directory.
  public func save(to directory: URL) throws(TokenizerError) { try save(to: directory.path) }

  /// The least that `transformers` needs to open the tokenizer as it is.
  private static func plainConfiguration() -> [UInt8] {
    let configuration: JSONValue = [
      "tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": false,
    ]
    return Array((configuration.serialized(.indented(2)) + "\n").utf8)
  }

  private static func join(_ directory: String, _ name: String) -> String {
    directory.isEmpty ? name : (directory as NSString).appendingPathComponent(name)
  }
}
