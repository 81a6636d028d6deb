import Glibc
import PluginHost

/// AddressSanitizer's runtime, for libraries that were compiled with `-fsanitize=address`.
///
/// Such a library cannot be loaded into a process that did not start with the runtime in front of everything else: so the
/// processes of tests are started under LD_PRELOAD.
public struct Sanitizer: Sendable, Equatable {
  /// The runtime's library: a path, or a name that the dynamic linker finds.
  public var runtime: String

  /// How much slower code is under it.
  public static let slowness = 4.0

  /// Why a sanitized library cannot be tried.
  struct MissingRuntime: Error, CustomStringConvertible {
    var library: String
    var description: String {
      "\(library) was compiled with -fsanitize=address, and no runtime was found; "
        + "install libasan8, or put the clang that compiled it into PATH"
    }
  }

  /// The runtime that a library needs; `nil` where it was not compiled with `-fsanitize=address`.
  ///
  /// - Throws: where it was and there is no runtime.
  public init?(for library: String) throws {
    // A library that cannot be read is the suite's finding, not a matter of sanitizers.
    guard let facts = try? LibraryFacts(contentsOf: library), facts.isAddressSanitized else {
      return nil
    }
    // gcc links its runtime as a library of its own; clang, and Swift with it, expect it in the program.
    if let name = facts.neededLibraries.first(where: { $0.hasPrefix("libasan.so") }) {
      runtime = name
    } else if let path = Self.clangRuntime() {
      runtime = path
    } else {
      throw MissingRuntime(library: library)
    }
  }

  /// Variables for a process that loads the library.
  public var environment: [String: String] {
    let present = getenv("LD_PRELOAD").map { String(cString: $0) } ?? ""
    return [
      "LD_PRELOAD": present.isEmpty ? runtime : "\(runtime):\(present)",
      // What is held at the end of a process is not a leak of a call: the suite counts those itself. A report ends the process.
      "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:handle_abort=0:allocator_may_return_null=1",
    ]
  }

  /// The shared runtime of the clang beside the first clang or swiftc in PATH.
  private static func clangRuntime() -> String? {
    #if arch(x86_64)
    let name = "libclang_rt.asan-x86_64.so"
    #else
    let name = "libclang_rt.asan-aarch64.so"
    #endif
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    for folder in path.split(separator: ":") {
      for program in ["clang", "swiftc"] {
        guard let real = realpath("\(folder)/\(program)", nil) else { continue }
        defer { free(real) }
        let parts = String(cString: real).split(separator: "/").dropLast(2)
        let base = "/" + parts.joined(separator: "/") + "/lib/clang"
        for version in names(in: base) {
          let file = "\(base)/\(version)/lib/linux/\(name)"
          if access(file, R_OK) == 0 { return file }
        }
      }
    }
    return nil
  }

  private static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
      )
    }
    return names.filter { !$0.hasPrefix(".") }.sorted()
  }
}
