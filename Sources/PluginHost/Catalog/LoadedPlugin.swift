public import Components

/// What a run records of a loaded component: who it is and which bytes it was made from.
public struct LoadedPlugin: Sendable, Equatable {
  /// Id and version of the manifest, digest of the library's bytes.
  public var identity: ComponentIdentity
  /// What it is.
  public var kind: ComponentKind
  /// The name under which the run knows it.
  public var label: String
  /// The manifest.
  public var manifestFile: String
  /// SHA-256 of the manifest's bytes.
  public var manifestDigest: String
  /// Where the library came from.
  public var libraryFile: String
  /// The private copy that was loaded: the bytes to archive.
  public var imageFile: String
  /// The complete parameters, defaults included, in the manifest's order; paths are absolute.
  public var parameters: ParameterValue
  /// Whether its manifest promises equal outputs for equal inputs, on one machine at least.
  public var isReproducible = true
}

/// A component in use, with its provenance.
public struct LoadedComponent<Part> {
  /// The reward, dataset or strategy.
  public let part: Part
  /// Where it comes from, and the parameters that it was loaded with.
  public let plugin: LoadedPlugin
  private let change: (ParameterValue) throws -> Void

  init(_ part: Part, _ plugin: LoadedPlugin, change: @escaping (ParameterValue) throws -> Void) {
    self.part = part
    self.plugin = plugin
    self.change = change
  }

  /// Gives the component other values for parameters that its manifest calls changeable. Between steps only.
  ///
  /// - Parameter parameters: only the keys that change.
  /// - Throws: `PluginError`; the old values hold then.
  public func reconfigure(_ parameters: ParameterValue) throws { try change(parameters) }
}

/// Where a plugin's code runs.
public enum Isolation: String, Sendable, CaseIterable {
  /// In a process of its own, which may crash, hang or leak without harm to the run.
  case process
  /// In the run's own process: for what ships with Stepwise and what the user trusts.
  case inProcess = "in-process"
}

/// Which component a configuration asks for.
public struct PluginReference: Sendable, Equatable {
  /// A full id, an id's last part where that is unique, either with `@VERSION`, or the path of a plugin's folder or manifest
  /// (recognised by a slash).
  public var name: String
  /// An object, or null for none.
  public var parameters: ParameterValue
  /// The name under which the run knows the component; default: the last part of its id.
  public var label: String?
  /// The folder in which relative paths among the parameters start, those that the manifest marks with `format: path`: usually
  /// that of the configuration file. Default: the working directory.
  public var baseDirectory: String?
  /// Where its code shall run; `nil`: in this process where it is trusted, in one of its own otherwise.
  public var isolation: Isolation?
  /// In how many processes of its own a reward scores a batch; its results do not depend on it.
  public var workers: Int

  /// Creates a reference.
  public init(
    _ name: String,
    parameters: ParameterValue = .null,
    label: String? = nil,
    baseDirectory: String? = nil,
    isolation: Isolation? = nil,
    workers: Int = 1
  ) {
    self.name = name
    self.parameters = parameters
    self.label = label
    self.baseDirectory = baseDirectory
    self.isolation = isolation
    self.workers = workers
  }

  /// The base directory from the root on.
  var absoluteBaseDirectory: String {
    let working = Files.workingDirectory
    guard let baseDirectory else { return working }
    return Files.absolute(baseDirectory, from: working) ?? working
  }
}

/// One component on the search path, as listing shows it; nothing was loaded to know it.
public struct PluginSummary: Sendable, Equatable {
  /// The component's id.
  public var id: String
  /// What it is.
  public var kind: ComponentKind
  /// The plugin's version.
  public var version: String
  /// What it does, in one line.
  public var summary: String
  /// The manifest's file.
  public var manifestFile: String
  /// The library for this machine, or `nil` where there is none.
  public var libraryFile: String?
  /// Its parameters.
  public var parameters: ParameterSchema
  /// What its code is: `native`, `python` or `c-function`.
  public var runtime: String
  /// Where its code runs, as its trust stands; `nil` where it has no code for this machine.
  public var isolation: Isolation?
}
