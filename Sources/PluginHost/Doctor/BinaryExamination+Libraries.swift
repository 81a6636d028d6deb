extension BinaryExamination {
  /// Whether everything that it needs is there.
  mutating func checkLibraries() {
    report.needs = image.neededLibraries.map {
      BinaryReport.Need(name: $0, file: closure[$0]?.file)
    }
    let beside = LibraryClosure.runPath(of: image, folder: folder)
    for (name, neededBy) in closure.missing {
      let origin = neededBy == file ? "" : " (for \(neededBy))"
      if let place = LibrarySearch.host.find(name, runPath: beside + [folder]), neededBy == file {
        report.fail(
          "libraries",
          "\(name) is in \(place.file), where the plugin will not look: it is loaded from a private copy elsewhere",
          cure: "link it statically, or install \(name) where the system finds it"
        )
      } else {
        report.fail(
          "libraries",
          "\(name) is not on this machine\(origin)",
          cure: "install the package that has it, or link it statically"
        )
      }
    }
    if closure.missing.isEmpty {
      let found = report.needs.map { "\($0.name) (\($0.file ?? "?"))" }
      report.pass("libraries", found.isEmpty ? "it needs none" : found.joined(separator: ", "))
    }
  }

  private var folder: String {
    let path = Files.canonical(file)
    return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  /// Families of symbol versions whose newest number says how new a machine must be: prefix, name, who has it.
  private static let families = [
    ("GLIBC_", "glibc", "the older glibc"), ("GLIBCXX_", "libstdc++", "the older compiler"),
    ("CXXABI_", "libstdc++ ABI", "the older compiler"), ("GCC_", "libgcc", "the older compiler"),
  ]

  /// Whether what it needs is new enough.
  mutating func checkVersions() throws(ELFProblem) {
    let needed = try image.neededVersions()
    var absent: [String] = []
    var provided: [String] = []
    for need in needed {
      guard let member = closure[need.library] else { continue }
      let there = try member.image.definedVersions()
      provided += there
      absent += need.versions.filter { !there.contains($0) }.map { "\($0) of \(need.library)" }
    }
    for (prefix, name, builder) in Self.families {
      guard let newest = try image.newestNeeded(prefix) else { continue }
      let present =
        prefix == "GLIBC_" ? ELFImage.hostGlibc : ELFImage.newest(prefix, among: provided)
      guard let present else { continue }
      if present < newest {
        report.fail(
          name,
          "it needs \(name) \(newest), this machine has \(present)",
          cure: "build it on a machine with \(builder)"
        )
      } else {
        report.pass(name, "it needs \(name) \(newest), this machine has \(present)")
      }
    }
    // What no family explains; an absent version of glibc is told above.
    let rest = absent.filter { text in
      !Self.families.contains { text.utf8.starts(with: $0.0.utf8) }
    }
    if !rest.isEmpty {
      report.fail(
        "versions",
        "versions of symbols that this machine's libraries do not have: \(listed(rest))",
        cure: "build it against the libraries of this machine, or update them"
      )
    }
  }

  /// Where it looks for libraries.
  mutating func checkRunPath() {
    guard let runPath = image.runPath, !runPath.isEmpty else {
      return report.pass("run path", "none: libraries are looked for where the system has them")
    }
    let parts = runPath.split(separator: ":").map(String.init)
    // Where the host itself has libraries from, as those of Swift, is no news.
    let usual = Set((process?.members ?? []).map { LibraryClosure.folder(of: $0.file) })
    let local = parts.filter {
      !$0.contains("$ORIGIN") && !$0.contains("${ORIGIN}") && !usual.contains(Files.canonical($0))
    }
    // Whatever it names, it does no harm where everything is found without it.
    let isNeeded = image.neededLibraries.contains { name in
      guard let file = closure[name]?.file, process?[name] == nil else { return false }
      return local.contains { file.utf8.starts(with: "\(Files.canonical($0))/".utf8) }
    }
    if isNeeded {
      report.warn(
        "run path",
        "libraries are found in \(local.joined(separator: ", ")), which other machines may not have",
        cure: "install them where the system finds them, or link them statically"
      )
    } else if !local.isEmpty {
      report.warn(
        "run path",
        "\(local.joined(separator: ", ")) is a folder of the machine it was built on; nothing is needed from there",
        cure: "link without -rpath, or remove it: patchelf --remove-rpath \(file)"
      )
    } else {
      report.pass(
        "run path",
        "\(runPath): nothing is looked for there ($ORIGIN would be the folder of a private copy)"
      )
    }
  }

  func listed(_ names: [String]) -> String {
    let shown = names.prefix(6).joined(separator: ", ")
    return names.count > 6 ? "\(shown) and \(names.count - 6) more" : shown
  }
}

extension ELFImage {
  /// The newest of the versions with that prefix.
  static func newest(_ prefix: String, among versions: [String]) -> LibraryVersion? {
    versions.filter { $0.utf8.starts(with: prefix.utf8) }
      .compactMap { LibraryVersion($0.dropFirst(prefix.utf8.count)) }
      .max()
  }
}
