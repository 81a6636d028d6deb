import Glibc
import PluginHost

/// Installs packages that were verified, and takes them away again.
///
/// A plugin's folder appears in one rename, with its receipt written before it: whoever looks sees it whole or not at all, and
/// never without the name of its signer.
public struct Installer {
  let folders: StepwiseFolders
  let host: HostMachine

  /// An installer for these folders.
  public init(_ folders: StepwiseFolders = .user, host: HostMachine = .current) {
    self.folders = folders
    self.host = host
  }

  /// What became of an install.
  public struct Outcome: Sendable, Equatable {
    /// The receipt.
    public var receipt: Receipt
    /// Whether the same bytes were there before.
    public var wasPresent: Bool
    /// Other versions, or other bytes, of the same plugin that are still there.
    public var others: [Receipt]
    /// What was removed, as `replace` asked.
    public var replaced: [Receipt]
  }

  /// Unpacks a package and puts it in its place.
  ///
  /// - Parameters:
  ///   - package: the bytes that were verified; they are not read again.
  ///   - signer: who vouches for it.
  ///   - replace: removes every other version, and other bytes of the same version.
  ///   - allowDowngrade: takes a version below the newest that the same signer brought.
  /// - Throws: `PackageError`; nothing has changed then.
  @discardableResult
  public func install(
    _ package: PackageFile,
    signer: Signer,
    replace: Bool = false,
    allowDowngrade: Bool = false
  ) throws -> Outcome {
    let contents = try PackageContents(unpacking: package.bytes, subject: package.path)
    let manifest = contents.manifest
    try host.check(manifest, subject: package.path)
    return try translating {
      let lock = try FolderLock(folders.data)
      defer { withExtendedLifetime(lock) {} }
      try removeRemains()
      let receipts = Receipts(folders)
      let others = try receipts.all().filter {
        $0.id == manifest.id && $0.packageDigest != package.digest
      }
      if !allowDowngrade { try checkFloor(manifest, signer, subject: package.path) }
      if !replace, let same = others.first(where: { $0.version == "\(manifest.version)" }) {
        throw PackageError(
          .conflict,
          package.path,
          "\(manifest.id) \(manifest.version) is installed with other bytes (\(same.name))",
          cure: "pass --replace, or have its author give it another version"
        )
      }
      let receipt = receipt(contents, package, signer)
      let folder = receipts.folder(of: receipt)
      let present = try receipts.receipt(inFolder: Files.canonical(folder))
      let isPresent = present.map { receipts.problem(of: $0) == nil } ?? false
      if !isPresent { try place(contents, receipt) }
      // Also where it was there: the signer may be known only now.
      try JSONFile.write(receipt, to: receipts.path(of: receipt.name))
      if let id = signer.id {
        try VersionFloors(folders).raise(manifest.id, signer: id, to: manifest.version)
      }
      if replace { for other in others { try remove(other) } }
      return Outcome(
        receipt: receipt,
        wasPresent: isPresent,
        others: replace ? [] : others,
        replaced: replace ? others : []
      )
    }
  }

  private func receipt(
    _ contents: PackageContents,
    _ package: PackageFile,
    _ signer: Signer
  ) -> Receipt {
    let manifest = contents.manifest
    return Receipt(
      name: "\(manifest.id)-\(manifest.version)-\(package.digest.prefix(12))",
      id: manifest.id,
      version: manifest.version.description,
      packageDigest: package.digest,
      packageFile: package.path,
      signer: signer.id,
      signedComment: signer.comment,
      installed: Timestamp.now.text,
      manifestDigest: contents.manifestDigest,
      files: contents.files.mapValues { sha256($0) }
    )
  }

  private func checkFloor(
    _ manifest: PluginManifest,
    _ signer: Signer,
    subject: String
  ) throws {
    guard let id = signer.id,
      let floor = try VersionFloors(folders).floor(manifest.id, signer: id),
      manifest.version < floor
    else { return }
    throw PackageError(
      .downgrade,
      subject,
      "it is \(manifest.version), and key \(id) has already brought \(floor)",
      cure: "get \(floor) or newer, or go back on purpose with --allow-downgrade"
    )
  }

