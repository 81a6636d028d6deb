extension BinaryExamination {
  /// What it asks of the process's memory.
  mutating func checkMemory() {
    if image.wantsExecutableStack {
      let problem = ELFProblem.executableStack
      report.fail("stack", problem.description, cure: problem.cure)
    } else {
      report.pass("stack", "not executable")
    }
    if image.usesInitialExecTLS, isSystemLibrary {
      report.pass("thread-local storage", "reserved at start, as a library of the system may")
    } else if image.usesInitialExecTLS {
      let problem = ELFProblem.initialExecTLS
      report.fail(
        "thread-local storage",
        "\(problem): there is room for a few such libraries in a process",
        cure: problem.cure
      )
    } else {
      report.pass("thread-local storage", "none that is reserved at start")
    }
    if image.hasTextRelocations {
      report.fail(
        "text relocations",
        "its code is changed as it is loaded, which hardened systems refuse",
        cure: "compile every part of it with -fPIC"
      )
    } else {
      report.pass("text relocations", "none")
    }
  }

  /// How it has the Swift runtime, if it is Swift.
  mutating func checkSwift() throws(ELFProblem) {
    let needed = image.neededLibraries.filter { $0.utf8.starts(with: "libswift".utf8) }
    let version = image.swiftVersion
    let compiler = version.map { ", compiled by Swift \($0)" } ?? ""
    if needed.contains("libswiftCore.so") {
      let host = process?["libswiftCore.so"]?.file
      let found = closure["libswiftCore.so"]?.file
      if let host, host == found {
        report.pass("swift", "dynamic, with the host's runtime (\(host))\(compiler)")
      } else if let found {
        report.warn(
          "swift",
          "dynamic, with a runtime (\(found)) that is not the host's\(compiler)",
          cure: "build it with the toolchain that Stepwise was built with"
        )
      }
    } else if try image.hasSwiftMetadata() {
      report.warn(
        "swift",
        "static: it brings a runtime of its own, beside the host's\(compiler)",
        cure: "link the runtime dynamically; a process has one Swift runtime"
      )
    }
    if let version, let own = SwiftCompiler.version, version != own {
      report.warn(
        "swift version",
        "it was compiled by Swift \(version), the host by \(own)",
        cure: "build it with Swift \(own): the SDK is compiled into the plugin"
      )
    }
  }
}

/// The compiler of this program.
enum SwiftCompiler {
  /// For example `6.3.1`, as far as this program's own file tells.
  static let version: String? = {
    guard let bytes = try? Files.read("/proc/self/exe", limit: 1 << 30) else { return nil }
    return ELFImage.swiftVersion(in: bytes)
  }()
}

extension ELFImage {
  /// Sections with Swift's metadata start with `swift5_`.
  func hasSwiftMetadata() throws(ELFProblem) -> Bool {
    let index: UInt16 = try load(62)
    guard Int(index) < sections.count else { return false }
    let strings = sections[Int(index)].offset
    for section in sections {
      let name = try string(strings, UInt64(section.name))
      if name == "swift5_protocols" || name == "swift5_type_metadata", section.size > 0 {
        return true
      }
    }
    return false
  }

  /// What the debug information says of the compiler; `nil` where it was stripped, or is no Swift.
  var swiftVersion: String? { Self.swiftVersion(in: bytes) }

  static func swiftVersion(in bytes: [UInt8]) -> String? {
    guard let marker = bytes.firstRange(of: Array("Swift version ".utf8)) else { return nil }
    let number = bytes[marker.upperBound...].prefix(32)
      .prefix { 0x30...0x39 ~= $0 || $0 == UInt8(ascii: ".") }
    return number.isEmpty ? nil : String(decoding: number, as: UTF8.self)
  }
}
