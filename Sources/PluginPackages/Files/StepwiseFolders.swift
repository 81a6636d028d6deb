import Glibc
import PluginHost

/// Where keys, receipts and installed plugins are.
public struct StepwiseFolders: Sendable, Equatable {
  /// `$XDG_CONFIG_HOME/stepwise`.
  public var configuration: String
  /// `$XDG_DATA_HOME/stepwise`.
  public var data: String
  /// Where private copies of libraries are kept: `$XDG_CACHE_HOME/stepwise/images`.
  public var images: String

  /// Folders of a caller's choice.
  public init(configuration: String, data: String, images: String) {
    self.configuration = configuration
    self.data = data
    self.images = images
  }

  /// Those of the user, by the XDG variables and HOME.
  public static var user: StepwiseFolders {
    func folder(_ variable: String, _ otherwise: String) -> String {
      let named = getenv(variable).map { String(cString: $0) } ?? ""
      // A relative path in these variables is invalid and to be ignored, says the XDG specification.
      if named.hasPrefix("/") { return named + "/stepwise" }
      let home = getenv("HOME").map { String(cString: $0) } ?? ""
      return "\(home)/\(otherwise)/stepwise"
    }
    return StepwiseFolders(
      configuration: folder("XDG_CONFIG_HOME", ".config"),
      data: folder("XDG_DATA_HOME", ".local/share"),
      images: ImageStore().directory
    )
  }

  /// Keys, trusted folders, version floors.
  var trust: String { configuration + "/trust" }
  /// The installed plugins, each in a folder of its own.
  public var plugins: String { data + "/plugins" }
  var receipts: String { data + "/receipts" }
}
