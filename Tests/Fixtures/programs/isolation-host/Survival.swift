import Components
import Glibc
import PluginHost

/// Lets a plugin misbehave once, and looks at what it left.
///
/// For each case one line, its fields separated by tabs: the case, what the call gave, what the next call gave, and how many
/// descriptors, children, processes with the plugin's image and files in the working directory there are more than before.
struct Survival {
  var bench: Bench
  var seconds: Double

  func run(_ cases: ArraySlice<String>) throws {
    // What the first call of all leaves open, it leaves open once.
    _ = measure("good")
    for fault in cases {
      let before = Surroundings(bench)
      let (first, second) = measure(fault)
      let after = Surroundings(bench)
      let left = zip(after.counts, before.counts).map { String($0 - $1) }
      let changed = after.place == before.place ? "same" : "changed"
      print(([fault, first, second] + left + [changed]).joined(separator: "\t"))
      fflush(nil)
    }
  }

  private func measure(_ fault: String) -> (String, String) {
    do {
      let reward = try bench.reward(.process, seconds: seconds)
      return (outcome(reward, [fault, "good"]), outcome(reward, ["good", "good"]))
    } catch {
      return (describe(error), "-")
    }
  }

  private func outcome(_ reward: any RewardFunction, _ completions: [String]) -> String {
    do {
      return try reward.score(batch(completions)).map {
        if case .score(let value) = $0 { return "\(value)" }
        return "abstained"
      }.joined(separator: " ")
    } catch {
      return describe(error)
    }
  }

  private func describe(_ error: any Error) -> String {
    guard let error = error as? PluginError else { return "\(error)" }
    return "\(error.problem): \(error.message)"
      .split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}

/// What a plugin might change.
struct Surroundings {
  /// Descriptors, children, processes that have the image mapped, files here.
  var counts: [Int]
  /// Folder, locale, rounding mode, signal mask and handler.
  var place: [String]

  init(_ bench: Bench) {
    let host = getpid()
    var children = 0
    var holders = 0
    for name in Self.names("/proc") {
      guard let id = Int32(name), id != host else { continue }
      if Self.text("/proc/\(id)/status").contains("\nPPid:\t\(host)\n") { children += 1 }
      if Self.text("/proc/\(id)/maps").contains(bench.images) { holders += 1 }
    }
    // One of the descriptors is the one that lists them.
    counts = [Self.names("/proc/self/fd").count, children, holders, Self.names(".").count]
    var mask = sigset_t()
    sigprocmask(SIG_SETMASK, nil, &mask)
    var action = sigaction()
    sigaction(SIGTERM, nil, &action)
    place = [
      Self.link("/proc/self/cwd"), String(cString: setlocale(LC_ALL, nil)), "\(fegetround())",
      "\(sigismember(&mask, SIGTERM))", "\(action.sa_flags)",
    ]
  }

  private static func names(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
      )
    }
    return names
  }

  private static func text(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(file, &chunk, chunk.count)
      if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
    }
  }

  private static func link(_ path: String) -> String {
    var target = [UInt8](repeating: 0, count: 4096)
    let count = target.withUnsafeMutableBytes {
      readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    return String(decoding: target.prefix(max(0, count)), as: UTF8.self)
  }
}
