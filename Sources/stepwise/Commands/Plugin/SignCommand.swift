import ArgumentParser
import Glibc
import PluginHost
import PluginPackages

/// `stepwise plugin sign`.
struct PluginSignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a package.",
    discussion: """
      Writes FILE.minisig, which `minisign -Vm FILE -P KEY` verifies, and FILE.pub with the public key for \
      those who have none yet. The package is unpacked and checked before.
      """
  )

  @Argument(help: "The package.")
  var file: String

  @Option(name: .shortAndLong, help: "The secret key's file; default: that of `plugin keygen`.")
  var key: String?

  @OptionGroup var passwords: PasswordOptions

  func run() throws {
    let package = try PackageFile(contentsOf: file)
    let contents = try PackageContents(unpacking: package.bytes, subject: file)
    let path = key ?? SigningKey.secret
    let bytes = try InputFile.bytes(path)
    let needsPassword = MinisignSecretKey.needsPassword(bytes) ?? false
    let secret = try MinisignSecretKey(
      bytes,
      password: needsPassword ? try passwords.password(for: path) : nil,
      subject: path
    )
    let name = file.split(separator: "/").last.map(String.init) ?? file
    let signature = secret.sign(package.bytes, name: name, time: time(nil))
    try OutputFile.write(Array(signature.fileText.utf8), to: file + MinisignSignature.suffix)
    let publicKey = Self.publicKey(of: secret, at: path)
    try OutputFile.write(Array(publicKey.fileText.utf8), to: file + ".pub")
    try StandardOutput.write(
      PackageReport.rows([
        ("plugin", "\(contents.manifest.id) \(contents.manifest.version)"),
        ("signature", file + MinisignSignature.suffix),
        ("key", "\(secret.publicKey.id) (\(file).pub)"),
        ("verify", "minisign -Vm \(file) -P \(secret.publicKey.base64)"),
      ])
    )
  }

  /// The public key, with the comment that its owner gave it where its file lies beside the secret one: NAME.key, NAME.pub.
  private static func publicKey(of secret: MinisignSecretKey, at path: String) -> MinisignPublicKey
  {
    let beside = (path.hasSuffix(".key") ? String(path.dropLast(4)) : path) + ".pub"
    let key = (try? InputFile.bytes(beside)).flatMap {
      try? MinisignPublicKey($0, subject: beside)
    }
    return key == secret.publicKey ? key! : secret.publicKey
  }
}
