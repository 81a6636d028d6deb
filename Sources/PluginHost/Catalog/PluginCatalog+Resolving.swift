import Components

extension PluginCatalog {
  /// The one component of a kind that a name stands for.
  ///
  /// - Throws: `PluginError` that lists the candidates where there are several, and the nearest name where there is none.
  func resolve(_ kind: ComponentKind, _ name: String) throws(PluginError) -> Entry {
    if name.utf8.contains(UInt8(ascii: "/")) { return try resolvePath(kind, name) }
    let parts = name.split(separator: "@", maxSplits: 1).map(String.init)
    let wanted = parts.first ?? ""
    var found = entries.filter { $0.component.kind == kind && $0.component.id == wanted }
    if found.isEmpty {
      found = entries.filter {
        $0.component.kind == kind && Self.shortName($0.component.id) == wanted
      }
    }
    // The same version in two folders of the search path is one plugin: that of the earlier folder.
    var seen: Set<String> = []
    found = found.filter { seen.insert("\($0.component.id)@\($0.manifest.version)").inserted }
    if parts.count == 2 {
      let versions = found.map { $0.manifest.version.description }
      found = found.filter { $0.manifest.version.description == parts[1] }
      if found.isEmpty, !versions.isEmpty {
        throw PluginError(
          .notFound,
          plugin: name,
          "no \(kind.rawValue) has the version \(parts[1])",
          cure: "there is \(versions.joined(separator: ", "))"
        )
      }
    }
    return try one(of: found, kind, name) { () -> PluginError in notFound(kind, wanted) }
  }

  /// `FOLDER`, or `FOLDER#COMPONENT` where its manifest declares several of a kind.
  private func resolvePath(_ kind: ComponentKind, _ name: String) throws(PluginError) -> Entry {
    var path = name
    var component: String?
    if let mark = name.lastIndex(of: "#"), !name[mark...].contains("/") {
      path = String(name[..<mark])
      component = String(name[name.index(after: mark)...])
    }
    let file =
      path.hasSuffix("/" + PluginManifest.fileName) ? path : path + "/" + PluginManifest.fileName
    let there = PluginCatalog(searchPaths: [
      String(file.dropLast(PluginManifest.fileName.count + 1))
    ])
    if let problem = there.problems.first { throw problem }
    let all = there.entries.filter { $0.component.kind == kind }
    let found = all.filter {
      component == nil || $0.component.id == component
        || Self.shortName($0.component.id) == component
    }
    return try one(of: found, kind, name) { () -> PluginError in
      if let component, !all.isEmpty {
        return PluginError(
          .notFound,
          plugin: name,
          file: file,
          "it has no \(kind.rawValue) '\(component)'",
          cure: "it has \(all.map(\.component.id).joined(separator: ", "))"
        )
      }
      return PluginError(
        .notFound,
        plugin: name,
        file: file,
        there.entries.isEmpty ? "there is no such manifest" : "it has no \(kind.rawValue)",
        cure: "give the folder of a plugin.yaml that declares one"
      )
    }
  }

  private func one(
    of found: [Entry],
    _ kind: ComponentKind,
    _ name: String,
    otherwise: () -> PluginError
  ) throws(PluginError) -> Entry {
    if found.count == 1 { return found[0] }
    guard !found.isEmpty else { throw otherwise() }
    let candidates = found.map {
      "\($0.component.id)@\($0.manifest.version) (\($0.manifest.directory))"
    }
    throw PluginError(
      .ambiguous,
      plugin: name,
      "\(found.count) \(kind.plural) answer to it: \(candidates.joined(separator: ", "))",
      cure: name.contains("/")
        ? "add #ID to the path" : "give the full id, id@version, or the path"
    )
  }

  private func notFound(_ kind: ComponentKind, _ name: String) -> PluginError {
    let ids = entries.filter { $0.component.kind == kind }.map(\.component.id)
    let names = ids + ids.map(Self.shortName)
    let others = entries.filter {
      $0.component.id == name || Self.shortName($0.component.id) == name
    }
    let cure: String
    if let other = others.first {
      cure = "\(other.component.id) is a \(other.component.kind.rawValue)"
    } else if let near = nearestName(to: name, among: names) {
      cure = "did you mean '\(near)'?"
    } else if let problem = problems.first {
      cure = "a manifest could not be read: \(problem)"
    } else if ids.isEmpty {
      cure = "the search path has no \(kind.rawValue) at all; set \(Self.pathVariable)"
    } else {
      cure = "there is \(ids.joined(separator: ", "))"
    }
    return PluginError(
      .notFound,
      plugin: name,
      "no \(kind.rawValue) of that name is on the search path",
      cure: cure
    )
  }
}

extension ComponentKind {
  /// Several of them, in messages.
  fileprivate var plural: String { self == .strategy ? "strategies" : "\(rawValue)s" }
}
