import ArgumentParser
import Glibc
import PluginHost
import PluginPackages

/// `stepwise plugin pack`: a plugin's folder becomes one file.
struct PluginPackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Make a package of a plugin's folder, or add a library to one.",
    discussion: """
      A package takes along plugin.yaml, the libraries that it names, the Python module, LICENSE, README, \
      CHANGELOG, NOTICE, example.jsonl, requirements.txt, and what `files` in plugin.yaml names. The same \
      files give the same bytes. With --add-variant a package becomes one for several platforms.
      """
  )

  @Argument(help: "The plugin's folder, or a package that gets a further library.")
  var path = "."

  @Option(
    name: .shortAndLong,
    help: "The package's file or folder; default: ID-VERSION.swplugin here."
  )
  var output: String?

  @Option(help: ArgumentHelp("A library for another platform.", valueName: "library"))
  var addVariant: [String] = []

  @Option(help: "The added library's system: linux.")
  var os: String?

  @Option(help: "The architecture that the added library must have; it is read from the file.")
  var arch: String?

  @Option(help: "The processor that the added library needs: x86-64-v2, -v3 or -v4.")
  var cpu: String?

  @Option(help: "The Swift version of the added library, where it was stripped.")
  var swift: String?

  func validate() throws {
    if addVariant.isEmpty, os != nil || arch != nil || cpu != nil || swift != nil {
      throw ValidationError(
        "--os, --arch, --cpu and --swift describe the library of --add-variant."
      )
    }
  }

  func run() throws {
    let isPackage = path.hasSuffix(PackageFile.suffix)
    if isPackage, addVariant.isEmpty {
      throw ValidationError(
        "\(path) is a package already; --add-variant LIBRARY adds a library to it."
      )
    }
    var builder = isPackage ? try openPackage() : try PackageBuilder(folder: path)
    for library in addVariant {
      try builder.addVariant(
        library,
        PackageBuilder.VariantOptions(os: os, architecture: arch, cpu: cpu, swift: swift)
      )
    }
    let result = try builder.build()
    let file = destination(result.fileName, isPackage: isPackage)
    try OutputFile.write(result.bytes, to: file)
    for notice in builder.notices { StandardError.write("stepwise: \(notice)") }
    let signature = file + MinisignSignature.suffix
    if unlink(signature) == 0 {
      StandardError.write("stepwise: removed \(signature), which was of other bytes; sign it again")
    }
    try StandardOutput.write(PackageReport.packed(result, file: file))
  }

  /// A package whose signature, where it has one, is not known to be bad.
  private func openPackage() throws -> PackageBuilder {
    let package = try PackageFile(contentsOf: path)
    do {
      _ = try TrustStore().verify(package)
    } catch let error as PackageError where error.problem != .badSignature {
      // It is the author who packs: an unsigned package, or one by a key that is not on record, may well be theirs.
    }
    return try PackageBuilder(PackageContents(unpacking: package.bytes, subject: path))
  }

  private func destination(_ name: String, isPackage: Bool) -> String {
    guard let output else { return isPackage ? path : name }
    var status = stat()
    let isFolder = stat(output, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    return isFolder || output.hasSuffix("/") ? "\(output)/\(name)" : output
  }
}
