/// What went wrong with a plugin: who, where, what, and what to do about it.
public struct PluginError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What sort of problem it is.
  public enum Problem: Sendable, Equatable {
    /// No plugin of that name is on the search path.
    case notFound
    /// Several plugins answer to that name.
    case ambiguous
    /// The manifest cannot be read or says something impossible.
    case manifest
    /// A parameter is unknown, missing, of the wrong type or out of range.
    case parameters
    /// A file cannot be read or written, or is not what the manifest says.
    case file
    /// The library fails a check that is made on its bytes.
    case image(ELFProblem)
    /// The dynamic linker refused the library.
    case linker
    /// The library is no plugin of this ABI.
    case handshake
    /// A function of the plugin answered with an error; its status code.
    case refused(status: Int32)
    /// A function of the plugin gave something that breaks the contract.
    case output
    /// A saved state does not belong to the component or is damaged.
    case state
    /// The plugin's own process ended in the middle of a call.
    case crashed(ChildProcess.Exit)
    /// The plugin did not answer in time, and its process was killed.
    case timeout(seconds: Double)
    /// The plugin's own process could not be started or did not keep to the protocol, or where its code runs is not allowed.
    case isolation
    /// It may not be loaded: its signer's key is revoked, or it is not what was installed.
    case notTrusted
  }

  /// Which rule of the contract an output breaks.
  public enum Fault: String, Sendable, Equatable, CaseIterable {
    /// Not one answer for each item.
    case count
    /// Something was written behind the room for answers.
    case overrun
    /// An answer is marked with another item's id.
    case order
    /// A status that there is none of.
    case status
    /// An item that could not be scored.
    case item
    /// A score that is not finite.
    case notFinite = "not-finite"
    /// A score outside the declared range.
    case range
    /// An answer for a vote that breaks a rule.
    case answer
    /// A row without a column that is needed.
    case column
  }

  /// What sort of problem it is.
  public var problem: Problem
  /// For `.output` of a reward: the rule that was broken, where it is one of these.
  public var fault: Fault?
  /// The plugin's or component's id, or the reference that was looked up.
  public var plugin: String
  /// The file concerned: library, manifest or image.
  public var file: String?
  /// The plugin's function that was called.
  public var hook: String?
  /// What is wrong, with the values.
  public var message: String
  /// What to do about it.
  public var cure: String?
  /// The folder in which the call that failed was kept, to be run again.
  public var bundle: String?

  /// Creates an error.
  public init(
    _ problem: Problem,
    plugin: String,
    file: String? = nil,
    hook: String? = nil,
    _ message: String,
    cure: String? = nil
  ) {
    self.problem = problem
    self.plugin = plugin
    self.file = file
    self.hook = hook
    self.message = message
    self.cure = cure
  }

  /// One line: `plugin ID, hook (FILE): message. Cure.`
  public var description: String {
    var text = "plugin \(plugin)"
    if let hook { text += ", \(hook)" }
    if let file { text += " (\(file))" }
    text += ": \(message)"
    if let cure { text += "; \(cure)" }
    if let bundle { text += "; the call is kept in \(bundle)" }
    return text
  }
}
