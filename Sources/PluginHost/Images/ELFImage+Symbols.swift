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
  /// A dynamic symbol.
  struct Symbol: Sendable, Equatable {
    var name: String
    /// STB_LOCAL 0, STB_GLOBAL 1, STB_WEAK 2, STB_GNU_UNIQUE 10.
    var binding: UInt8
    /// STT_NOTYPE 0, STT_OBJECT 1, STT_FUNC 2, STT_TLS 6, STT_GNU_IFUNC 10.
    var type: UInt8
    /// STV_DEFAULT 0, STV_INTERNAL 1, STV_HIDDEN 2, STV_PROTECTED 3.
    var visibility: UInt8
    /// SHN_UNDEF is 0.
    var section: UInt16

    /// STB_GNU_UNIQUE: one for the whole process, whichever library came first.
    var isUnique: Bool { binding == 10 }
    var isDefined: Bool { section != 0 }
    var isWeak: Bool { binding == 2 }
    /// Whether other libraries, and dlsym, can see it.
    var isVisible: Bool { binding != 0 && (visibility == 0 || visibility == 3) }
    var isFunction: Bool { type == 2 || type == 10 }
    /// Names of versions, as `GLIBC_2.34`, which a linker lists as symbols of their own.
    var isVersionName: Bool { section == 0xFFF1 && type == 1 }
  }

  /// The dynamic symbols but the empty first one, or `nil` where the library has no section headers to tell.
  func dynamicSymbols() throws(ELFProblem) -> [Symbol]? {
    // SHT_DYNSYM
    guard let table = sections.first(where: { $0.type == 11 }) else { return nil }
    guard table.entrySize >= 24, Int(table.link) < sections.count else {
      throw .corrupt("its symbol table is malformed")
    }
    let strings = sections[Int(table.link)].offset
    var symbols: [Symbol] = []
    for index in 0..<table.size / table.entrySize {
      let at = Int(table.offset + index * table.entrySize)
      let name: UInt32 = try load(at)
      if name == 0 { continue }
      let info: UInt8 = try load(at + 4)
      let other: UInt8 = try load(at + 5)
      symbols.append(
        Symbol(
          name: try string(strings, UInt64(name)),
          binding: info >> 4,
          type: info & 15,
          visibility: other & 3,
          section: try load(at + 6)
        )
      )
    }
    return symbols
  }

  /// The names of the dynamic symbols that the library defines, or `nil` where it has no section headers to tell.
  package func definedSymbols() throws(ELFProblem) -> Set<String>? {
    guard let symbols = try dynamicSymbols() else { return nil }
    return Set(symbols.lazy.filter(\.isDefined).map(\.name))
  }
}
