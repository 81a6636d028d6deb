import PluginHost

/// A place that has packages: a folder, or a static HTTP server with the same files.
///
/// Nothing that a registry says is trusted. Its index finds a package and the digest keeps a download whole; whether the package is
/// good is decided by its signature.
public struct Registry: Sendable {
  /// The folder, or the URL, without a slash at the end.
  public let place: String
  private let client: WebClient?
  private let limits = ArchiveLimits()
  private static let indexLimit = 32 << 20

  /// A registry at a folder or an `http://` or `https://` address.
  public init(_ place: String) {
    var place = place
    while place.utf8.count > 1, place.hasSuffix("/") { place.removeLast() }
    self.place = place
    client = WebClient.handles(place) ? WebClient() : nil
  }

  /// Its index.
  public func index() throws -> RegistryIndex {
    let name = RegistryIndex.fileName
    guard let bytes = try read(name, limit: Self.indexLimit) else {
      throw PackageError(
        .registry,
        place,
        "it has no \(name)",
        cure: "write one with `stepwise plugin index FOLDER`"
      )
    }
    do {
      return try RegistryIndex(bytes, subject: "\(place)/\(name)")
    } catch let error as PackageError where error.problem == .file {
      throw PackageError(.registry, error.subject, error.message, cure: "write the index anew")
    }
  }

  /// The newest version of a plugin that fits the machine.
  ///
  /// - Parameter name: `ID`, `ID@VERSION`, or the last part of an id, or the last two (`reward.NAME`), where that is unambiguous.
  /// - Throws: `PackageError`; where versions are there and none fits, the reason of the newest one.
  public func find(
    _ name: String,
    host: HostMachine = .current
  ) throws -> (entry: RegistryIndex.Entry, index: RegistryIndex) {
    let index = try index()
    let found = try candidates(name, index)
    var reason: PackageError?
    for entry in found {
      do {
        try host.check(entry, subject: "\(entry.id) \(entry.version)")
        return (entry, index)
      } catch let error as PackageError {
        reason = reason ?? error
      }
    }
    throw reason!
  }

  /// The versions of the one plugin that a name stands for, newest first; a pre-release only where it is named or there is nothing
  /// else.
  private func candidates(
    _ name: String,
    _ index: RegistryIndex
  ) throws -> [RegistryIndex.Entry] {
    let parts = name.split(separator: "@", maxSplits: 1).map(String.init)
    let wanted = parts.first ?? ""
    let ids = Set(index.packages.map(\.id)).filter { $0 == wanted || $0.hasSuffix("." + wanted) }
    guard let id = ids.contains(wanted) ? wanted : ids.first else {
      throw PackageError(
        .notFound,
        place,
        "it has no package \(wanted)",
        cure: index.packages.isEmpty
          ? "it is empty"
          : "it has \(Set(index.packages.map(\.id)).sorted().joined(separator: ", "))"
      )
    }
    guard ids.contains(wanted) || ids.count == 1 else {
      throw PackageError(
        .notFound,
        place,
        "\(ids.count) packages answer to \(wanted): \(ids.sorted().joined(separator: ", "))",
        cure: "give the full id"
      )
    }
    let all = index.packages.compactMap { entry in
      SemanticVersion(entry.version).map { (version: $0, entry: entry) }
    }.filter { $0.entry.id == id }.sorted { $1.version < $0.version }
    let chosen: [(version: SemanticVersion, entry: RegistryIndex.Entry)]
    if parts.count == 2 {
      chosen = all.filter { $0.entry.version == parts[1] }
    } else {
      let releases = all.filter { $0.version.preRelease.isEmpty }
      chosen = releases.isEmpty ? all : releases
    }
    guard !chosen.isEmpty else {
      throw PackageError(
        .notFound,
        place,
        "it has no \(id) \(parts.count == 2 ? parts[1] : "")",
        cure: "there is \(all.map(\.entry.version).joined(separator: ", "))"
      )
    }
    return chosen.map(\.entry)
  }

  /// Gets a package and its signature. The bytes are those of the index, or an error.
  public func download(
    _ entry: RegistryIndex.Entry,
    index: RegistryIndex
  ) throws -> PackageFile {
    let subject = "\(place)/\(entry.file)"
    if let problem = EntryName.problem(entry.file) {
      throw PackageError(.registry, place, "\(entry.file.debugDescription) \(problem)")
    }
    guard entry.size >= 0, entry.size <= limits.packageSize else {
      throw PackageError(.registry, subject, "the index gives it \(entry.size) bytes")
    }
    guard let bytes = try read(entry.file, limit: entry.size) else {
      throw PackageError(.registry, subject, "the index names it, and it is not there")
    }
    let found = sha256(bytes)
    guard bytes.count == entry.size, found == entry.sha256 else {
      throw PackageError(
        .registry,
        subject,
        "it has \(bytes.count) bytes and the SHA-256 \(found), the index says \(entry.size) and "
          + entry.sha256,
        cure: "try again; if it stays so, tell who keeps the registry"
      )
    }
    let signature = try read(
      entry.file + MinisignSignature.suffix,
      limit: MinisignText.sizeLimit
    )
    let keys = index.keys.compactMap { key -> MinisignPublicKey? in
      guard var parsed = try? MinisignPublicKey(Array(key.publicKey.utf8), subject: place) else {
        return nil
      }
      parsed.comment = MinisignText.comment(key.comment)
      return parsed
    }
    return PackageFile(path: subject, bytes: bytes, signature: signature, offeredKeys: keys)
  }

  /// A file of the registry; `nil` where there is none.
  private func read(_ name: String, limit: Int) throws -> [UInt8]? {
    let path = "\(place)/\(name)"
    if let client { return try client.get(path, limit: limit) }
    guard Files.exists(path) else { return nil }
    do {
      return try Files.read(path, limit: limit)
    } catch {
      throw PackageError(.registry, path, "\(error)")
    }
  }
}

extension HostMachine {
  /// Whether a package of an index runs here, as far as the index tells.
  func check(_ entry: RegistryIndex.Entry, subject: String) throws {
    let variants = entry.variants.map {
      PluginManifest.Variant(
        os: $0.os,
        arch: $0.arch,
        file: "",
        libc: $0.libc,
        cpu: $0.cpu,
        swift: $0.swift
      )
    }
    try check(variants, subject: subject)
  }
}
