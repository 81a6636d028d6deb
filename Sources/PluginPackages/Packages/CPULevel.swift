import PluginHost

/// The x86-64 levels of the psABI.
enum CPULevel {
  /// The flags that Linux shows for each level above the first.
  private static let flags: [[String]] = [
    ["cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"],
    ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"],
    ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"],
  ]

  /// The number of `x86-64-v3`; `x86-64` is 1; `nil` for another text.
  static func number(_ text: String) -> Int? {
    switch text {
    case "x86-64", "x86-64-v1": return 1
    case "x86-64-v2": return 2
    case "x86-64-v3": return 3
    case "x86-64-v4": return 4
    default: return nil
    }
  }

  /// The level of this machine; 1 where it cannot be told, on other architectures as well.
  static let current: Int = {
    guard let bytes = try? Files.read("/proc/cpuinfo", limit: 16 << 20) else { return 1 }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") }) else {
      return 1
    }
    let present = Set(line.split(separator: " ").map(String.init))
    return 1 + flags.prefix { $0.allSatisfy(present.contains) }.count
  }()
}
