import FoundationEssentials

/// Where a run's numbers come from: `provenance.json`.
public struct Provenance: Codable, Sendable, Equatable {
  /// A plugin that the run used.
  public struct Plugin: Codable, Sendable, Equatable {
    /// What it served as: `strategy`, `prompts`, `demonstrations`, `rewards/NAME` ...
    public var slot: String
    /// Reverse-DNS identifier.
    public var id: String
    /// Semantic version.
    public var version: String
    /// SHA-256 of the image that was loaded; also its name in `images/`.
    public var digest: String
    /// SHA-256 of the manifest; also its name in `images/`.
    public var manifestDigest: String
    /// Where it was found.
    public var path: String

    /// Creates an entry.
    public init(
      slot: String,
      id: String,
      version: String,
      digest: String,
      manifestDigest: String,
      path: String
    ) {
      self.slot = slot
      self.id = id
      self.version = version
      self.digest = digest
      self.manifestDigest = manifestDigest
      self.path = path
    }
  }

  /// One continuation of the run.
  public struct Resumption: Codable, Sendable, Equatable {
    /// Optimizer steps that were complete.
    public var step: Int
    /// When, ISO 8601 in UTC.
    public var at: String
    /// The command line.
    public var commandLine: [String]
    /// What had changed and was accepted, in words.
    public var changes: [String]

    /// Creates an entry.
    public init(step: Int, at: String, commandLine: [String], changes: [String] = []) {
      self.step = step
      self.at = at
      self.commandLine = commandLine
      self.changes = changes
    }
  }

  /// Version of Stepwise.
  public var stepwise: String
  /// When the run began, ISO 8601 in UTC.
  public var startedAt: String
  /// The command line that began it.
  public var commandLine: [String]
  /// Where it began: relative paths in the configuration start there.
  public var workingDirectory: String
  /// The run's seed.
  public var seed: UInt64
  /// What its bits depend on: GEMM provider, version, core type, kernel level; and the number of threads, on which they do not.
  public var numerics: [String: String]
  /// The machine.
  public var host: HostDescription
  /// The plugins, in the order of their slots.
  public var plugins: [Plugin]
  /// Each time that the run was gone on with.
  public var resumptions: [Resumption]

  /// Creates a provenance.
  public init(
    stepwise: String,
    startedAt: String,
    commandLine: [String],
    workingDirectory: String,
    seed: UInt64,
    numerics: [String: String],
    host: HostDescription,
    plugins: [Plugin],
    resumptions: [Resumption] = []
  ) {
    self.stepwise = stepwise
    self.startedAt = startedAt
    self.commandLine = commandLine
    self.workingDirectory = workingDirectory
    self.seed = seed
    self.numerics = numerics
    self.host = host
    self.plugins = plugins
    self.resumptions = resumptions
  }
}

extension RunDirectory {
  static let provenanceName = "provenance.json"

  /// Writes where the run's numbers come from.
  public func write(_ provenance: Provenance) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try Files.replace(
      path(Self.provenanceName),
      with: try encoder.encode(provenance) + [UInt8(ascii: "\n")]
    )
  }

  /// Where the run's numbers come from.
  public func provenance() throws -> Provenance {
    try Self.provenance(at: path(Self.provenanceName))
  }

  static func provenance(at path: String) throws -> Provenance {
    let bytes = try Files.read(path)
    do {
      return try JSONDecoder().decode(Provenance.self, from: Data(bytes))
    } catch {
      throw RunStoreError.damaged(path: path, reason: "not a provenance record")
    }
  }
}
