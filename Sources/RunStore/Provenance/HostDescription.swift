import FoundationEssentials
import Glibc

/// The machine that a run ran on.
public struct HostDescription: Codable, Sendable, Equatable {
  /// The CPU's model name.
  public var cpu: String
  /// CPUs that the process may use.
  public var cpus: Int
  /// The operating system's name and version.
  public var system: String
  /// Kernel release.
  public var kernel: String
  /// Machine architecture, for example `x86_64`.
  public var architecture: String

  /// Creates a description.
  public init(cpu: String, cpus: Int, system: String, kernel: String, architecture: String) {
    self.cpu = cpu
    self.cpus = cpus
    self.system = system
    self.kernel = kernel
    self.architecture = architecture
  }

  /// This machine.
  public static func current() -> HostDescription {
    var names = utsname()
    uname(&names)
    return HostDescription(
      cpu: value(of: "model name", separator: ":", in: "/proc/cpuinfo") ?? "unknown",
      cpus: ProcessInfo.processInfo.activeProcessorCount,
      system: value(of: "PRETTY_NAME", separator: "=", in: "/etc/os-release") ?? "unknown",
      kernel: text(of: names.release),
      architecture: text(of: names.machine)
    )
  }

  /// The first value of a key in a file of `key SEPARATOR value` lines, without quotes.
  static func value(of key: String, separator: Character, in path: String) -> String? {
    guard let bytes = try? Files.read(path) else { return nil }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: separator, maxSplits: 1)
      guard parts.count == 2, trimmed(parts[0]) == key else { continue }
      return trimmed(parts[1])
    }
    return nil
  }

  private static func trimmed(_ text: Substring) -> String {
    let kept = text.drop { $0.isWhitespace || $0 == "\"" }
    let end = kept.lastIndex { !($0.isWhitespace || $0 == "\"") }
    return end.map { String(kept[...$0]) } ?? ""
  }

  /// `utsname` holds fixed arrays, which Swift imports as tuples.
  private static func text<T>(of field: T) -> String {
    withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
