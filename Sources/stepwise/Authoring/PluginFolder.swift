import FoundationEssentials
import Glibc
import PluginHost

/// The folder of a plugin that somebody is writing.
struct PluginFolder {
  /// Why a folder cannot be worked with.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// The folder as the user named it.
  let path: String

  /// - Throws: `UsageError` where it is no plugin's folder.
  init(_ path: String) throws {
    self.path = path
    for file in [PluginManifest.fileName, "Makefile"]
    where access("\(path)/\(file)", F_OK) != 0 {
      throw UsageError(
        error: Failure(
          description:
            "\(path) has no \(file), so it is not the folder of a plugin's source. Name the folder, or make one with "
            + "`\(ProcessPaths.program) plugin new`."
        )
      )
    }
  }

  /// What a Makefile of a plugin may count on: where headers and SDK of this Stepwise are.
  static func environment(_ layout: InstallLayout = .current) throws -> [String: String] {
    let search = TerminalDevice.environment("PKG_CONFIG_PATH").map { $0.isEmpty ? "" : ":\($0)" }
    return [
      "STEPWISE_SDK": try layout.path(of: .sdk),
      "STEPWISE_INCLUDE": try layout.path(of: .headers),
      "PKG_CONFIG_PATH": try layout.path(of: .pkgConfig) + (search ?? ""),
    ]
  }

  /// Runs the plugin's Makefile.
  ///
  /// - Parameter targets: what to make; none builds.
  /// - Returns: how make ended, or `nil` where the user interrupted.
  func make(_ targets: [String] = []) throws -> ChildProcess.Exit? {
    if let missing = BuildTool.missing(in: path) { throw Failure(description: missing) }
    return try Subprocess.run(
      BuildTool.make.path ?? "make",
      ["--no-print-directory", "-C", path] + targets,
      environment: try Self.environment()
    )
  }

  /// The files that the plugin is made from, with the times at which they were changed: for `dev`, which builds again when this
  /// differs.
  func sources() -> [String: Stamp] {
    var stamps: [String: Stamp] = [:]
    collect("", into: &stamps)
    return stamps
  }

  /// What tells that a file was written.
  struct Stamp: Equatable {
    var seconds: Int
    var nanoseconds: Int
    var size: Int
    var inode: UInt64

    init(_ status: stat) {
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
      size = status.st_size
      inode = UInt64(status.st_ino)
    }
  }

  private func collect(_ folder: String, into stamps: inout [String: Stamp]) {
    for name in (try? Self.names(in: folder.isEmpty ? path : "\(path)/\(folder)")) ?? [] {
      // Hidden files and what a build writes are no source: watching them would build for ever.
      if name.hasPrefix(".") || name == "__pycache__" || name.hasSuffix(".so") { continue }
      let relative = folder.isEmpty ? name : "\(folder)/\(name)"
      var status = stat()
      guard stat("\(path)/\(relative)", &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        collect(relative, into: &stamps)
      } else {
        stamps[relative] = Stamp(status)
      }
    }
  }

  /// The stamp of one file; `nil` where it is not there.
  static func stamp(of file: String) -> Stamp? {
    var status = stat()
    return stat(file, &status) == 0 ? Stamp(status) : nil
  }

  static func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }
}
