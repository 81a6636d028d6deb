import CArchive

/// Reads a compressed tar out of memory into memory. It writes no file: what it gives was checked as a whole before anything of it
/// reaches a disk.
struct ArchiveReader {
  /// What errors call the archive: its file.
  let subject: String
  var limits = ArchiveLimits()

  /// The files in the order of the archive.
  ///
  /// - Throws: `PackageError` for anything but regular files with good, distinct names, within the limits.
  func files(_ bytes: [UInt8]) throws -> [(name: String, bytes: [UInt8])] {
    guard bytes.count <= limits.packageSize else {
      throw malformed("it has \(bytes.count) bytes; at most \(limits.packageSize) are allowed")
    }
    guard let archive = archive_read_new() else { throw malformed("there is no memory to read it") }
    defer { archive_read_free(archive) }
    // A warning would mean that an external program had to be called: none is.
    guard archive_read_support_filter_gzip(archive) == ARCHIVE_OK,
      archive_read_support_filter_zstd(archive) == ARCHIVE_OK,
      archive_read_support_format_tar(archive) == ARCHIVE_OK
    else {
      throw malformed(
        "this machine's libarchive cannot read zstd and gzip",
        cure: "install libarchive13 of Debian 12 or newer"
      )
    }
    return try bytes.withUnsafeBytes { raw in
      guard archive_read_open_memory(archive, raw.baseAddress, raw.count) == ARCHIVE_OK else {
        throw malformed("it is no compressed tar archive: \(Self.message(archive))")
      }
      try checkCompression(archive)
      return try entries(archive, limit: limits.unpackedLimit(packageSize: raw.count))
    }
  }

  /// One layer of zstd or gzip. Layers upon layers could keep a decompressor busy for ever without a byte coming out.
  private func checkCompression(_ archive: OpaquePointer) throws {
    let known = [Int32(ARCHIVE_FILTER_ZSTD), Int32(ARCHIVE_FILTER_GZIP)]
    // The file itself counts as one.
    guard archive_filter_count(archive) == 2, known.contains(archive_filter_code(archive, 0)) else {
      throw malformed("it is not compressed once with zstd or gzip")
    }
  }

  private func entries(
    _ archive: OpaquePointer,
    limit: Int
  ) throws -> [(name: String, bytes: [UInt8])] {
    var files: [(name: String, bytes: [UInt8])] = []
    var names = EntryNames()
    var total = 0
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(archive, &entry)
      if status == ARCHIVE_EOF { return files }
      guard status == ARCHIVE_OK, let entry else {
        throw malformed("it is damaged: \(Self.message(archive))")
      }
      guard files.count < limits.entries else {
        throw malformed("it has more than \(limits.entries) entries")
      }
      let name = try check(entry, names: &names)
      let content = try content(archive, entry, name: name, limit: limit - total, of: limit)
      total += content.count
      files.append((name, content))
    }
  }

  /// The name of an entry that is a plain file.
  private func check(_ entry: OpaquePointer, names: inout EntryNames) throws -> String {
    guard let raw = archive_entry_pathname(entry) else {
      throw malformed("an entry has a name that is no text")
    }
    let name = String(cString: raw)
    let shown = name.debugDescription
    if archive_entry_hardlink(entry) != nil { throw malformed("\(shown) is a hard link") }
    if archive_entry_symlink(entry) != nil { throw malformed("\(shown) is a symbolic link") }
    guard archive_entry_filetype(entry) == STEPWISE_AE_IFREG else {
      throw malformed("\(shown) is not a regular file")
    }
    guard archive_entry_sparse_count(entry) == 0 else { throw malformed("\(shown) has holes") }
    if let problem = names.insert(name) { throw malformed("\(shown) \(problem)") }
    return name
  }

  private func content(
    _ archive: OpaquePointer,
    _ entry: OpaquePointer,
    name: String,
    limit: Int,
    of total: Int
  ) throws -> [UInt8] {
    let declared = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : -1
    guard declared >= 0 else { throw malformed("\(name) does not tell its size") }
    guard declared <= Int64(limit) else { throw bomb(total) }
    var content: [UInt8] = []
    content.reserveCapacity(Int(declared))
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = archive_read_data(archive, &chunk, chunk.count)
      guard count >= 0 else { throw malformed("\(name) is damaged: \(Self.message(archive))") }
      if count == 0 { break }
      content.append(contentsOf: chunk[..<count])
      guard content.count <= limit else { throw bomb(total) }
    }
    guard content.count == Int(declared) else {
      throw malformed("\(name) says that it has \(declared) bytes, and has \(content.count)")
    }
    return content
  }

  private func bomb(_ limit: Int) -> PackageError {
    malformed(
      "it unpacks to more than \(limit) bytes; at most \(limits.ratio) for each of its own are "
        + "allowed, and at most \(limits.totalSize)"
    )
  }

  private func malformed(_ message: String, cure: String? = nil) -> PackageError {
    PackageError(
      .malformed,
      subject,
      message,
      cure: cure ?? "get it again, or have its author pack it with `stepwise plugin pack`"
    )
  }

  private static func message(_ archive: OpaquePointer) -> String {
    archive_error_string(archive).map { String(cString: $0) } ?? "no reason is given"
  }
}
