import Components
import Glibc

/// One component in its interpreter: started with it, killed when it does not answer in time, started again for the next call.
///
/// Unchecked because calls take turns at the gate, and what else changes is looked at between calls only.
final class PythonSession: @unchecked Sendable {
  let request: ComponentRequest
  /// The parameters as they are now; `reconfigure` changes them.
  private(set) var parameters: ParameterValue
  /// What the component says of itself.
  private(set) var description = JSONTree.null
  /// Whether a new interpreter lacks what the old one knew; the component says so after it was opened.
  var isStateful = false
  private let interpreter: PythonInterpreter
  private let module: PluginManifest.PythonModule
  private let package: String
  /// The private copy of the code, held open: an interpreter that is started later gets the same, whatever became of the file.
  private let image: Descriptor
  private let gate = CallGate(isThreadSafe: false)
  private var process: PythonProcess?
  /// How the last interpreter ended, where it took a state with it.
  private var lostState: String?
  private var restart = RestartDelay()
  /// How many interpreters were started.
  private(set) var generation = 0

  /// Starting includes importing, which takes some packages a minute from a cold disk.
  static let startTime = Duration.seconds(300)

  /// Starts an interpreter and makes the component in it.
  init(
    _ request: ComponentRequest,
    _ module: PluginManifest.PythonModule
  ) throws(PluginError) {
    if request.isolation == .inProcess {
      throw request.error(
        .isolation,
        "a Python plugin always runs in a process of its own",
        cure: "take 'isolation: in-process' off"
      )
    }
    self.request = request
    self.module = module
    parameters = request.plugin.parameters
    do {
      package = try InstallLayout.current.path(of: .python)
    } catch {
      throw request.error(.file, String(describing: error))
    }
    image = Descriptor(owning: open(request.plugin.imageFile, O_RDONLY | O_CLOEXEC))
    guard image.number >= 0 else {
      throw request.error(.file, "cannot open \(request.plugin.imageFile)", cure: "start again")
    }
    do {
      interpreter = try PythonInterpreter.find(
        named: module.interpreter,
        directory: Self.directory(of: request.plugin.manifestFile),
        environment: { name in getenv(name).map { String(cString: $0) } }
      )
    } catch {
      throw request.error(.file, error.message, cure: error.cure)
    }
    try start()
  }

  deinit { process?.leave() }

