import Glibc
import PluginHost

/// A program that building a plugin needs.
struct BuildTool: Equatable {
  /// Its name in PATH.
  var name: String
  /// What to do where it is missing.
  var cure: String

  static let make = BuildTool(
    name: "make",
    cure: "Install it: `apt-get install make`."
  )
  static let compilers: [(suffix: String, tool: BuildTool)] = [
    (
      "Package.swift",
      BuildTool(
        name: "swift",
        cure: "Install a Swift toolchain from https://www.swift.org/install."
      )
    ),
    (
      ".rs",
      BuildTool(
        name: "rustc",
        cure: "Install it: `apt-get install rustc`, or from https://rustup.rs. Cargo is not needed."
      )
    ),
    (".cpp", BuildTool(name: "c++", cure: "Install it: `apt-get install g++`.")),
    (".c", BuildTool(name: "cc", cure: "Install it: `apt-get install gcc libc6-dev`.")),
    (".py", BuildTool(name: "python3", cure: "Install it: `apt-get install python3`.")),
  ]

  /// What the plugin in a folder needs and PATH does not have, in words; `nil` where all is there.
  static func missing(in folder: String) -> String? {
    let names = (try? PluginFolder.names(in: folder)) ?? []
    let compiler = compilers.first { suffix, _ in names.contains { $0.hasSuffix(suffix) } }?.tool
    let lacking = ([make] + (compiler.map { [$0] } ?? [])).filter { $0.path == nil }
    guard !lacking.isEmpty else { return nil }
    return lacking.map { "\($0.name) is not in PATH, and building needs it. \($0.cure)" }
      .joined(separator: "\n")
  }

  /// Where it is, by PATH.
  var path: String? {
    let folders = TerminalDevice.environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
    return folders.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  /// The version of the Swift compiler in PATH, as a manifest names it; `nil` where there is none.
  static func swiftVersion() -> String? {
    guard let swift = compilers[0].tool.path,
      let output = try? Subprocess.output(swift, ["--version"]),
      let match = output.firstMatch(of: /Swift version ([0-9]+(?:\.[0-9]+)*)/)
    else { return nil }
    return String(match.output.1)
  }
}
