import PluginHost

/// What a library's bytes say of where it runs: the part of a variant that nobody has to write.
struct LibraryTraits {
  var architecture: String
  var libc: String?
  /// `6.3.1`, where it holds Swift and was not stripped.
  var swift: String?
  /// `dynamic` or `static`, where it holds Swift.
  var linkage: String?

  /// - Throws: `PackageError` where the bytes are no library that can be packed.
  init(_ bytes: [UInt8], subject: String) throws {
    func malformed(_ message: String, _ cure: String) -> PackageError {
      PackageError(.malformed, subject, message, cure: cure)
    }
    let image: ELFImage
    do throws(ELFProblem) {
      image = try ELFImage(bytes)
      libc = try image.neededGlibc()?.description
    } catch {
      throw malformed(error.description, error.cure)
    }
    guard let architecture = image.architecture else {
      throw malformed(
        "it is for the machine \(image.machine)",
        "build it for x86_64 or aarch64"
      )
    }
    self.architecture = architecture
    if image.wantsExecutableStack {
      throw malformed(ELFProblem.executableStack.description, ELFProblem.executableStack.cure)
    }
    swift = Self.swiftVersion(bytes)
    let needsRuntime = image.neededLibraries.contains("libswiftCore.so")
    if needsRuntime || swift != nil { linkage = needsRuntime ? "dynamic" : "static" }
  }

  /// The compiler leaves `Swift version 6.3.1 (...)` in the debug information, which a release build of SwiftPM has.
  private static func swiftVersion(_ bytes: [UInt8]) -> String? {
    let mark = Array("Swift version ".utf8)
    var start = bytes.startIndex
    while let found = bytes[start...].firstIndex(of: mark[0]) {
      if bytes[found...].starts(with: mark) {
        let text = bytes[(found + mark.count)...].prefix { 0x30...0x39 ~= $0 || $0 == 0x2E }
        if let version = LibraryVersion(String(decoding: text, as: UTF8.self)) {
          return version.description
        }
      }
      start = found + 1
    }
    return nil
  }
}
