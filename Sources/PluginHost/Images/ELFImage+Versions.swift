extension ELFImage {
  /// The symbol versions that the library asks of another one.
  struct NeededVersions: Sendable, Equatable {
    /// The other library's soname.
    var library: String
    /// For example `GLIBC_2.34`.
    var versions: [String]
  }

  /// What the library asks of others; empty where it has no section headers to tell.
  func neededVersions() throws(ELFProblem) -> [NeededVersions] {
    // SHT_GNU_verneed: a chain of libraries, each with a chain of versions.
    guard let table = sections.first(where: { $0.type == 0x6FFF_FFFE }) else { return [] }
    guard Int(table.link) < sections.count else { throw .corrupt("its version table is malformed") }
    let strings = sections[Int(table.link)].offset
    var needed: [NeededVersions] = []
    var entry = Int(table.offset)
    for _ in 0..<table.info {
      let count: UInt16 = try load(entry + 2)
      let file: UInt32 = try load(entry + 4)
      let first: UInt32 = try load(entry + 8)
      let next: UInt32 = try load(entry + 12)
      var versions: [String] = []
      var version = entry + Int(first)
      for _ in 0..<count {
        let name: UInt32 = try load(version + 8)
        let following: UInt32 = try load(version + 12)
        versions.append(try string(strings, UInt64(name)))
        if following == 0 { break }
        version += Int(following)
      }
      needed.append(
        NeededVersions(library: try string(strings, UInt64(file)), versions: versions)
      )
      if next == 0 { break }
      entry += Int(next)
    }
    return needed
  }

  /// The symbol versions that the library itself defines.
  func definedVersions() throws(ELFProblem) -> [String] {
    // SHT_GNU_verdef: a chain of versions, each with a chain of names of which the first is its own.
    guard let table = sections.first(where: { $0.type == 0x6FFF_FFFD }) else { return [] }
    guard Int(table.link) < sections.count else { throw .corrupt("its version table is malformed") }
    let strings = sections[Int(table.link)].offset
    var versions: [String] = []
    var entry = Int(table.offset)
    for _ in 0..<table.info {
      let names: UInt32 = try load(entry + 12)
      let next: UInt32 = try load(entry + 16)
      let name: UInt32 = try load(entry + Int(names))
      versions.append(try string(strings, UInt64(name)))
      if next == 0 { break }
      entry += Int(next)
    }
    return versions
  }

  /// The newest version of that prefix, for example `GLIBC_`, that the library asks for; `nil` where it asks for none.
  func newestNeeded(_ prefix: String) throws(ELFProblem) -> LibraryVersion? {
    try neededVersions().flatMap(\.versions)
      .filter { $0.utf8.starts(with: prefix.utf8) }
      .compactMap { LibraryVersion(String($0.dropFirst(prefix.count))) }
      .max()
  }

  /// The newest `GLIBC_` version that the library asks for, or `nil` where it asks for none.
  package func neededGlibc() throws(ELFProblem) -> LibraryVersion? { try newestNeeded("GLIBC_") }
}
