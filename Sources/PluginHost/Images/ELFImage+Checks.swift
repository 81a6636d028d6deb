import CStepwisePlugin
import Glibc

/// Why a library is not loaded.
public enum ELFProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file has no bytes.
  case empty
  /// The file does not start as ELF files do.
  case notELF(start: String)
  /// The file ends before something that its headers promise.
  case truncated(needed: Int, found: Int)
  /// Not 64 bits.
  case wrongClass(UInt8)
  /// Not little-endian.
  case wrongByteOrder(UInt8)
  /// Not a shared library, but an object file or a program.
  case notShared(type: UInt16)
  /// For another processor.
  case wrongMachine(found: UInt16, expected: UInt16)
  /// The headers contradict themselves.
  case corrupt(String)
  /// Loading it would make every thread's stack executable.
  case executableStack
  /// Its thread-local variables need room that is reserved at start, of which there is little.
  case initialExecTLS
  /// It needs a newer C library.
  case newerGlibc(needed: String, present: String)
  /// It has no entry function.
  case missingEntry(String)
  /// What should be a function is something else.
  case noFunction(String)

  /// What is wrong, with the values.
  public var description: String {
    switch self {
    case .empty: return "the file is empty"
    case .notELF(let start):
      return "the file is no ELF library; it starts with \(start.debugDescription)"
    case .truncated(let needed, let found):
      return "the file is truncated: its headers need \(needed) bytes, it has \(found)"
    case .wrongClass(let found): return "ELF class is \(found), expected 2 (64 bits)"
    case .wrongByteOrder(let found): return "ELF byte order is \(found), expected 1 (little-endian)"
    case .notShared(let type): return "ELF type is \(type), expected 3 (shared library)"
    case .wrongMachine(let found, let expected):
      return "it is for \(Self.name(found)), this machine is \(Self.name(expected))"
    case .corrupt(let what): return "the library is damaged: \(what)"
    case .executableStack: return "it asks for an executable stack"
    case .initialExecTLS: return "it uses initial-exec thread-local storage"
    case .newerGlibc(let needed, let present):
      return "it needs glibc \(needed), this machine has \(present)"
    case .missingEntry(let symbol): return "it does not export \(symbol)"
    case .noFunction(let symbol): return "its \(symbol) is no function"
    }
  }

  /// What to do about it.
  public var cure: String {
    switch self {
    case .empty, .truncated, .corrupt: return "build or copy it again"
    case .notELF: return "the manifest's `file` must name the compiled library"
    case .wrongClass, .wrongByteOrder, .wrongMachine:
      return "build it for this machine, or add a variant for it to the manifest"
    case .notShared: return "link it with -shared -fPIC"
    case .executableStack:
      return "link it with -z noexecstack (assembly files need a .note.GNU-stack section)"
    case .initialExecTLS: return "compile it with -ftls-model=global-dynamic"
    case .newerGlibc: return "build it on a machine with the older glibc"
    case .missingEntry(let symbol):
      return "define and export \(symbol) (public in Swift, extern \"C\" in C++)"
    case .noFunction(let symbol): return "name a function, not a variable; \(symbol) is data"
    }
  }

  private static func name(_ machine: UInt16) -> String {
    switch machine {
    case 62: return "x86_64 (e_machine 62)"
    case 183: return "aarch64 (e_machine 183)"
    default: return "e_machine \(machine)"
    }
  }
}

extension ELFImage {
  #if arch(x86_64)
  static let hostMachine: UInt16 = 62
  #elseif arch(arm64)
  static let hostMachine: UInt16 = 183
  #endif

  /// The C library's version on this machine.
  package static let hostGlibc: LibraryVersion? = {
    var text = [CChar](repeating: 0, count: 64)
    // "glibc 2.36"
    guard confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count) > 0 else { return nil }
    let name = String(
      decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
      as: UTF8.self
    )
    return name.split(separator: " ").last.flatMap { LibraryVersion($0) }
  }()

  /// Whether loading the library would make stacks executable: PT_GNU_STACK says so, or is absent.
  package var wantsExecutableStack: Bool {
    guard let stack = segments.first(where: { $0.type == 0x6474_E551 }) else { return true }
    return stack.flags & 1 != 0
  }

  /// DF_STATIC_TLS.
  var usesInitialExecTLS: Bool { flags & 0x10 != 0 }

  /// Refuses what cannot or should not be loaded into this process, and what is no plugin.
  func checkLoadable() throws(ELFProblem) {
    try checkLoadableLibrary()
    if let symbols = try definedSymbols(), !symbols.contains(STEPWISE_PLUGIN_ENTRY) {
      throw .missingEntry(STEPWISE_PLUGIN_ENTRY)
    }
  }

  /// Refuses what cannot or should not be loaded into this process.
  func checkLoadableLibrary() throws(ELFProblem) {
    guard machine == Self.hostMachine else {
      throw .wrongMachine(found: machine, expected: Self.hostMachine)
    }
    if wantsExecutableStack { throw .executableStack }
    if usesInitialExecTLS { throw .initialExecTLS }
    if let needed = try neededGlibc(), let present = Self.hostGlibc, present < needed {
      throw .newerGlibc(needed: needed.description, present: present.description)
    }
  }
}
