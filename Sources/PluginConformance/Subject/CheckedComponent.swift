import Components
import Glibc
import PluginHost
import Synchronization

/// The component under test inside the process that tests it: its manifest, its parameters, ways to bring it to life, and the board
/// on which a test leaves what it is about to do.
final class CheckedComponent {
  let subject: CheckSubject
  let manifest: PluginManifest
  let component: PluginManifest.Component
  let catalog: PluginCatalog
  let example: WorkedExample
  private let board: ReportBoard?
  /// What a test with several processes compares.
  var evidence = ""

  /// Reads the manifest; loads nothing.
  init(_ subject: CheckSubject, board: ReportBoard? = nil) throws {
    self.subject = subject
    self.board = board
    manifest = try PluginManifest(contentsOf: subject.manifestFile)
    guard
      let component = manifest.components.first(where: {
        $0.kind == subject.kind && $0.id == subject.component
      })
    else {
      throw CheckEnd.failed(
        "the manifest has no \(subject.kind.rawValue) \(subject.component)",
        cure: "name one that it has"
      )
    }
    self.component = component
    catalog = PluginCatalog(
      searchPaths: [manifest.directory],
      libraryDirectories: subject.libraryDirectories,
      imageDirectory: subject.imageDirectory,
      // This process is there to be spoilt.
      policy: .trustingAll
    )
    example = try WorkedExample(component, directory: manifest.directory)
  }

  /// Says what is done next: the last word of a test that crashes or hangs.
  func note(_ stage: String) { board?.note(stage) }

  var isNative: Bool { manifest.runtime == .native }

  /// Whether its code runs in an interpreter's process, whatever is asked for.
  var isPython: Bool {
    if case .python = manifest.runtime { return true }
    return false
  }

  /// Why a test of this reach does not apply; `nil` where it does.
  func reason(against reach: ConformanceTest.Reach) -> String? {
    switch reach {
    case .every: return nil
    case .inProcess where isPython: return "it looks at its own process, and Python runs in another"
    case .native where !isNative:
      return "it looks inside a native library, which this plugin is not"
    case .inProcess, .native: return nil
    }
  }

  /// The reference with other parameters, or with those of the subject, else of the example.
  func reference(_ parameters: ParameterValue? = nil) -> PluginReference {
    let own = subject.parameters == .null ? example.parameters : subject.parameters
    return PluginReference(
      "\(subject.manifestFile)#\(subject.component)",
      parameters: parameters ?? own,
      baseDirectory: subject.baseDirectory ?? manifest.directory,
      isolation: isPython ? nil : .inProcess
    )
  }

  // MARK: - Bringing it to life

  func reward(
    _ parameters: ParameterValue? = nil,
    services: HostServices = .forChecks
  ) throws -> LoadedComponent<any RewardFunction> {
    try catalog.loadReward(reference(parameters), services: services)
  }

  func dataset(
    _ parameters: ParameterValue? = nil,
    services: HostServices = .forChecks
  ) throws -> any Dataset {
    try catalog.loadDataset(reference(parameters), services: services).part
  }

  func strategy(
    _ parameters: ParameterValue? = nil,
    services: HostServices = .forChecks
  ) throws -> any MixingStrategy {
    try catalog.loadStrategy(reference(parameters), services: services).part
  }

  /// Brings it to life whatever its kind, and throws what that throws.
  func load(
    _ parameters: ParameterValue? = nil,
    services: HostServices = .forChecks
  ) throws -> AnyObject {
    switch component.kind {
    case .reward: return try reward(parameters, services: services).part
    case .dataset: return try dataset(parameters, services: services)
    case .strategy: return try strategy(parameters, services: services)
    }
  }

  func probe(
    _ parameters: ParameterValue? = nil,
    services: HostServices = .forChecks
  ) throws -> ComponentProbe {
    try ComponentProbe(catalog, component.kind, reference(parameters), services: services)
  }

  /// Batches for a reward.
  func material(_ reward: any RewardFunction) throws -> RewardMaterial {
    try RewardMaterial(self, needing: reward.description.requiredColumns)
  }
}

extension HostServices {
  /// All services, none of which needs a model: a tokenizer whose ids are bytes, and made-up log-probabilities that are the same
  /// for the same question. Work in parallel is done in turn, so that no thread of the host's is taken for the plugin's.
  static let forChecks: HostServices = {
    var services = HostServices()
    services.log = { _, _, _ in }
    services.parallelFor = { count, body in for index in 0..<count { body(index) } }
    services.encode = { text in text.utf8.map { Int32($0) } }
    services.decode = { ids, _ in
      String(decoding: ids.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
    }
    services.logProbabilities = { _, context, ids in
      var hash = UInt64(context.count)
      for id in context { hash = (hash ^ UInt64(UInt32(bitPattern: id))) &* 0x100_0000_01B3 }
      return ids.map { id in
        hash = (hash ^ UInt64(UInt32(bitPattern: id))) &* 0x100_0000_01B3
        return -Float(hash >> 40) * 0x1p-22
      }
    }
    return services
  }()
}

/// Lines of a plugin's log, from whatever thread.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])

  /// What was logged.
  var all: [String] { lines.withLock { $0 } }

  /// Services that keep the log.
  func services(_ base: HostServices = .forChecks) -> HostServices {
    var services = base
    services.log = { _, _, message in self.lines.withLock { $0.append(message) } }
    return services
  }
}
