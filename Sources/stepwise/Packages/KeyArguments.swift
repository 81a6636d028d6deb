import ArgumentParser
import Glibc
import PluginPackages

/// Public keys as people give them.
enum PublicKeyArgument {
  /// Reads a key from a file, or from the word that `minisign -P` takes.
  static func read(_ text: String) throws -> MinisignPublicKey {
    let isWord = text.utf8.count == 56 && text.hasPrefix("RW") && access(text, F_OK) != 0
    let bytes = isWord ? Array(text.utf8) : try InputFile.bytes(text)
    return try MinisignPublicKey(bytes, subject: isWord ? "the key given" : text)
  }
}

/// Where the user's own key pair lies unless told.
enum SigningKey {
  static var secret: String { StepwiseFolders.user.configuration + "/signing.key" }
  static var `public`: String { StepwiseFolders.user.configuration + "/signing.pub" }
}

/// Where the password of a secret key comes from.
struct PasswordOptions: ParsableArguments {
  static let variable = "STEPWISE_KEY_PASSWORD"

  @Option(
    help: ArgumentHelp(
      "A file whose first line is the password; else STEPWISE_KEY_PASSWORD, else it is asked for.",
      valueName: "file"
    )
  )
  var passwordFile: String?

  /// The password.
  ///
  /// - Parameter isNew: asks twice.
  func password(for subject: String, isNew: Bool = false) throws -> [UInt8] {
    if let passwordFile {
      let bytes = try InputFile.bytes(passwordFile)
      return Array(bytes.prefix { $0 != 0x0A && $0 != 0x0D })
    }
    if let text = TerminalDevice.environment(Self.variable) { return Array(text.utf8) }
    guard let terminal = Terminal() else {
      throw PackageError(
        .key,
        subject,
        "the secret key needs its password, and there is no terminal to ask",
        cure: "set \(Self.variable) or give --password-file"
      )
    }
    let password = try terminal.secret("Password of \(subject): ")
    guard isNew else { return password }
    guard try terminal.secret("The same once more: ") == password else {
      throw PackageError(.key, subject, "the two passwords differ", cure: "start again")
    }
    return password
  }
}
