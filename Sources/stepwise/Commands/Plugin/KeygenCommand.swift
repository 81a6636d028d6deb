import ArgumentParser
import Glibc
import PluginPackages

/// `stepwise plugin keygen`: a key pair in minisign's form.
struct PluginKeygenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen",
    abstract: "Make a key pair for signing packages.",
    discussion: """
      Both files have minisign's form: minisign signs with the secret key and verifies with the public \
      one. Without arguments they are signing.key and signing.pub in the user's configuration folder.
      """
  )

  @Option(
    name: .customLong("secret"),
    help: ArgumentHelp("The secret key's file.", valueName: "file")
  )
  var secretFile: String?

  @Option(
    name: .customLong("public"),
    help: ArgumentHelp("The public key's file.", valueName: "file")
  )
  var publicFile: String?

  @Option(help: "The public key's comment: who you are.")
  var comment: String?

  @Flag(help: "Leave the secret key unencrypted (minisign -W).")
  var noPassword = false

  @Flag(
    help:
      "Write over a key that is there. What it signed can be verified for ever, but no more be signed."
  )
  var force = false

  @OptionGroup var passwords: PasswordOptions

  func run() throws {
    let (secret, pub) = (secretFile ?? SigningKey.secret, publicFile ?? SigningKey.public)
    for path in [secret, pub] where access(path, F_OK) == 0 && !force {
      throw PackageError(
        .conflict,
        path,
        "there is a key already",
        cure: "name other files with --secret and --public, or pass --force"
      )
    }
    let password = noPassword ? nil : try passwords.password(for: secret, isNew: true)
    let key = try MinisignSecretKey.generate()
    var publicKey = key.publicKey
    if let comment { publicKey.comment = comment }
    for path in [secret, pub] { try OutputFile.makeFolder(of: path) }
    // For its owner alone before there is anything in it.
    try OutputFile.write(Array(try key.fileText(password: password).utf8), to: secret, mode: 0o600)
    try OutputFile.write(Array(publicKey.fileText.utf8), to: pub)
    try StandardOutput.write(
      """
      key     \(publicKey.id)
      secret  \(secret)
      public  \(pub)
      word    \(publicKey.base64)

      """
    )
  }
}
