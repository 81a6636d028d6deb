/// What rewards, datasets and strategies have in common.
///
/// A component is made from its parameters, then started with the host's services, then used. The host makes one call at a time
/// on each, unless `concurrency` says otherwise.
public protocol Component: SendableMetatype {
  /// The component's id where it differs from the plugin's, as one library with several components of a kind needs it.
  static var id: String? { get }

  /// Whether the host may make several calls at once.
  static var concurrency: Concurrency { get }

  /// Reads the parameters. No file is opened and no long work done here: that belongs in `start`.
  ///
  /// - Throws: what is wrong with a parameter; the manifest's ranges were already checked.
  init(parameters: Parameters) throws

  /// Gets ready. The host's services may be used from here on, during calls.
  mutating func start(_ host: Host) throws
}

extension Component {
  /// The plugin's id.
  public static var id: String? { nil }
  /// One call at a time.
  public static var concurrency: Concurrency { .serial }
  /// Nothing to get ready.
  public mutating func start(_ host: Host) throws {}
}

/// How many calls a component can take at once.
public enum Concurrency: Sendable {
  /// One call at a time on one instance.
  case serial
  /// Several calls on one instance: it has no state that changes, or guards it. A `Reward` is then scored in parallel.
  case threadSafe
}

/// A component with state that must survive a resume.
public protocol Stateful {
  /// The version of what `saveState` writes; raise it with the format.
  static var stateVersion: UInt32 { get }

  /// Writes the state: the same bytes for the same state. Sort what has no order.
  func saveState(to writer: inout StateWriter) throws

  /// Restores what `saveState` wrote under `version`, before `start`. Bytes left over are an error.
  mutating func loadState(from reader: inout StateReader, version: UInt32) throws
}

extension Stateful {
  /// The first version.
  public static var stateVersion: UInt32 { 1 }
}

/// A component some of whose parameters (those that the manifest calls `changeable`) change while it runs.
public protocol Reconfigurable {
  /// Takes a new, complete set of parameters, between steps. When it throws, the old ones hold.
  mutating func reconfigure(_ parameters: Parameters) throws
}

/// Why a component fails. Any other error works too; its description is the message.
public struct PluginFailure: Error, Sendable, CustomStringConvertible {
  /// What sort of failure it is.
  public enum Reason: Sendable {
    /// Anything else.
    case failed
    /// A parameter or argument is wrong.
    case argument
    /// The host does not have what is needed.
    case unsupported
    /// Bytes are not a state of this component.
    case state
    /// The user wants to stop.
    case cancelled
    /// Time is up.
    case deadline
    /// A file or another thing outside failed.
    case inputOutput
    /// The data are wrong.
    case data
  }

  /// What sort of failure it is.
  public var reason: Reason
  /// What is wrong, and what to do about it, in one line.
  public var message: String
  /// The message.
  public var description: String { message }

  /// Creates a failure.
  public init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }

  /// Creates a failure of no particular sort.
  public init(_ message: String) { self.init(.failed, message) }
}
