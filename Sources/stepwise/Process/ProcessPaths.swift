import FoundationEssentials
import Glibc

/// Where the process runs and what belongs to it.
enum ProcessPaths {
  /// The folder of the executable, links resolved.
  static let executableDirectory: String = {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes {
      readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    let path = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }()

  /// The current directory.
  static var workingDirectory: String { FileManager.default.currentDirectoryPath }

  /// The folders of the plugins that come with this program.
  static let shippedPluginDirectories = [
    "\(executableDirectory)/plugins", "\(executableDirectory)/../lib/stepwise/plugins",
  ]

  /// The folders in which plugins are looked for: the user's choice, then those beside the executable and installed ones.
  static var pluginSearchPaths: [String] {
    let environment = TerminalDevice.environment
    let chosen = (environment("STEPWISE_PLUGIN_PATH") ?? "").split(separator: ":").map(String.init)
    let data =
      environment("XDG_DATA_HOME").flatMap { $0.isEmpty ? nil : $0 }
      ?? (environment("HOME") ?? "") + "/.local/share"
    let usual = shippedPluginDirectories + ["\(data)/stepwise/plugins"]
    // A folder that somebody named and that is not there is a mistake; the usual ones may be missing.
    return chosen + usual.filter { FileManager.default.fileExists(atPath: $0) }
  }
}
