import Foundation
import Glibc
import PluginHost
import PluginPackages

/// A folder that goes with the test, with a home of its own in it.
final class Scratch {
  let path: String
  var folders: StepwiseFolders { home("home") }
  var store: TrustStore { TrustStore(folders) }
  var installer: Installer { Installer(folders) }
  var receipts: Receipts { Receipts(folders) }

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(
      path: "stepwise-packages-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString)"
    ).path()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func home(_ name: String) -> StepwiseFolders {
    StepwiseFolders(
      configuration: "\(path)/\(name)/config/stepwise",
      data: "\(path)/\(name)/data/stepwise",
      images: "\(path)/\(name)/cache/stepwise/images"
    )
  }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: URL(filePath: file).deletingLastPathComponent().path(),
      withIntermediateDirectories: true
    )
    try Data(bytes).write(to: URL(filePath: file))
    return file
  }

  /// A plugin's folder whose code is Python: small packages, no compiler.
  func python(
    _ id: String = "org.example.reward.tiny",
    version: String = "1.0.0",
    code: String = "def reward(completions, **kwargs):\n    return [0.0 for _ in completions]\n",
    extra: String = ""
  ) throws -> String {
    let folder = "plugin-\(id)-\(version)"
    let manifest = """
      manifest: 1
      id: \(id)
      kinds: [reward]
      version: \(version)
      abi: "1.0"
      summary: A tiny plugin for tests.
      runtime: python
      python: { file: reward.py }
      \(extra)
      """
    _ = try write("\(folder)/plugin.yaml", Array(manifest.utf8))
    _ = try write("\(folder)/reward.py", Array(code.utf8))
    _ = try write("\(folder)/LICENSE", Array("Apache-2.0\n".utf8))
    return "\(path)/\(folder)"
  }

  /// A plugin's folder with a compiled library.
  func native(_ library: [UInt8], extra: String = "") throws -> String {
    let manifest = """
      # A comment that must stay.
      manifest: 1
      id: org.example.reward.native
      kinds: [reward]
      version: 1.0.0
      abi: "1.0"
      summary: A native plugin for tests.
      variants:
        - { os: linux, arch: x86_64, file: libnative.so }
        - { os: linux, arch: aarch64, file: libnative.so }

      # What it takes.
      parameters:
        limit: { type: integer, default: 3 } # of something
      \(extra)
      """
    _ = try write("native/plugin.yaml", Array(manifest.utf8))
    _ = try write("native/libnative.so", library)
    _ = try write("native/LICENSE", Array("Apache-2.0\n".utf8))
    return "\(path)/native"
  }

  /// Packs and signs a folder; the package's file lies in `folder`.
  func package(
    _ plugin: String,
    key: MinisignSecretKey?,
    in folder: String = "shop"
  ) throws -> String {
    let result = try PackageBuilder(folder: plugin).build()
    let file = try write("\(folder)/\(result.fileName)", result.bytes)
    if let key {
      let signature = key.sign(result.bytes, name: result.fileName, time: 1_700_000_000)
      _ = try write("\(folder)/\(result.fileName).minisig", Array(signature.fileText.utf8))
      _ = try write("\(folder)/\(result.fileName).pub", Array(key.publicKey.fileText.utf8))
    }
    return file
  }

  func names(_ folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? []
  }

  /// Every file and folder below a home, for "nothing is left behind".
  func everything(in folders: StepwiseFolders) -> [String] {
    [folders.configuration, folders.data, folders.images].flatMap {
      FileManager.default.enumerator(atPath: $0)?.allObjects as? [String] ?? []
    }.sorted()
  }
}

/// Libraries for tests.
enum Library {
  /// One that the C compiler of this machine makes.
  static let host: [UInt8] = compiled("int stepwise_plugin_entry = 1;")

  /// The same for the other architecture, as far as its headers say so.
  static let foreign: [UInt8] = {
    var bytes = host
    bytes[18] = bytes[18] == 62 ? 183 : 62
    return bytes
  }()

  static let hostArchitecture = host[18] == 62 ? "x86_64" : "aarch64"
  static let foreignArchitecture = host[18] == 62 ? "aarch64" : "x86_64"

  private static func compiled(_ source: String) -> [UInt8] {
    let output = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).so")
    defer { try? FileManager.default.removeItem(at: output) }
    _ = try? run(
      "cc",
      ["-shared", "-fPIC", "-s", "-x", "c", "-", "-o", output.path()],
      input: source
    )
    return Array((try? Data(contentsOf: output)) ?? Data())
  }
}

/// Runs a program of the PATH.
@discardableResult
func run(
  _ program: String,
  _ arguments: [String],
  input: String = "",
  directory: String? = nil
) throws -> (status: Int32, output: String) {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = [program] + arguments
  if let directory { process.currentDirectoryURL = URL(filePath: directory) }
  let (stdin, stdout) = (Pipe(), Pipe())
  process.standardInput = stdin
  process.standardOutput = stdout
  process.standardError = stdout
  // A program that does not read its input may be gone before it is written.
  signal(SIGPIPE, SIG_IGN)
  try process.run()
  try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
  try stdin.fileHandleForWriting.close()
  let output = stdout.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

func isInstalled(_ program: String) -> Bool {
  (try? run(program, ["-v"]).status) != 127
}

/// What sort of package error `body` throws; `nil` for none or another one.
func problem(_ body: () throws -> Void) -> PackageError.Problem? { failure(body)?.problem }

func failure(_ body: () throws -> Void) -> PackageError? {
  do {
    try body()
    return nil
  } catch {
    return error as? PackageError
  }
}

/// Files of `Tests/PluginPackagesTests/Fixtures`.
enum Fixtures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "Fixtures"
  ).path()

  static func minisign(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: "\(folder)/minisign/\(name)")))
  }
}
