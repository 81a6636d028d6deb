import PluginHost

/// A plugin's error with the place in the configuration that asked for the plugin.
struct SlotError: Error, CustomStringConvertible {
  /// File and line, or the argument.
  var place: String
  /// `strategy`, `prompts`, `rewards.0` ...
  var slot: String
  /// What is wrong with the plugin.
  var error: PluginError

  var description: String {
    let text = "\(place): \(slot): \(error)"
    return text.hasSuffix("?") || text.hasSuffix(".") ? text : text + "."
  }

  /// Whether what the configuration says is wrong, rather than the plugin.
  var isMistakeInConfiguration: Bool {
    switch error.problem {
    case .notFound, .ambiguous, .parameters: return true
    default: return false
    }
  }
}
