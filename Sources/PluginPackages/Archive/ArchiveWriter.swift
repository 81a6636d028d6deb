import CArchive

/// Writes a compressed tar whose bytes depend on names and contents alone: sorted names, one mode, no owner, no time.
struct ArchiveWriter {
  /// What errors call the archive.
  let subject: String

  /// The archive. zstd where this libarchive has it, else gzip.
  ///
  /// - Precondition: names are good and distinct (`EntryNames`).
  func archive(_ files: [String: [UInt8]]) throws -> [UInt8] {
    guard let archive = archive_write_new() else { throw failure("there is no memory") }
    defer { archive_write_free(archive) }
    // zstd grows what it cannot compress by less than half a percent; each file has a header and padding.
    let raw = files.values.reduce(0) { $0 + $1.count }
    let capacity = raw + raw / 64 + files.count * 2048 + (1 << 20)
    var used = 0
    let bytes = try [UInt8](unsafeUninitializedCapacity: capacity) { out, count in
      try check(archive, archive_write_set_format_ustar(archive))
      try compress(archive)
      // Else the last block is filled up to 10240 bytes.
      try check(archive, archive_write_set_bytes_in_last_block(archive, 1))
      try check(archive, archive_write_open_memory(archive, out.baseAddress, capacity, &used))
      for name in files.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
        try write(archive, name, files[name]!)
      }
      try check(archive, archive_write_close(archive))
      count = used
    }
    return bytes
  }

  private func compress(_ archive: OpaquePointer) throws {
    if archive_libzstd_version() != nil {
      try check(archive, archive_write_add_filter_zstd(archive))
      try check(
        archive,
        archive_write_set_filter_option(archive, "zstd", "compression-level", "12")
      )
    } else {
      try check(archive, archive_write_add_filter_gzip(archive))
      // No time in the header.
      try check(archive, archive_write_set_filter_option(archive, "gzip", "timestamp", nil))
    }
  }

  private func write(_ archive: OpaquePointer, _ name: String, _ bytes: [UInt8]) throws {
    guard let entry = archive_entry_new() else { throw failure("there is no memory") }
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname(entry, name)
    archive_entry_set_filetype(entry, STEPWISE_AE_IFREG)
    archive_entry_set_perm(entry, 0o644)
    archive_entry_set_mtime(entry, 0, 0)
    archive_entry_set_uid(entry, 0)
    archive_entry_set_gid(entry, 0)
    archive_entry_set_size(entry, Int64(bytes.count))
    try check(archive, archive_write_header(archive, entry))
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        archive_write_data(archive, $0.baseAddress! + written, bytes.count - written)
      }
      guard count > 0 else { throw failure(Self.message(archive)) }
      written += count
    }
    try check(archive, archive_write_finish_entry(archive))
  }

  private func check(_ archive: OpaquePointer, _ status: Int32) throws {
    guard status == ARCHIVE_OK else { throw failure(Self.message(archive)) }
  }

  private func failure(_ reason: String) -> PackageError {
    PackageError(.file, subject, "the package cannot be written: \(reason)")
  }

  private static func message(_ archive: OpaquePointer) -> String {
    archive_error_string(archive).map { String(cString: $0) } ?? "no reason is given"
  }
}
