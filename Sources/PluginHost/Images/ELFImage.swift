/// A 64-bit little-endian ELF shared library, read from its bytes without loading it.
///
/// `dlopen` runs the library's constructors, answers a wrong machine with "No such file" and dies of SIGBUS on a truncated file:
/// what can be known beforehand is found out here. Every offset is checked against the file's size.
public struct ELFImage: Sendable {
  /// A part of the file that is mapped into memory.
  struct Segment: Sendable {
    var type: UInt32
    var flags: UInt32
    var offset: UInt64
    var address: UInt64
    var fileSize: UInt64
  }

  /// A section, for symbols and versions.
  struct Section: Sendable {
    var name: UInt32
    var type: UInt32
    var offset: UInt64
    var size: UInt64
    var link: UInt32
    var info: UInt32
    var entrySize: UInt64
  }

  let bytes: [UInt8]
  private(set) var segments: [Segment] = []
  private(set) var sections: [Section] = []
  /// e_machine.
  public private(set) var machine: UInt16 = 0
  /// Names of the libraries that it needs (DT_NEEDED).
  public private(set) var neededLibraries: [String] = []
  /// Where it looks for them (DT_RUNPATH or DT_RPATH).
  public private(set) var runPath: String?
  /// What it calls itself (DT_SONAME).
  private(set) var soname: String?
  /// DT_FLAGS.
  private(set) var flags: UInt64 = 0
  /// Whether code has to be changed as it is loaded (DT_TEXTREL or DF_TEXTREL).
  private(set) var hasTextRelocations = false

  /// Reads headers and the dynamic section.
  ///
  /// - Throws: `ELFProblem` for anything that is no complete shared library of this form.
  public init(_ bytes: [UInt8]) throws(ELFProblem) {
    self.bytes = bytes
    try readHeader()
    try readDynamicSection()
  }

  private mutating func readHeader() throws(ELFProblem) {
    guard !bytes.isEmpty else { throw .empty }
    guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46].prefix(bytes.count)) else {
      throw .notELF(start: String(decoding: bytes.prefix(16), as: UTF8.self))
    }
    guard bytes.count >= 64 else { throw .truncated(needed: 64, found: bytes.count) }
    guard bytes[4] == 2 else { throw .wrongClass(bytes[4]) }
    guard bytes[5] == 1 else { throw .wrongByteOrder(bytes[5]) }
    let type: UInt16 = try load(16)
    machine = try load(18)
    guard type == 3 else { throw .notShared(type: type) }
    try readSegments()
    try readSections()
  }

  private mutating func readSegments() throws(ELFProblem) {
    let offset: UInt64 = try load(32)
    let size: UInt16 = try load(54)
    let count: UInt16 = try load(56)
    guard count > 0, size >= 56 else { throw .corrupt("it has no program headers") }
    for index in 0..<Int(count) {
      let at = try position(offset, plus: index * Int(size))
      let segment = Segment(
        type: try load(at),
        flags: try load(at + 4),
        offset: try load(at + 8),
        address: try load(at + 16),
        fileSize: try load(at + 32)
      )
      try requireRange(segment.offset, segment.fileSize)
      segments.append(segment)
    }
  }

  private mutating func readSections() throws(ELFProblem) {
    let offset: UInt64 = try load(40)
    let size: UInt16 = try load(58)
    let count: UInt16 = try load(60)
    if offset == 0 || count == 0 { return }
    guard size >= 64 else { throw .corrupt("its section headers have \(size) bytes") }
    for index in 0..<Int(count) {
      let at = try position(offset, plus: index * Int(size))
      let section = Section(
        name: try load(at),
        type: try load(at + 4),
        offset: try load(at + 24),
        size: try load(at + 32),
        link: try load(at + 40),
        info: try load(at + 44),
        entrySize: try load(at + 56)
      )
      // SHT_NOBITS (8) and SHT_NULL (0) take no room in the file.
      if section.type != 8, section.type != 0 { try requireRange(section.offset, section.size) }
      sections.append(section)
    }
  }

  private mutating func readDynamicSection() throws(ELFProblem) {
    guard let dynamic = segments.first(where: { $0.type == 2 }) else {
      throw .corrupt("it has no dynamic section")
    }
    var strings: UInt64?
    var names: [UInt64] = []
    var path: UInt64?
    var ownName: UInt64?
    var at = Int(dynamic.offset)
    let end = at + Int(dynamic.fileSize)
    while at + 16 <= end {
      let tag: UInt64 = try load(at)
      let value: UInt64 = try load(at + 8)
      at += 16
      switch tag {
      case 0: at = end
      case 1: names.append(value)
      case 5: strings = value
      case 14: ownName = value
      case 15 where path == nil: path = value
      case 22: hasTextRelocations = true
      case 29: path = value
      case 30: flags = value
      default: break
      }
    }
    guard let strings else { throw .corrupt("its dynamic section has no string table") }
    let table = try fileOffset(of: strings)
    for name in names { neededLibraries.append(try string(table, name)) }
    if let path { runPath = try string(table, path) }
    if let ownName { soname = try string(table, ownName) }
    // DF_TEXTREL
    if flags & 4 != 0 { hasTextRelocations = true }
  }

  /// The file's offset of a virtual address.
  private func fileOffset(of address: UInt64) throws(ELFProblem) -> UInt64 {
    for segment in segments where segment.type == 1 {
      let (delta, below) = address.subtractingReportingOverflow(segment.address)
      if !below, delta < segment.fileSize { return segment.offset + delta }
    }
    throw .corrupt("address \(address) lies in no segment")
  }
}

// MARK: - Checked reads

extension ELFImage {
  func load<T: FixedWidthInteger>(_ offset: Int) throws(ELFProblem) -> T {
    let end = offset + MemoryLayout<T>.size
    guard offset >= 0, end <= bytes.count else {
      throw .truncated(needed: end, found: bytes.count)
    }
    var value: T = 0
    for index in (offset..<end).reversed() {
      value = value << 8 | T(truncatingIfNeeded: bytes[index])
    }
    return value
  }

  func position(_ base: UInt64, plus delta: Int) throws(ELFProblem) -> Int {
    guard base <= UInt64(bytes.count) else {
      throw .truncated(needed: Int(clamping: base), found: bytes.count)
    }
    return Int(base) + delta
  }

  func requireRange(_ offset: UInt64, _ size: UInt64) throws(ELFProblem) {
    let (end, overflow) = offset.addingReportingOverflow(size)
    guard !overflow, end <= UInt64(bytes.count) else {
      throw .truncated(needed: overflow ? .max : Int(clamping: end), found: bytes.count)
    }
  }

  /// The NUL-terminated string at `offset` of the string table that starts at `table`.
  func string(_ table: UInt64, _ offset: UInt64) throws(ELFProblem) -> String {
    let (start, overflow) = table.addingReportingOverflow(offset)
    guard !overflow, start < UInt64(bytes.count),
      let end = bytes[Int(start)...].firstIndex(of: 0)
    else { throw .corrupt("a name lies outside the file") }
    return String(decoding: bytes[Int(start)..<end], as: UTF8.self)
  }
}
