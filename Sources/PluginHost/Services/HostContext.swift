import CStepwisePlugin
import Glibc
import Synchronization

/// The host's side of one instance: the C table of services and what its functions need.
///
/// Unchecked because what changes is atomic, the table is constant, and the closures are Sendable.
final class HostContext: @unchecked Sendable {
  /// What the contract allows at the moment.
  enum Phase: Int {
    /// In `create` and `load`: nothing.
    case creating
    /// From `init` on: everything.
    case ready
    /// In `destroy`: `log` and `deallocate`.
    case destroying
  }

  let services: HostServices
  let label: String
  let resourceDirectory: stepwise_text
  /// The table that the plugin holds; lives as long as this object.
  let table: UnsafeMutablePointer<stepwise_host>
  private let resourceBytes: UnsafeMutableBufferPointer<CChar>
  private let phase = Atomic<Int>(Phase.creating.rawValue)
  private let deadline = Atomic<UInt64>(.max)
  private let firstViolation = Mutex<String?>(nil)
  private let hasWarnedOfMode = Atomic<Bool>(false)

  init(services: HostServices, label: String, resourceDirectory: String) {
    self.services = services
    self.label = label
    let bytes = Array(resourceDirectory.utf8)
    resourceBytes = .allocate(capacity: max(bytes.count, 1))
    for (index, byte) in bytes.enumerated() {
      resourceBytes.initializeElement(at: index, to: CChar(bitPattern: byte))
    }
    self.resourceDirectory = stepwise_text(
      data: UnsafePointer(resourceBytes.baseAddress),
      size: UInt64(bytes.count)
    )
    table = .allocate(capacity: 1)
    table.initialize(to: hostTable(services))
    table.pointee.context = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    table.deallocate()
    resourceBytes.deallocate()
  }

  /// The context behind a table that a plugin hands back.
  static func of(_ host: UnsafePointer<stepwise_host>?) -> HostContext {
    Unmanaged<HostContext>.fromOpaque(host!.pointee.context).takeUnretainedValue()
  }

  func enter(_ phase: Phase) { self.phase.store(phase.rawValue, ordering: .releasing) }

  /// Whether a service may be used now. A use against the contract is kept, for the error that follows.
  func allows(_ service: StaticString, whileDestroying: Bool = false) -> Bool {
    switch Phase(rawValue: phase.load(ordering: .acquiring))! {
    case .ready: return true
    case .destroying where whileDestroying: return true
    case .creating: note("called \(service) in create or load, where no service may be used")
    case .destroying:
      note("called \(service) in destroy, where only log and deallocate may be used")
    }
    return false
  }

  private func note(_ violation: String) {
    firstViolation.withLock { if $0 == nil { $0 = violation } }
  }

  /// The first use against the contract since the last time this was asked.
  func takeViolation() -> String? {
    firstViolation.withLock { violation in
      defer { violation = nil }
      return violation
    }
  }

  /// Says once that a function left another floating-point mode than it found; training's bits would depend on it.
  func warnOfMode(_ hook: String) {
    if hasWarnedOfMode.exchange(true, ordering: .relaxed) { return }
    services.log(.warning, label, "\(hook) \(floatingPointWarning)")
  }

  /// Starts the clock of a call.
  func beginCall() {
    guard let budget = services.callBudget else { return }
    let (seconds, attoseconds) = budget.components
    let nanoseconds = UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    deadline.store(Self.now() + nanoseconds, ordering: .relaxed)
  }

  /// Nanoseconds left to the call.
  func remaining() -> UInt64 {
    let end = deadline.load(ordering: .relaxed)
    if end == .max { return .max }
    let now = Self.now()
    return end > now ? end - now : 0
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
