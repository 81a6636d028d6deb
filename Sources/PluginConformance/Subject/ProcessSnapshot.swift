import Glibc

/// What belongs to the process and not to a plugin.
struct ProcessSnapshot {
  /// Parts by name, as text, in the order in which they are reported.
  private(set) var parts: [(name: String, value: String)] = []

  init() {
    parts.append(("the working directory", Self.workingDirectory))
    parts.append(("the locale", setlocale(LC_ALL, nil).map { String(cString: $0) } ?? ""))
    parts.append(("the umask", Self.statusLine("Umask")))
    parts.append(("the blocked signals", Self.statusLine("SigBlk")))
    parts.append(("the ignored signals", Self.statusLine("SigIgn")))
    parts.append(("the signals with a handler", Self.caughtSignals))
    for signal in Int32(1)..<32 {
      parts.append(("the handler of signal \(signal)", Self.handler(signal)))
    }
    parts.append(("a timer", Self.timer))
    for number in Int32(0)...2 {
      parts.append(("descriptor \(number)", Self.link(number) ?? "closed"))
    }
    parts.append(("the environment's variables", Self.environment.joined(separator: "\n")))
  }

  /// The first part that is another one now, with both values.
  func firstDifference(from old: ProcessSnapshot) -> String? {
    for (before, after) in zip(old.parts, parts) where before.value != after.value {
      if before.name == "the environment's variables" {
        return "\(before.name): \(Self.lineDifference(before.value, after.value))"
      }
      return "\(before.name): it was \(Self.shown(before.value)), it is \(Self.shown(after.value))"
    }
    return nil
  }

  private static func shown(_ value: String) -> String { value.isEmpty ? "empty" : value }

  private static func lineDifference(_ before: String, _ after: String) -> String {
    let old = Set(before.split(separator: "\n"))
    let new = Set(after.split(separator: "\n"))
    let added = new.subtracting(old).min().map { "\($0) is there now" }
    return added ?? old.subtracting(new).min().map { "\($0) is gone" } ?? "their order"
  }

  private static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "gone" }
    defer { free(path) }
    return String(cString: path)
  }

  /// Without 32 and 33, which the C library takes for itself with the first thread.
  private static var caughtSignals: String {
    let line = statusLine("SigCgt")
    guard let bits = UInt64(line, radix: 16) else { return line }
    return String(bits & ~(3 << 31), radix: 16)
  }

  private static func handler(_ signal: Int32) -> String {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return "" }
    return withUnsafeBytes(of: action.__sigaction_handler) { bytes in
      bytes.map { String($0, radix: 16) }.joined(separator: " ")
    }
  }

  private static var timer: String {
    var timer = itimerval()
    getitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer)
    return timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0 ? "off" : "running"
  }

  private static var environment: [String] {
    var entries: [String] = []
    var next = environ
    while let entry = next.pointee {
      entries.append(String(cString: entry))
      next += 1
    }
    return entries
  }

  /// A line of /proc/self/status.
  static func statusLine(_ key: String) -> String {
    for line in ProcessFacts.status where line.hasPrefix(key + ":") {
      return String(line.dropFirst(key.utf8.count + 1)).trimmed
    }
    return ""
  }

  /// Where a descriptor leads, or `nil` where it is closed.
  private static func link(_ number: Int32) -> String? {
    var buffer = [CChar](repeating: 0, count: 512)
    let count = readlink("/proc/self/fd/\(number)", &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Numbers of this process that a plugin's use of it shows in.
enum ProcessFacts {
  /// The lines of /proc/self/status.
  static var status: [String] {
    text("/proc/self/status").split(separator: "\n").map(String.init)
  }

  /// Threads that are alive.
  static var threads: Int { Int(ProcessSnapshot.statusLine("Threads")) ?? 0 }

  /// Open descriptors.
  static var descriptors: Int {
    guard let directory = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    // `.`, `..` and the directory itself.
    return count - 3
  }

  /// Memory that is resident, in bytes.
  static var residentBytes: Int {
    let pages = text("/proc/self/statm").split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return (pages ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static func text(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
