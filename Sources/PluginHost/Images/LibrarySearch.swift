import Glibc
import Synchronization

/// Finds libraries by name as the dynamic linker of this machine does, without loading any: RUNPATH, LD_LIBRARY_PATH, the cache
/// that ldconfig keeps, the usual folders.
struct LibrarySearch: Sendable {
  /// Where a library was found.
  struct Place: Sendable, Equatable {
    var file: String
    /// What led there, in words.
    var through: String
  }

  private let environmentPaths: [String]
  private let cache: [String: [String]]
  private static let usualFolders = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"]
  /// ldconfig's cache of a large machine has a few megabytes.
  private static let cacheLimit = 1 << 28

  /// The search of this machine.
  static let host = LibrarySearch()

  init(
    environmentPaths: [String] = getenv("LD_LIBRARY_PATH").map {
      String(cString: $0).split(separator: ":").map(String.init)
    } ?? [],
    cacheFile: String = "/etc/ld.so.cache"
  ) {
    self.environmentPaths = environmentPaths
    let bytes = (try? Files.read(cacheFile, limit: Self.cacheLimit)) ?? []
    cache = Self.entries(of: bytes)
  }

  /// The first library of that name which is for this machine.
  ///
  /// - Parameter runPath: the folders of the library that needs it, `$ORIGIN` already replaced.
  func find(_ name: String, runPath: [String] = []) -> Place? {
    if name.utf8.contains(UInt8(ascii: "/")) {
      return Self.isForThisMachine(name) ? Place(file: name, through: "its path") : nil
    }
    let candidates =
      runPath.map { Place(file: "\($0)/\(name)", through: "RUNPATH") }
      + environmentPaths.map { Place(file: "\($0)/\(name)", through: "LD_LIBRARY_PATH") }
      + (cache[name] ?? []).map { Place(file: $0, through: "the linker's cache") }
      + Self.usualFolders.map { Place(file: "\($0)/\(name)", through: "the usual folders") }
    return candidates.first { Self.isForThisMachine($0.file) }
  }

  /// Names near that one, for "did you mean".
  var names: [String] { cache.keys.sorted() }

  private static func isForThisMachine(_ path: String) -> Bool {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    var header = [UInt8](repeating: 0, count: 20)
    guard read(file, &header, header.count) == header.count else { return false }
    // Magic, 64 bits, little-endian, e_machine: the linker, too, passes over what does not fit.
    return header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
      && UInt16(header[18]) | UInt16(header[19]) << 8 == ELFImage.hostMachine
  }

  /// Names and paths of ldconfig's cache, its newer format ("glibc-ld.so.cache1.1", glibc 2.2 and later), which may follow an
  /// older one in the same file. Anything damaged counts as not there.
  private static func entries(of bytes: [UInt8]) -> [String: [String]] {
    let magic = Array("glibc-ld.so.cache1.1".utf8)
    guard let start = bytes.firstRange(of: magic)?.lowerBound else { return [:] }
    let number = { (at: Int) -> Int? in
      guard at >= 0, at + 4 <= bytes.count else { return nil }
      return (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }
    let text = { (at: Int) -> String? in
      guard at >= 0, at < bytes.count, let end = bytes[at...].firstIndex(of: 0) else { return nil }
      return String(decoding: bytes[at..<end], as: UTF8.self)
    }
    var entries: [String: [String]] = [:]
    guard let count = number(start + 20), count < bytes.count / 24 else { return [:] }
    for index in 0..<count {
      // A header of 48 bytes, then entries of 24: flags, name, path, version, capabilities. Offsets count from the magic.
      let at = start + 48 + 24 * index
      guard let name = number(at + 4).flatMap({ text(start + $0) }),
        let path = number(at + 8).flatMap({ text(start + $0) })
      else { return entries }
      entries[name, default: []].append(path)
    }
    return entries
  }
}
