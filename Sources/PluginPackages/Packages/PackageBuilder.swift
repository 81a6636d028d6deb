public import PluginHost

/// Puts a package together: from a plugin's folder or from another package, with further variants.
public struct PackageBuilder {
  /// A finished package.
  public struct Result {
    /// `ID-VERSION.swplugin`.
    public var fileName: String
    /// The package.
    public var bytes: [UInt8]
    /// The manifest as it was packed.
    public var manifest: PluginManifest
    /// The names of its files, sorted.
    public var files: [String]
  }

  /// What an author says of a library that its bytes do not tell.
  public struct VariantOptions: Sendable {
    /// `linux`, or `nil`.
    public var os: String?
    /// The architecture that it must have.
    public var architecture: String?
    /// `x86-64-v3` and the like.
    public var cpu: String?
    /// The Swift version, for a stripped library.
    public var swift: String?

    /// Creates options.
    public init(
      os: String? = nil,
      architecture: String? = nil,
      cpu: String? = nil,
      swift: String? = nil
    ) {
      self.os = os
      self.architecture = architecture
      self.cpu = cpu
      self.swift = swift
    }
  }

  /// What was left out or looks odd, for people.
  public internal(set) var notices: [String] = []
  let subject: String
  var files: [String: [UInt8]]
  var names = EntryNames()
  private var variants: [PluginManifest.Variant] = []
  private let manifest: PluginManifest
  private let limits = ArchiveLimits()

  /// Starts from a package that is verified and unpacked.
  public init(_ contents: PackageContents) throws {
    subject = contents.subject
    manifest = contents.manifest
    files = [:]
    for (name, bytes) in contents.files where name != ChecksumList.fileName {
      try add(name, bytes)
    }
    variants = manifest.variants
  }

  /// Starts from a plugin's folder.
  ///
  /// - Throws: `PackageError`, `PluginError` for a manifest that cannot be read.
  public init(folder: String) throws {
    let file = folder + "/" + PluginManifest.fileName
    subject = folder
    manifest = try PluginManifest(contentsOf: file)
    files = [:]
    try add(PluginManifest.fileName, Self.read(file, limit: 1 << 20))
    for variant in manifest.variants { try collect(variant, in: folder) }
    try collectFiles(of: manifest, in: folder)
  }

  /// A variant of the manifest, where its library is there and is for the architecture that it names.
  private mutating func collect(_ variant: PluginManifest.Variant, in folder: String) throws {
    let path = folder + "/" + variant.file
    let name = "\(variant.os) \(variant.arch)"
    guard Files.exists(path) else {
      return notices.append("left out \(name): there is no \(variant.file) in \(folder)")
    }
    let bytes = try Self.read(path, limit: limits.packageSize)
    let traits = try LibraryTraits(bytes, subject: path)
    guard traits.architecture == variant.arch else {
      return notices.append(
        "left out \(name): \(variant.file) is for \(traits.architecture); add it with --add-variant"
      )
    }
    let options = VariantOptions(os: variant.os, cpu: variant.cpu, swift: variant.swift)
    try addVariant(bytes, path: path, traits, options)
  }

  /// Adds a library for another machine.
  ///
  /// - Parameter path: its file; its last part is the library's name in the package.
  public mutating func addVariant(_ path: String, _ options: VariantOptions) throws {
    let bytes = try Self.read(path, limit: limits.packageSize)
    try addVariant(bytes, path: path, LibraryTraits(bytes, subject: path), options)
  }

  private mutating func addVariant(
    _ bytes: [UInt8],
    path: String,
    _ traits: LibraryTraits,
    _ options: VariantOptions
  ) throws {
    let os = options.os ?? "linux"
    guard os == "linux" else {
      throw PackageError(
        .unfit,
        path,
        "it is an ELF library, not one for \(os)",
        cure: "--os linux"
      )
    }
    if let wanted = options.architecture, wanted != traits.architecture {
      throw PackageError(
        .unfit,
        path,
        "it is for \(traits.architecture), not for \(wanted)",
        cure: "give the library that was built for \(wanted)"
      )
    }
    guard !variants.contains(where: { $0.os == os && $0.arch == traits.architecture }) else {
      throw PackageError(
        .conflict,
        path,
        "there is a variant for \(os) \(traits.architecture) already",
        cure: "pack the plugin's folder anew to change it"
      )
    }
    if let cpu = options.cpu, CPULevel.number(cpu) == nil {
      throw PackageError(
        .unfit,
        path,
        "no processor has the level \(cpu)",
        cure: "x86-64-v1 to -v4"
      )
    }
    if traits.linkage != nil, traits.swift == nil, options.swift == nil {
      notices.append("\(path): it does not tell its Swift version; give it with --swift")
    }
    let base = path.split(separator: "/").last.map(String.init) ?? path
    let name = "lib/\(os)-\(traits.architecture)/\(base)"
    try add(name, bytes)
    variants.append(
      PluginManifest.Variant(
        os: os,
        arch: traits.architecture,
        file: name,
        sha256: sha256(bytes),
        libc: traits.libc,
        cpu: options.cpu,
        swift: traits.swift ?? options.swift,
        linkage: traits.linkage
      )
    )
  }

  mutating func add(_ name: String, _ bytes: [UInt8]) throws {
    if let problem = names.insert(name) {
      throw PackageError(.malformed, subject, "\(name) \(problem)", cure: "rename it")
    }
    files[name] = bytes
  }

  static func read(_ path: String, limit: Int) throws -> [UInt8] {
    do {
      return try Files.read(path, limit: limit)
    } catch {
      throw PackageError(.file, path, "\(error)")
    }
  }

  /// The package. What it gives was unpacked and checked again.
  public func build() throws -> Result {
    var files = files
    if !manifest.variants.isEmpty {
      guard !variants.isEmpty else {
        throw PackageError(
          .malformed,
          subject,
          "there is no library to pack\(notices.map { "; \($0)" }.joined())",
          cure: "build it first: stepwise plugin build"
        )
      }
      let sorted = variants.sorted { ($0.os, $0.arch) < ($1.os, $1.arch) }
      let text = ManifestText(bytes: files[PluginManifest.fileName]!, subject: subject)
      files[PluginManifest.fileName] = try text.replacingVariants(sorted)
    }
    files[ChecksumList.fileName] = Array(ChecksumList.text(files).utf8)
    let fileName = "\(manifest.id)-\(manifest.version)\(PackageFile.suffix)"
    let bytes = try ArchiveWriter(subject: fileName).archive(files)
    let contents = try PackageContents(unpacking: bytes, subject: fileName)
    return Result(
      fileName: fileName,
      bytes: bytes,
      manifest: contents.manifest,
      files: contents.files.keys.sorted()
    )
  }
}
