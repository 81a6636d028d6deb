import Components
import PluginHost
import Synchronization
import Tokenizers

/// The tokenizer of a run, for plugins: they are loaded before it where it is made from their rows.
final class TokenizerBox: Sendable {
  private let tokenizer = Mutex<Tokenizer?>(nil)

  /// There is no tokenizer yet.
  struct NotReady: Error, CustomStringConvertible {
    var description: String { "the run has no tokenizer before its datasets are loaded" }
  }

  func set(_ value: Tokenizer) { tokenizer.withLock { $0 = value } }

  func get() throws -> Tokenizer {
    guard let value = tokenizer.withLock({ $0 }) else { throw NotReady() }
    return value
  }
}

extension HostServices {
  /// What a run gives to its plugins.
  static func run(tokenizer: TokenizerBox, notices: NoticeBoard) -> HostServices {
    var services = HostServices()
    services.log = { level, label, message in
      guard level.rawValue >= LogLevel.warning.rawValue else { return }
      notices.post("\(label): \(message)")
    }
    services.isCancelled = { StopRequest.isPending }
    services.encode = { try tokenizer.get().encode($0, addSpecialTokens: false) }
    services.decode = { ids, keepSpecialTokens in
      try tokenizer.get().decode(ids, skipSpecialTokens: !keepSpecialTokens)
    }
    return services
  }
}
