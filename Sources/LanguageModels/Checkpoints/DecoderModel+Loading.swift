public import Foundation
public import Tensors

extension DecoderModel {
  /// Loads a Hugging Face model directory: `config.json`, `generation_config.json` where there is
  /// one, and one or several safetensors files of F32, BF16 or F16 weights.
  ///
  /// Every parameter must be there with the right shape, and nothing else. Like transformers, a
  /// tied model may hold `lm_head.weight` as well: equal to the embedding it is the same parameter,
  /// different from it the model is not tied after all, and alone it stands for both.
  ///
  /// The files are mapped and read straight into the parameters; no weight may be NaN or infinite.
  ///
  /// - Parameters:
  ///   - trainable: Whether the model has gradients; a reference model needs none.
  ///   - keepsBF16: Whether a model without gradients keeps matrices that are BF16 in the files as they are: half the memory,
  ///     the same bits.
  ///   - progress: Is told after each parameter how far it is.
  /// - Throws: `ModelConfigurationError`, `CheckpointError` or `SafetensorsError`, each with the
  ///   file and the name at fault.
  public convenience init(
    directory: URL,
    backend: any Backend,
    trainable: Bool = true,
    keepsBF16: Bool = false,
    progress: ((LoadingProgress) -> Void)? = nil
  ) throws {
    let checkpoint = try Checkpoint(directory: directory)
    let isHalf = keepsBF16 && !trainable && checkpoint.hasBF16Matrices
    self.init(
      zeros: checkpoint.configuration,
      backend: backend,
      trainable: trainable,
      matrices: isHalf ? .bfloat16 : .float32
    )
    generation = checkpoint.generation
    try checkpoint.files.load(into: store, progress: progress)
  }

  /// Replaces the values by those of a checkpoint of the same configuration.
  ///
  /// All names and shapes are checked before the first value changes.
  ///
  /// - Parameter location: A model directory (its `config.json` is not read) or a safetensors file.
  /// - Throws: `CheckpointError` or `SafetensorsError`.
  public func loadParameters(from location: URL) throws {
    let files = try CheckpointFiles(location)
    if configuration.tieWordEmbeddings, try !files.headEqualsEmbedding() {
      throw CheckpointError.untiedHead(file: files.path)
    }
    try files.check(configuration)
    try files.load(into: store)
  }
}

/// A model directory whose files were found to hold one model.
struct Checkpoint {
  let configuration: DecoderConfiguration
  let generation: GenerationConfiguration
  let files: CheckpointFiles

  /// Reads all but the weights, and checks that these are there in the right shapes.
  init(directory: URL) throws {
    var configuration = try DecoderConfiguration(directory: directory)
    var generation = try GenerationConfiguration.read(directory: directory)
    files = try CheckpointFiles(directory)
    if configuration.tieWordEmbeddings, try !files.headEqualsEmbedding() {
      configuration.tieWordEmbeddings = false
    }
    try files.check(configuration)
    // Some checkpoints name their end of sequence in config.json alone.
    if generation?.eosTokenIDs.isEmpty == true {
      generation?.eosTokenIDs = configuration.eosTokenIDs
    }
    self.generation = generation ?? GenerationConfiguration(configuration)
    self.configuration = configuration
  }

  /// Whether all matrices are stored in BF16.
  var hasBF16Matrices: Bool {
    DecoderModel.parameterSpecs(configuration).allSatisfy {
      $0.shape.count < 2 || files.dtype(of: $0.name) == .bf16
    }
  }
}

extension CheckpointFiles {
  /// Where the values of a parameter are: an absent embedding may be given as the head it is
  /// tied to.
  private func source(of name: String) -> (file: SafetensorsFile, name: String)? {
    if let file = file(of: name) { return (file, name) }
    if name == ParameterName.embedding, let file = file(of: ParameterName.head) {
      return (file, ParameterName.head)
    }
    return nil
  }

  /// Whether a head that is stored beside the embedding has the same values; true without one.
  func headEqualsEmbedding() throws -> Bool {
    guard let head = file(of: ParameterName.head), let table = file(of: ParameterName.embedding)
    else { return true }
    return try head.holds(ParameterName.head, equalTo: ParameterName.embedding, of: table)
  }

  /// Checks that the files hold the model's parameters in the right shapes and nothing else.
  func check(_ configuration: DecoderConfiguration) throws(CheckpointError) {
    let specs = DecoderModel.parameterSpecs(configuration)
    var known = Set(specs.map(\.name))
    let missing = specs.map(\.name).filter { name in
      configuration.tieWordEmbeddings ? source(of: name) == nil : file(of: name) == nil
    }
    guard missing.isEmpty else {
      throw .missingParameters(directory: path, names: missing)
    }
    if configuration.tieWordEmbeddings { known.insert(ParameterName.head) }
    for file in files {
      let unknown = Self.names(in: file).filter { !known.contains($0) }
      guard unknown.isEmpty else { throw .unknownParameters(file: file.path, names: unknown) }
    }
    for spec in specs {
      guard let (file, name) = source(of: spec.name), let entry = file[name] else { continue }
      if entry.shape != spec.shape {
        throw .wrongShape(
          file: file.path,
          name: name,
          expected: spec.shape,
          found: entry.shape
        )
      }
    }
  }

  /// Reads every parameter of a store; `check` comes first.
  func load(into store: ParameterStore, progress: ((LoadingProgress) -> Void)? = nil) throws {
    let report = reporter(of: store.parameters.map(\.name), progress)
    for parameter in store.parameters {
      guard let (file, name) = source(of: parameter.name) else { continue }
      try file.load(name, into: parameter, refusingNonFinite: true)
      report(parameter.name)
    }
  }

  /// What is to be called with each parameter that was read.
  func reporter(
    of names: [String],
    _ progress: ((LoadingProgress) -> Void)?
  ) -> (String) -> Void {
    guard let progress else { return { _ in } }
    func bytes(_ name: String) -> Int {
      source(of: name).flatMap { $0.file[$0.name]?.range.count } ?? 0
    }
    let total = names.reduce(0) { $0 + bytes($1) }
    var done = 0
    return { [self] name in
      done += bytes(name)
      let file = source(of: name)?.file.path ?? path
      progress(LoadingProgress(file: file, bytes: done, totalBytes: total))
    }
  }

  /// How a parameter is stored.
  func dtype(of name: String) -> SafetensorsDType? {
    source(of: name).flatMap { $0.file[$0.name]?.dtype }
  }

  /// Reads one parameter into memory of its own; `check` comes first.
  func load(_ name: String, on backend: any Backend) throws -> Buffer {
    guard let (file, name) = source(of: name) else {
      throw CheckpointError.missingParameters(directory: path, names: [name])
    }
    return try file.load(name, on: backend, refusingNonFinite: true)
  }
}

/// How far the loading of a checkpoint is.
public struct LoadingProgress: Sendable, Equatable {
  /// The file that is read.
  public var file: String
  /// Bytes read, of all files.
  public var bytes: Int
  /// Bytes of all files' tensors.
  public var totalBytes: Int

  /// Takes each field as given.
  public init(file: String, bytes: Int, totalBytes: Int) {
    self.file = file
    self.bytes = bytes
    self.totalBytes = totalBytes
  }
}
