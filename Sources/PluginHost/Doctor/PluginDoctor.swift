/// Examines a library, or a plugin's folder or manifest with each library that it names.
public enum PluginDoctor {
  /// One report for each library; for a manifest each also says where manifest and library disagree.
  ///
  /// - Parameters:
  ///   - path: a library, a folder with a manifest, or a manifest.
  ///   - libraryDirectories: where a library is looked for that does not lie beside its manifest.
  /// - Throws: `PluginError` where there is a manifest that cannot be read.
  public static func examine(
    _ path: String,
    libraryDirectories: [String] = []
  ) throws(PluginError) -> [BinaryReport] {
    guard let manifest = try manifest(at: path) else { return [BinaryExamination.report(on: path)] }
    switch manifest.runtime {
    case .cFunction(let signature) where signature.library != nil:
      return [systemLibrary(signature)]
    case .python(let module):
      var report = BinaryReport(file: "\(manifest.directory)/\(module.file)")
      if Files.exists(report.file) {
        report.pass("file", "a Python file: there is no binary to look at")
      } else {
        report.fail("file", "there is no such file", cure: "correct 'python.file'")
      }
      return [report]
    case .native, .cFunction:
      return manifest.variants.map { report($0, manifest, libraryDirectories) }
    }
  }

  /// The manifest that a path stands for; `nil` where it is a library.
  public static func manifest(at path: String) throws(PluginError) -> PluginManifest? {
    if path.utf8.suffix(5).elementsEqual(".yaml".utf8) {
      return try PluginManifest(contentsOf: path)
    }
    guard Files.names(in: path) != nil else { return nil }
    return try PluginManifest(contentsOf: "\(path)/\(PluginManifest.fileName)")
  }

  private static func systemLibrary(_ signature: FunctionSignature) -> BinaryReport {
    let name = signature.library ?? ""
    guard let place = LibrarySearch.host.find(name) else {
      var report = BinaryReport(file: name)
      report.fail(
        "file",
        "this machine has no library of that name",
        cure: "install the package that has it"
      )
      return report
    }
    return BinaryExamination.report(
      on: Files.canonical(place.file),
      function: signature.symbol,
      isSystemLibrary: true
    )
  }

  private static func report(
    _ variant: PluginManifest.Variant,
    _ manifest: PluginManifest,
    _ libraryDirectories: [String]
  ) -> BinaryReport {
    let name = variant.file.split(separator: "/").last.map(String.init) ?? variant.file
    let places =
      ["\(manifest.directory)/\(variant.file)"] + libraryDirectories.map { "\($0)/\(name)" }
    let file = places.first(where: Files.exists) ?? places[0]
    let isHost = variant.os == "linux" && variant.arch == PluginManifest.hostArchitecture
    guard isHost else {
      let isShared = manifest.hostVariant?.file == variant.file
      return foreign(variant, file, isShared: isShared)
    }
    var symbol: String?
    if case .cFunction(let signature) = manifest.runtime { symbol = signature.symbol }
    var report = BinaryExamination.report(on: file, function: symbol)
    compare(variant, &report)
    return report
  }

  /// A variant for another machine: its bytes can be compared, and no more.
  ///
  /// - Parameter isShared: whether this machine's variant names the same file, which each machine builds for itself.
  private static func foreign(
    _ variant: PluginManifest.Variant,
    _ file: String,
    isShared: Bool
  ) -> BinaryReport {
    var report = BinaryReport(file: file)
    let name = "\(variant.os) \(variant.arch)"
    do {
      let bytes = try Files.read(file, limit: 1 << 30)
      report.size = bytes.count
      report.digest = sha256(bytes)
      let image = try ELFImage(bytes)
      let machines: [String: UInt16] = ["x86_64": 62, "aarch64": 183]
      if let expected = machines[variant.arch], expected != image.machine {
        let problem = ELFProblem.wrongMachine(found: image.machine, expected: expected)
          .description.replacing("this machine is", with: "the variant says")
        if isShared {
          report.warn(
            "machine",
            "\(problem): the file is this machine's",
            cure:
              "give \(name) a file of its own before you share the plugin, or take it off the manifest"
          )
        } else {
          report.fail("machine", problem, cure: "build it for \(name), or take it off the manifest")
        }
      } else {
        report.pass("machine", "for \(name): no more can be known of it on this machine")
      }
    } catch {
      // A manifest may name what is built elsewhere.
      report.warn(
        "file",
        "\(error)",
        cure: "build the variant \(name), or take it off the manifest"
      )
    }
    compareDigest(variant, &report)
    return report
  }

  /// What the manifest says of a library, and what is true.
  private static func compare(_ variant: PluginManifest.Variant, _ report: inout BinaryReport) {
    compareDigest(variant, &report)
    guard let bytes = try? Files.read(report.file, limit: 1 << 30), let image = try? ELFImage(bytes)
    else { return }
    if let ceiling = variant.libc, let newest = try? image.neededGlibc() {
      let isRight = LibraryVersion(ceiling).map { newest <= $0 } ?? false
      if isRight {
        report.pass("manifest libc", "it needs glibc \(newest), the manifest says \(ceiling)")
      } else {
        report.fail(
          "manifest libc",
          "it needs glibc \(newest), the manifest says \(ceiling)",
          cure: "write libc: \"\(newest)\", or build it on a machine with the older glibc"
        )
      }
    }
    let isSwift = image.neededLibraries.contains("libswiftCore.so")
    if let swift = variant.swift, let found = image.swiftVersion, swift != found {
      report.fail(
        "manifest swift",
        "it was compiled by Swift \(found), the manifest says \(swift)",
        cure: "write swift: \"\(found)\""
      )
    } else if isSwift, variant.swift == nil {
      report.warn(
        "manifest swift",
        "it needs the Swift runtime, the manifest does not say which",
        cure:
          "write swift: \"\(image.swiftVersion ?? "VERSION")\" and linkage: dynamic into the variant"
      )
    }
    if let linkage = variant.linkage, (linkage == "dynamic") != isSwift {
      report.fail(
        "manifest linkage",
        "the manifest says \(linkage), the library \(isSwift ? "needs" : "does not need") libswiftCore.so",
        cure: "correct 'linkage'"
      )
    }
  }

  private static func compareDigest(
    _ variant: PluginManifest.Variant,
    _ report: inout BinaryReport
  ) {
    guard let digest = variant.sha256, !report.digest.isEmpty else { return }
    if digest == report.digest {
      report.pass("manifest sha256", "the bytes are those that the manifest names")
    } else {
      report.fail(
        "manifest sha256",
        "its SHA-256 is \(report.digest), the manifest says \(digest)",
        cure: "correct the manifest after a rebuild, or install the plugin again"
      )
    }
  }
}