  // MARK: Files

  private static let stagingPrefix = ".staging-"

  /// Writes all files into a folder of their own and renames it.
  private func place(_ contents: PackageContents, _ receipt: Receipt) throws {
    var template = Array("\(folders.data)/\(Self.stagingPrefix)XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw FileFailure(path: folders.data, operation: "create a folder in", code: errno)
    }
    let staging = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    do {
      var made: Set<String> = [staging]
      for (name, bytes) in contents.files {
        let path = "\(staging)/\(name)"
        let parent = Files.folder(of: path)
        if made.insert(parent).inserted { try Files.makeDirectory(parent) }
        try Files.writeAtomically(bytes, to: path, mode: 0o444)
      }
      for folder in made { try Files.syncFolder(folder) }
      try Files.makeDirectory(folders.plugins)
      let receipts = Receipts(folders)
      try JSONFile.write(receipt, to: receipts.path(of: receipt.name))
      let folder = receipts.folder(of: receipt)
      // What is left of a damaged install goes; the two cannot change places in one call.
      try Files.removeTree(folder)
      guard rename(staging, folder) == 0 else {
        throw FileFailure(path: folder, operation: "rename to", code: errno)
      }
      try Files.syncFolder(folders.plugins)
    } catch {
      try? Files.removeTree(staging)
      throw error
    }
  }

  /// Takes away what a process that was killed left behind. Under the lock nobody else is at work.
  private func removeRemains() throws {
    for name in Files.names(in: folders.data) ?? [] where name.hasPrefix(Self.stagingPrefix) {
      try Files.removeTree("\(folders.data)/\(name)")
    }
    let receipts = Receipts(folders)
    for receipt in try receipts.all() where !Files.isFolder(receipts.folder(of: receipt)) {
      try Files.removeTree(receipts.path(of: receipt.name))
    }
  }

  /// System errors become package errors with the path in them.
  private func translating<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let failure as FileFailure {
      throw PackageError(
        .file,
        failure.path,
        "\(failure)",
        cure: "make room, or fix its permissions"
      )
    }
  }
}

extension Installer {
  /// Removes an installed plugin: its folder, its receipt and the private copies of its libraries. Version floors stay.
  ///
  /// - Parameter name: `ID`, `ID@VERSION` or the name of its folder.
  /// - Throws: `PackageError` where there is none, or more than one.
  @discardableResult
  public func uninstall(_ name: String) throws -> Receipt {
    try translating {
      let lock = try FolderLock(folders.data)
      defer { withExtendedLifetime(lock) {} }
      let found = try Receipts(folders).named(name)
      guard let receipt = found.first else {
        throw PackageError(
          .notFound,
          name,
          "no such plugin is installed",
          cure: "stepwise plugin list shows what there is"
        )
      }
      guard found.count == 1 else {
        throw PackageError(
          .notFound,
          name,
          "\(found.count) plugins answer to it: \(found.map(\.name).joined(separator: ", "))",
          cure: "give ID@VERSION, or the folder's name"
        )
      }
      try remove(receipt)
      // The last one leaves no empty folders. Others keep theirs: rmdir refuses.
      for folder in [folders.plugins, folders.receipts] { _ = rmdir(folder) }
      return receipt
    }
  }

  private func remove(_ receipt: Receipt) throws {
    let receipts = Receipts(folders)
    let folder = receipts.folder(of: receipt)
    let python = (try? PluginManifest(contentsOf: folder + "/" + PluginManifest.fileName))
      .flatMap(TrustStore.pythonDigest)
    let grave = "\(folders.data)/\(Self.stagingPrefix)\(receipt.name)"
    // Out of sight in one step; half a plugin is never listed.
    if rename(folder, grave) == 0 { try Files.removeTree(grave) }
    try Files.removeTree(folder)
    try Files.removeTree(receipts.path(of: receipt.name))
    let used = Set(try receipts.all().flatMap(\.files.values))
    for digest in Array(receipt.files.values) + [python].compactMap({ $0 })
    where !used.contains(digest) {
      for suffix in ["so", "py", "tar"] {
        try Files.removeTree("\(folders.images)/\(digest).\(suffix)")
      }
    }
  }
}
