import CStepwisePlugin
import Components

/// One instance of a component: its handle, its services and its life. It is destroyed exactly once, when nobody holds it.
final class PluginInstance {
  let request: ComponentRequest
  let handle: OpaquePointer
  private let factory: stepwise_factory
  private let context: HostContext
  private let gate: CallGate
  /// More than any message that a person reads.
  private static let messageCapacity = 4096

  /// Calls `create`.
  init(_ source: InstanceSource) throws(PluginError) {
    let request = source.request
    let factory = source.factory.table
    self.request = request
    self.factory = factory
    gate = CallGate(isThreadSafe: factory.concurrency == STEPWISE_CONCURRENCY_THREAD_SAFE)
    let manifest = request.plugin.manifestFile
    context = HostContext(
      services: request.services,
      label: request.plugin.label,
      resourceDirectory: manifest.lastIndex(of: "/").map { String(manifest[..<$0]) } ?? "."
    )
    let arena = CallArena()
    var configuration = stepwise_configuration()
    configuration.struct_size = sizeOf(stepwise_configuration.self)
    configuration.host = UnsafePointer(context.table)
    configuration.component = arena.text(request.component.id)
    configuration.label = arena.text(request.plugin.label)
    configuration.parameters = arena.text(source.parameters.json)
    var handle: OpaquePointer?
    var outcome = Outcome()
    outcome.run { factory.create(source.factory.original, &configuration, &handle, $0) }
    withExtendedLifetime(arena) {}
    _ = try outcome.check(request, hook: "create", context: context) {
      // A violation was found after `create` succeeded: what it made must still be destroyed.
      if let handle { factory.destroy(handle) }
    }
    guard let handle else {
      throw request.error(
        .output,
        hook: "create",
        "it answered success and gave no instance",
        cure: "store the instance in *instance"
      )
    }
    self.handle = handle
  }

  deinit {
    let environment = FloatingPointEnvironment()
    context.enter(.destroying)
    gate.withCall(parallel: false) { factory.destroy(handle) }
    environment.restore()
    if let violation = context.takeViolation() {
      context.services.log(.warning, context.label, violation)
    }
  }

  /// Calls a function of the plugin, and turns an error that it answers into a thrown one.
  ///
  /// - Parameters:
  ///   - hook: the function's name, for messages.
  ///   - parallel: whether the contract marks it [parallel].
  ///   - mayDefault: whether STEPWISE_USE_DEFAULT is an answer.
  /// - Returns: whether the function answered; `false` for STEPWISE_USE_DEFAULT.
  func call(
    _ hook: String,
    parallel: Bool = false,
    mayDefault: Bool = false,
    _ body: (UnsafeMutablePointer<stepwise_error>) -> stepwise_status
  ) throws(PluginError) -> Bool {
    context.beginCall()
    var outcome = Outcome()
    gate.withCall(parallel: parallel) { outcome.run(body) }
    if outcome.hasChangedMode { context.warnOfMode(hook) }
    let status = try outcome.check(request, hook: hook, context: context) {}
    if status == STEPWISE_OK { return true }
    if status == STEPWISE_USE_DEFAULT && mayDefault { return false }
    throw request.error(
      .output,
      hook: hook,
      "it answered the status \(status), which it may not",
      cure: "return STEPWISE_OK or an error"
    )
  }

  /// Calls `init`. From here on the services may be used.
  func start() throws(PluginError) {
    context.enter(.ready)
    guard let start = factory.`init` else { return }
    _ = try call("init") { start(handle, $0) }
  }

  /// Calls `reconfigure`.
  func reconfigure(_ json: String) throws(PluginError) {
    guard let reconfigure = factory.reconfigure else {
      throw request.error(
        .parameters,
        hook: "reconfigure",
        "the library has no reconfigure",
        cure: "start a new run, or take 'changeable' off the manifest"
      )
    }
    let arena = CallArena()
    let text = arena.text(json)
    _ = try call("reconfigure") { reconfigure(handle, text, $0) }
    withExtendedLifetime(arena) {}
  }

  // MARK: - State

  var hasState: Bool { factory.save != nil }
  var stateVersion: UInt32 { factory.state_version }

  /// Calls `save` and collects what it writes.
  func save() throws(PluginError) -> [UInt8] {
    guard let save = factory.save else { return [] }
    let collector = StateCollector()
    var writer = collector.writer()
    _ = try call("save") { save(handle, &writer, $0) }
    return collector.bytes
  }

  /// Calls `load`.
  ///
  /// - Parameter chunk: at most so many bytes are given at once; less than all in tests of the plugin.
  func load(_ bytes: [UInt8], version: UInt32, chunk: Int = .max) throws(PluginError) {
    guard let load = factory.load else {
      throw request.error(
        .state,
        hook: "load",
        "it has no state, and \(bytes.count) bytes were saved for it",
        cure: "resume with the version of the plugin that the run was started with"
      )
    }
    let supplier = StateSupplier(bytes, chunk: chunk)
    var reader = supplier.reader()
    do {
      _ = try call("load") { load(handle, version, &reader, $0) }
    } catch {
      var error = error
      if case .refused(Int32(STEPWISE_ERROR_STATE)) = error.problem { error.problem = .state }
      throw error
    }
  }
}

/// The status of one call with the message that came with it.
private struct Outcome {
  private var status = stepwise_status(STEPWISE_OK)
  private var message = ""
  /// Whether the function left another floating-point mode than it found.
  private(set) var hasChangedMode = false

  /// Runs a plugin's function with room for a message, and puts the floating-point mode back.
  mutating func run(_ body: (UnsafeMutablePointer<stepwise_error>) -> stepwise_status) {
    let environment = FloatingPointEnvironment()
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
      var error = stepwise_error()
      error.struct_size = sizeOf(stepwise_error.self)
      error.message = buffer.baseAddress
      error.capacity = UInt64(buffer.count)
      status = body(&error)
      hasChangedMode = environment.restore()
      if error.size > 0 {
        let size = min(error.size, UInt64(buffer.count))
        message = displayString(stepwise_text(data: buffer.baseAddress, size: size))
      }
    }
  }

  func check(
    _ request: ComponentRequest,
    hook: String,
    context: HostContext,
    onViolation: () -> Void
  ) throws(PluginError) -> stepwise_status {
    let violation = context.takeViolation()
    if status < 0 {
      throw request.error(
        .refused(status: status),
        hook: hook,
        message.isEmpty ? Self.words(status) : message
      )
    }
    if let violation {
      onViolation()
      throw request.error(.output, hook: hook, "it \(violation)", cure: "move the call into init")
    }
    return status
  }

  /// What a status says where the plugin says nothing.
  private static func words(_ status: stepwise_status) -> String {
    let words: [Int: String] = [
      Int(STEPWISE_ERROR_ARGUMENT): "an argument is wrong",
      Int(STEPWISE_ERROR_UNSUPPORTED): "something that it needs is not supported",
      Int(STEPWISE_ERROR_STATE): "the saved state is not one of its own",
      Int(STEPWISE_ERROR_MEMORY): "out of memory",
      Int(STEPWISE_ERROR_CANCELLED): "cancelled",
      Int(STEPWISE_ERROR_DEADLINE): "the deadline passed",
      Int(STEPWISE_ERROR_CAPACITY): "the output does not fit",
      Int(STEPWISE_ERROR_IO): "something outside failed",
      Int(STEPWISE_ERROR_DATA): "the data are wrong",
    ]
    return (words[Int(status)] ?? "it failed") + " (status \(status), without a message)"
  }
}
