import ArgumentParser
import FoundationEssentials
import Glibc
import PluginPackages
import RunStore

/// `stepwise plugin lock`: which bytes of which plugins a configuration is for.
struct PluginLockCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lock",
    abstract: "Write or check stepwise.lock: the exact plugins of a configuration or a run.",
    discussion: """
      The lock lies beside the configuration; `stepwise train` refuses other bytes than it names. Of a run's \
      directory, the plugins are those that the run has used. None of their code runs.
      """
  )

  @Argument(help: "CONFIG.yaml or a run's directory, then key=value ...")
  var arguments: [String]

  @Flag(help: "Compare what is there now with the lock, or with what the run used; write nothing.")
  var check = false

  @Option(
    name: .shortAndLong,
    help: "The lock's file; default: stepwise.lock beside the configuration."
  )
  var output: String?

  func validate() throws {
    guard let first = arguments.first, !first.contains("=") else {
      throw ValidationError("Give a configuration or a run's directory.")
    }
  }

  func run() throws {
    let path = arguments[0]
    let isRun = access(path + "/config.yaml", F_OK) == 0
    let file = isRun ? path + "/config.yaml" : path
    let loaded = try RunConfiguration.load(
      yaml: try InputFile.text(file),
      file: file,
      overrides: Array(arguments.dropFirst())
    )
    let target = output ?? loaded.standardLockFile
    if check {
      let lock = isRun && output == nil ? try recorded(path) : nil
      if let lock {
        try lock.check(loaded: try loaded.identifyPlugins(), path: path)
      } else {
        try loaded.checkLock(target)
      }
      return try StandardOutput.write(
        "\(isRun ? path : target): all plugins are those of the lock\n"
      )
    }
    let lock = isRun ? try recorded(path) : PluginLock(loaded: try loaded.identifyPlugins())
    try lock.write(to: target, configuration: loaded.lockName)
    try StandardOutput.write(
      PackageReport.rows(
        lock.plugins.map { ($0.slot, "\($0.id) \($0.version) (sha256 \($0.digest.prefix(12)))") }
      ) + "\(lock.plugins.count) plugins in \(target)\n"
    )
  }

  /// What a run has used, by its own record.
  private func recorded(_ run: String) throws -> PluginLock {
    let file = "\(run)/provenance.json"
    let provenance: Provenance
    do {
      provenance = try JSONDecoder().decode(Provenance.self, from: Data(try InputFile.bytes(file)))
    } catch is DecodingError {
      throw RunStoreError.damaged(path: file, reason: "not a provenance record")
    }
    let receipts = try Receipts().all()
    return PluginLock(
      provenance.plugins.map { plugin in
        PluginLock.Entry(
          slot: plugin.slot,
          id: plugin.id,
          version: plugin.version,
          digest: plugin.digest,
          manifestDigest: plugin.manifestDigest,
          signer: receipts.first { $0.manifestDigest == plugin.manifestDigest }?.signer
        )
      }
    )
  }
}
