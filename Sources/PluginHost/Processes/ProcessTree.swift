import CPlatform
import Glibc

/// A process and what came from it, as /proc shows them.
struct ProcessTree {
  /// The process at the top; a child of this one that was not reaped, so that the number is its own.
  let root: pid_t
  let pidfd: Int32
  /// The value of `ChildProcess.markVariable` in the environment of all that came from it.
  let mark: String
  /// A killed process is gone within a millisecond or two; one that hangs in the kernel is not waited for longer.
  private static let patience: Int32 = 2000

  /// Kills everything below the top, then the top, and takes the ends of all but the top.
  func kill() {
    // A process that is stopped makes no more children, and nothing can catch SIGSTOP.
    platform_pidfd_signal(pidfd, SIGSTOP)
    var found: [pid_t: Descriptor] = [:]
    // Each round kills all that it sees; only what was being made at that moment is left for the next.
    for _ in 0..<Self.patience {
      let others = others()
      for process in others where found[process.id] == nil { found[process.id] = process.open() }
      let alive = others.filter(\.isAlive)
      if alive.isEmpty { break }
      for process in alive {
        if let other = found[process.id] { platform_pidfd_signal(other.number, SIGKILL) }
      }
      usleep(1000)
    }
    platform_pidfd_signal(pidfd, SIGKILL)
    var entry = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
    poll(&entry, 1, Self.patience)
    // Its end made this process the parent of what is left of the others.
    for other in found.values {
      entry = pollfd(fd: other.number, events: Int16(POLLIN), revents: 0)
      poll(&entry, 1, Self.patience)
      platform_reap(other.number)
    }
  }

  /// All that came from the top, without the top.
  private func others() -> [ProcessEntry] {
    let all = ProcessEntry.all()
    var family: Set<pid_t> = [root]
    var count = 0
    while count != family.count {
      count = family.count
      for process in all {
        if family.contains(process.parent) || process.group == root || process.session == root {
          family.insert(process.id)
        }
      }
    }
    let host = getpid()
    return all.filter { process in
      if process.id == root { return false }
      if family.contains(process.id) { return true }
      // An orphan comes to this process; what tells whose it was is its environment.
      return process.parent == host && process.hasVariable(ChildProcess.markVariable, mark)
    }
  }
}

/// A line of /proc.
struct ProcessEntry {
  var id: pid_t
  var parent: pid_t
  var group: pid_t
  var session: pid_t
  /// When it started: with the number, this is unique.
  var start: UInt64
  /// Whether it is more than an entry that waits for its parent.
  var isAlive: Bool

  init?(_ id: pid_t) {
    guard let bytes = try? Files.readStream("/proc/\(id)/stat", limit: 4096),
      // The name stands in parentheses and may contain anything.
      let end = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
    func number(_ index: Int) -> UInt64? {
      fields.indices.contains(index) ? UInt64(String(decoding: fields[index], as: UTF8.self)) : nil
    }
    guard let state = fields.first?.first, let parent = number(1), let group = number(2),
      let session = number(3), let start = number(19)
    else { return nil }
    self.id = id
    self.parent = pid_t(truncatingIfNeeded: parent)
    self.group = pid_t(truncatingIfNeeded: group)
    self.session = pid_t(truncatingIfNeeded: session)
    self.start = start
    isAlive = state != UInt8(ascii: "Z") && state != UInt8(ascii: "X")
  }

  /// Every process that can be seen.
  static func all() -> [ProcessEntry] {
    (Files.names(in: "/proc") ?? []).compactMap { pid_t($0).flatMap(ProcessEntry.init) }
  }

  /// A pidfd of this very process, not of one that has its number since.
  func open() -> Descriptor? {
    let file = platform_pidfd_open(id)
    guard file >= 0 else { return nil }
    let descriptor = Descriptor(owning: file)
    return ProcessEntry(id)?.start == start ? descriptor : nil
  }

  func hasVariable(_ name: String, _ value: String) -> Bool {
    guard let bytes = try? Files.readStream("/proc/\(id)/environ", limit: 1 << 22) else {
      return false
    }
    return bytes.split(separator: 0).contains { $0.elementsEqual("\(name)=\(value)".utf8) }
  }
}
