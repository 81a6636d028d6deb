import ArgumentParser
import FoundationEssentials
import Glibc
import PluginHost

/// `stepwise plugin dev`: build and call, again on every save.
struct PluginDevCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev",
    abstract: "Build a plugin and call it, again each time a source is saved.",
    discussion:
      "A plugin that does not build is shown its errors, and the next save tries again. Ctrl-C ends."
  )

  @Argument(help: "The plugin's folder.")
  var directory = "."

  @Argument(help: "For a reward: the batch. Default: example.jsonl in the folder.")
  var batch: String?

  /// How often sources are looked at. A folder of sources is a handful of files: that costs nothing, works on every file system,
  /// and sees editors that replace files, which inotify on the file would lose.
  private static let period = Duration.milliseconds(150)

  func run() throws {
    let folder = try PluginFolder(directory)
    StopRequest.listen()
    while !StopRequest.isPending {
      // Taken before the build: what is saved meanwhile is built next.
      let built = watched(folder, batch)
      try round(folder, batch)
      if StopRequest.isPending { break }
      try StandardOutput.write("watching \(directory); Ctrl-C ends\n")
      while !StopRequest.isPending, watched(folder, batch) == built { Self.pause() }
    }
  }

  private func watched(_ folder: PluginFolder, _ batch: String?) -> [String: PluginFolder.Stamp] {
    var stamps = folder.sources()
    if let batch { stamps["<batch>"] = PluginFolder.stamp(of: batch) }
    return stamps
  }

  private func round(_ folder: PluginFolder, _ batch: String?) throws {
    guard case .exited(0) = try folder.make() else { return }
    // In a process of its own: whatever the plugin does, the next save finds this one alive.
    let exit = try Subprocess.run(
      try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
      ["plugin", "call"] + (batch.map { [$0] } ?? []) + ["--directory", directory]
    )
    if case .signalled = exit { StandardError.write("stepwise: the call ended by \(exit!)") }
  }

  private static func pause() {
    let (seconds, attoseconds) = period.components
    usleep(UInt32(seconds) * 1_000_000 + UInt32(attoseconds / 1_000_000_000_000))
  }
}