  private static func directory(of file: String) -> String {
    file.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(file[..<$0]) } ?? "."
  }

  private static func fileName(of file: String) -> String {
    file.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(file[file.utf8.index(after: $0)...]) }
      ?? file
  }

  /// Uniform draws in [0, 1) that the host makes.
  struct Draws {
    var uniform: (_ item: UInt64) -> Double
  }

  // MARK: - Calls

  /// Calls a hook of the component.
  ///
  /// - Parameters:
  ///   - hook: the request's name, and that in messages.
  ///   - draws: those of the step, where the hook has some.
  ///   - arguments: the fields of the request.
  func call(
    _ hook: String,
    draws: Draws? = nil,
    _ arguments: (inout JSONWriter) -> Void = { _ in }
  ) throws(PluginError) -> JSONTree {
    let result = gate.withCall(parallel: false) { () -> Result<JSONTree, PluginError> in
      do throws(PluginError) {
        return .success(try serialCall(hook, draws, arguments))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private func serialCall(
    _ hook: String,
    _ draws: Draws?,
    _ arguments: (inout JSONWriter) -> Void
  ) throws(PluginError) -> JSONTree {
    // Between two calls it may have ended by itself, or by another's hand.
    if let process, !process.isRunning {
      self.process = nil
      if isStateful && lostState == nil { lostState = "it ended between two calls" }
    }
    if let lostState, hook != "load" {
      throw request.error(
        .state,
        hook: hook,
        "its interpreter ended and its state with it: \(lostState)",
        cure: "resume from the last checkpoint"
      )
    }
    if process == nil { try start() }
    return try exchange(
      hook,
      request.services.callBudget ?? WorkerSlot.usualBudget,
      draws,
      arguments
    )
  }

  /// Changes some parameters of the component.
  func reconfigure(_ changes: ParameterValue) throws(PluginError) {
    let complete = try request.changing(parameters, by: changes)
    guard complete != parameters, case .object(let new) = complete,
      case .object(let old) = parameters
    else { return }
    let changed = new.filter { entry in !old.contains(entry) }
    _ = try call("reconfigure") { writer in
      writer.key("changes")
      writer.parameters(.object(changed))
    }
    parameters = complete
  }

  /// Whether the next call reaches the interpreter that had the last.
  var isRunning: Bool { process?.isRunning ?? false }

  // MARK: - Life

  private func start() throws(PluginError) {
    restart.wait()
    let started: PythonProcess
    do {
      started = try PythonProcess(
        interpreter,
        package: package,
        image: image,
        label: request.plugin.label,
        services: request.services
      )
    } catch {
      throw request.error(.file, hook: "start", "\(error) (\(interpreter.origin))")
    }
    process = started
    generation += 1
    do {
      _ = try started.hello(within: Self.startTime)
    } catch {
      throw stopped(error, hook: "start")
    }
    let (plugin, component) = (request.plugin, request.component)
    let budget = max(request.services.callBudget ?? .zero, Self.startTime)
    description = try exchange("open", budget, nil) { writer in
      writer.field("kind", component.kind.rawValue)
      if let object = component.object ?? module.object { writer.field("object", object) }
      writer.field("default", Self.pythonName(of: component.id))
      writer.key("parameters")
      writer.parameters(parameters == .null ? .object([]) : parameters)
      writer.field("label", plugin.label)
      writer.field("resource_directory", Self.directory(of: plugin.manifestFile))
      writer.field("image", PythonProcess.imageFile)
      writer.field("archive", plugin.imageFile.hasSuffix(".tar"))
      writer.field("directory", Self.directory(of: plugin.libraryFile))
      writer.field("entry", Self.fileName(of: plugin.libraryFile))
    }
  }

  /// The name that the object has where the manifest names none.
  private static func pythonName(of id: String) -> String {
    String(PluginCatalog.shortName(id).map { $0 == "-" ? "_" : $0 })
  }

  private func exchange(
    _ hook: String,
    _ time: Duration,
    _ draws: Draws?,
    _ arguments: (inout JSONWriter) -> Void
  ) throws(PluginError) -> JSONTree {
    guard let process else { preconditionFailure("\(hook) without an interpreter") }
    var message = JSONWriter()
    message.object { writer in
      writer.field("call", hook)
      arguments(&writer)
    }
    do {
      let services = PythonServices(request.services, draws: draws)
      let result = try process.call(message, within: time) { try services.answer($0, $1) }
      restart.reset()
      return result
    } catch {
      throw stopped(error, hook: hook)
    }
  }

  /// The failure of a call as an error; whatever is not a report of the interpreter is its end.
  private func stopped(_ failure: PythonProcess.Failure, hook: String) -> PluginError {
    if case .reported(let report) = failure {
      if hook == "open" { process = nil }
      return PythonFailures.reported(report, hook: hook, request)
    }
    let error = PythonFailures.ended(failure, hook: hook, request, interpreter)
    process = nil
    restart.note()
    if isStateful && lostState == nil {
      lostState = error.message.split(separator: "\n").first.map(String.init) ?? error.message
    }
    return error
  }

  // MARK: - State

  /// What `state()` of the component gives.
  func save() throws(PluginError) -> [UInt8] {
    let answer = try call("save")
    guard let bytes = answer["state"]?.string.flatMap(Base64.bytes) else {
      throw request.error(.output, hook: "save", "it gave no state")
    }
    return bytes
  }

  /// A saved state must be of a form that this host reads, and of a component that has some.
  func require(
    _ envelope: StateEnvelope,
    version: UInt32,
    hasState: Bool
  ) throws(PluginError) {
    guard envelope.version == version else {
      throw request.error(
        .state,
        hook: "load",
        "the saved state has version \(envelope.version), this host reads \(version)",
        cure: "resume with the Stepwise that wrote it"
      )
    }
    guard hasState || envelope.payload.isEmpty else {
      throw request.error(
        .state,
        hook: "load",
        "it has no state, and \(envelope.payload.count) bytes were saved for it",
        cure: "resume with the version of the plugin that the run was started with"
      )
    }
  }

  /// Hands a state to a new object in place of the present one; that stays when the state is refused.
  func load(_ bytes: [UInt8]) throws(PluginError) {
    do {
      _ = try call("load") { $0.field("state", Base64.text(of: bytes)) }
    } catch {
      var error = error
      if case .refused = error.problem { error.problem = .state }
      throw error
    }
    lostState = nil
  }
}

/// How long to wait before an interpreter is started again: at once after the first failure, then ever longer.
private struct RestartDelay {
  private var failures = 0
  private static let longest = 10_000

  mutating func note() { failures += 1 }
  mutating func reset() { failures = 0 }

  func wait() {
    guard failures > 1 else { return }
    usleep(UInt32(min(Self.longest, 100 << min(failures - 2, 10))) * 1000)
  }
}
