import Components
import Glibc

/// A call of a reward that failed, kept so that it can be run again: `batch.jsonl`, `request.json` and `error.txt` in a folder
/// `ID-TIME-DIGEST.bundle`.
struct ReplayBundle {
  var request: ComponentRequest
  var parameters: ParameterValue
  var batch: RewardBatch
  var error: PluginError

  /// Writes the folder, which is complete or absent, and answers its path; `nil` where it cannot be written, which the log says.
  func keep() -> String? {
    do {
      let parent = request.services.bundleDirectory ?? Self.usualDirectory
      try Files.makeDirectory(parent)
      let name =
        "\(request.component.id)-\(Self.time())-\(request.plugin.identity.digest.prefix(8))"
      let partial = "\(parent)/.\(name)-\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
      try Files.makeDirectory(partial)
      do {
        try write(to: partial)
        return try Self.rename(partial, to: "\(parent)/\(name)")
      } catch {
        for file in Files.names(in: partial) ?? [] { unlink("\(partial)/\(file)") }
        rmdir(partial)
        throw error
      }
    } catch {
      request.services.log(
        .warning,
        request.plugin.label,
        "the call that failed cannot be kept: \(error)"
      )
      return nil
    }
  }

  private func write(to folder: String) throws {
    try BatchFile.write([batch], to: folder + "/batch.jsonl")
    try Files.writeAtomically(
      Array(description.json.utf8),
      to: folder + "/request.json",
      mode: 0o600
    )
    try Files.writeAtomically(Array("\(error)\n".utf8), to: folder + "/error.txt", mode: 0o600)
  }

  private var description: ParameterValue {
    let plugin = request.plugin
    let budget = request.services.callBudget ?? WorkerSlot.usualBudget
    return .object([
      ParameterEntry("plugin", .string(plugin.identity.id)),
      ParameterEntry("version", .string(plugin.identity.version)),
      ParameterEntry("digest", .string(plugin.identity.digest)),
      ParameterEntry("manifest", .string(plugin.manifestFile)),
      ParameterEntry("parameters", parameters),
      ParameterEntry("hook", .string(error.hook ?? "score")),
      ParameterEntry(
        "deadline",
        .double(
          Double(budget.components.seconds) + Double(budget.components.attoseconds) * 1e-18
        )
      ),
    ])
  }

  /// Gives the folder its name; one that is taken gets a number.
  private static func rename(_ partial: String, to path: String) throws -> String {
    for attempt in 1...1000 {
      let target = attempt == 1 ? "\(path).bundle" : "\(path)-\(attempt).bundle"
      if Glibc.rename(partial, target) == 0 { return target }
      guard errno == ENOTEMPTY || errno == EEXIST else { break }
    }
    throw FileFailure(path: path, operation: "create", code: errno)
  }

  /// `$XDG_STATE_HOME/stepwise/bundles`, or `~/.local/state/stepwise/bundles`.
  private static var usualDirectory: String {
    let variable = { (name: String) -> String? in
      guard let value = getenv(name), value.pointee != 0 else { return nil }
      return String(cString: value)
    }
    let state = variable("XDG_STATE_HOME") ?? (variable("HOME") ?? "/tmp") + "/.local/state"
    return state + "/stepwise/bundles"
  }

  /// `20261121T022851Z`.
  private static func time() -> String {
    var now = Glibc.time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = strftime(&text, text.count, "%Y%m%dT%H%M%SZ", &parts)
    return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
