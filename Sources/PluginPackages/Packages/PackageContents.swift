public import PluginHost

/// The files of a package, unpacked into memory and checked against its own list and manifest.
public struct PackageContents: Sendable {
  /// The bytes by name; `SHA256SUMS` included.
  public let files: [String: [UInt8]]
  /// The manifest.
  public let manifest: PluginManifest
  /// What errors call it: the package's file.
  public let subject: String

  /// Unpacks a package. Verify its signature before: this runs a decompressor over the bytes.
  ///
  /// - Throws: `PackageError`.
  public init(
    unpacking bytes: [UInt8],
    subject: String,
    limits: ArchiveLimits = ArchiveLimits()
  ) throws {
    var files: [String: [UInt8]] = [:]
    for file in try ArchiveReader(subject: subject, limits: limits).files(bytes) {
      files[file.name] = file.bytes
    }
    try self.init(files: files, subject: subject)
  }

  init(files: [String: [UInt8]], subject: String) throws {
    if let problem = ChecksumList.problem(files) {
      throw PackageError(.malformed, subject, problem, cure: "pack it again")
    }
    guard let text = files[PluginManifest.fileName] else {
      throw PackageError(.malformed, subject, "it has no \(PluginManifest.fileName)")
    }
    self.files = files
    self.subject = subject
    do throws(PluginError) {
      manifest = try PluginManifest(parsing: text, file: "\(subject)/\(PluginManifest.fileName)")
    } catch {
      throw PackageError(.unfit, subject, error.message, cure: error.cure)
    }
    try checkVariants()
  }

  /// SHA-256 of the manifest.
  public var manifestDigest: String { sha256(files[PluginManifest.fileName]!) }

  /// The name of the list of all files.
  public var checksumFile: String { ChecksumList.fileName }

  private func checkVariants() throws {
    for variant in manifest.variants {
      guard let bytes = files[variant.file] else {
        throw malformed("its manifest names \(variant.file), which is not there")
      }
      guard let expected = variant.sha256 else {
        throw malformed("its manifest gives no sha256 for \(variant.file)")
      }
      let found = sha256(bytes)
      guard found == expected else {
        throw malformed("\(variant.file) has the SHA-256 \(found), its manifest says \(expected)")
      }
      guard let image = try? ELFImage(bytes), image.architecture == variant.arch else {
        throw malformed("\(variant.file) is no library for \(variant.arch)")
      }
    }
    if case .python(let module) = manifest.runtime, files[module.file] == nil {
      throw malformed("its manifest names \(module.file), which is not there")
    }
  }

  private func malformed(_ message: String) -> PackageError {
    PackageError(.malformed, subject, message, cure: "have its author pack it again")
  }
}

extension ELFImage {
  /// The architecture as manifests name it; `nil` for one that has no name here.
  var architecture: String? {
    switch machine {
    case 62: return "x86_64"
    case 183: return "aarch64"
    default: return nil
    }
  }
}
