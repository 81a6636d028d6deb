/// A version of the C library, as in the symbol version `GLIBC_2.34`.
public struct LibraryVersion: Sendable, Comparable, CustomStringConvertible {
  /// The numbers, most significant first.
  public var parts: [Int]

  /// Reads `2.36` or `2.2.5`; `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard !parts.isEmpty, parts.allSatisfy({ $0 != nil }) else { return nil }
    self.parts = parts.map { $0! }
  }

  /// Numbers joined by points.
  public var description: String { parts.map(String.init).joined(separator: ".") }

  /// Number by number; the shorter one is the older where it is a prefix.
  public static func < (a: Self, b: Self) -> Bool { a.parts.lexicographicallyPrecedes(b.parts) }
}

extension ELFImage {
  /// The names of the dynamic symbols that the library defines, or `nil` where it has no section headers to tell.
  package func definedSymbols() throws(ELFProblem) -> Set<String>? {
    // SHT_DYNSYM
    guard let table = sections.first(where: { $0.type == 11 }) else { return nil }
    guard table.entrySize >= 24, Int(table.link) < sections.count else {
      throw .corrupt("its symbol table is malformed")
    }
    let strings = sections[Int(table.link)].offset
    var names: Set<String> = []
    for index in 0..<table.size / table.entrySize {
      let at = Int(table.offset + index * table.entrySize)
      let name: UInt32 = try load(at)
      let section: UInt16 = try load(at + 6)
      // SHN_UNDEF is 0; name 0 is the empty first symbol.
      if section != 0, name != 0 { names.insert(try string(strings, UInt64(name))) }
    }
    return names
  }

  /// The newest `GLIBC_` version that the library asks for, or `nil` where it asks for none.
  package func neededGlibc() throws(ELFProblem) -> LibraryVersion? {
    // SHT_GNU_verneed: a chain of libraries, each with a chain of versions.
    guard let table = sections.first(where: { $0.type == 0x6FFF_FFFE }) else { return nil }
    guard Int(table.link) < sections.count else { throw .corrupt("its version table is malformed") }
    let strings = sections[Int(table.link)].offset
    var newest: LibraryVersion?
    var entry = Int(table.offset)
    for _ in 0..<table.info {
      let count: UInt16 = try load(entry + 2)
      let first: UInt32 = try load(entry + 8)
      let next: UInt32 = try load(entry + 12)
      var version = entry + Int(first)
      for _ in 0..<count {
        let name: UInt32 = try load(version + 8)
        let following: UInt32 = try load(version + 12)
        let text = try string(strings, UInt64(name))
        if text.hasPrefix("GLIBC_"), let found = LibraryVersion(text.dropFirst(6)) {
          newest = max(newest ?? found, found)
        }
        if following == 0 { break }
        version += Int(following)
      }
      if next == 0 { break }
      entry += Int(next)
    }
    return newest
  }
}
