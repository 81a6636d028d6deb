extension BinaryExamination {
  /// What it has to have, what it asks for, what it shows.
  mutating func checkSymbols() throws(ELFProblem) {
    guard let symbols = try image.dynamicSymbols() else {
      return report.warn(
        "symbols",
        "it has no section headers, so that its symbols cannot be looked at",
        cure: "strip it with `strip --strip-unneeded`, which leaves them"
      )
    }
    checkEntry(symbols)
    checkUndefined(symbols)
    checkUnique(symbols)
    if !isFunction { checkExports(symbols) }
  }

  private mutating func checkEntry(_ symbols: [ELFImage.Symbol]) {
    do {
      try image.checkFunction(entry)
      report.pass("entry", "it exports \(entry)")
    } catch {
      let isHidden = symbols.contains { $0.name == entry && $0.isDefined && !$0.isVisible }
      let cure =
        isHidden
        ? "export it: put it into the version script, with default visibility"
        : isFunction
          ? error.cure
          : "\(error.problem.cure); a plain C function needs a manifest with runtime: c-function"
      report.fail("entry", error.problem.description, cure: cure)
    }
  }

  private mutating func checkUndefined(_ symbols: [ELFImage.Symbol]) {
    let wanted = symbols.filter { !$0.isDefined && !$0.isWeak && $0.binding != 0 }.map(\.name)
    let own = closure.definitions()
    let orphans = wanted.filter { !own.contains($0) }
    if orphans.isEmpty {
      return report.pass(
        "symbols",
        wanted.isEmpty ? "it needs none" : "all \(wanted.count) that it needs are there"
      )
    }
    if !closure.missing.isEmpty {
      // Whether the missing libraries have them cannot be known.
      return report.warn(
        "symbols",
        "\(listed(orphans)) may be in a library that is missing",
        cure: "install the missing libraries and look again"
      )
    }
    let others = process?.definitions() ?? []
    let borrowed = orphans.filter(others.contains)
    let absent = orphans.filter { !others.contains($0) }
    if !absent.isEmpty {
      report.fail(
        "symbols",
        "nothing defines \(listed(absent))",
        cure: "link the library that defines them; the host exports none"
      )
    }
    if !borrowed.isEmpty {
      report.warn(
        "symbols",
        "\(listed(borrowed)) are found only because the host has a library that defines them, which the plugin does not name",
        cure: "link it, for example with -lm for mathematics"
      )
    }
  }

  private mutating func checkUnique(_ symbols: [ELFImage.Symbol]) {
    let unique = symbols.filter { $0.isUnique && $0.isDefined }.map(\.name)
    if unique.isEmpty {
      return report.pass(
        "unique symbols",
        "none: a newer build may replace it in a running process"
      )
    }
    report.warn(
      "unique symbols",
      "\(unique.count) are unique in a process (\(listed(unique))): a newer build that is loaded beside this one in the "
        + "same process would go on with this one's variables, so that it gets a process of its own",
      cure: "compile it with -fno-gnu-unique"
    )
  }

  private mutating func checkExports(_ symbols: [ELFImage.Symbol]) {
    let usual: Set<String> = ["_init", "_fini", "_edata", "_end", "__bss_start", entry]
    let others = symbols.filter {
      $0.isDefined && $0.isVisible && !$0.isVersionName && !usual.contains($0.name)
    }
    if others.isEmpty { return report.pass("exports", "the entry and nothing else") }
    report.warn(
      "exports",
      "\(others.count) symbols beside the entry (\(listed(others.map(\.name)))): another plugin's may be taken in their place",
      cure: "compile with -fvisibility=hidden, or link with a version script: "
        + "{ global: \(entry); local: *; };"
    )
  }
}
