import PluginHost

/// The newest version of each plugin that each signer has brought. An older one does not get in again: an attacker who cannot sign
/// could otherwise hand out an old package that has a known hole. Floors outlive an uninstall.
struct VersionFloors {
  private let folder: String

  init(_ folders: StepwiseFolders) { folder = folders.trust + "/floors" }

  private func path(of id: String) -> String { "\(folder)/\(id).json" }

  /// The floor of an id for a signer; `nil` where nothing by that one was installed.
  func floor(_ id: String, signer: String) throws -> SemanticVersion? {
    let floors = try JSONFile.read([String: String].self, from: path(of: id))
    return floors?[signer].flatMap { SemanticVersion($0) }
  }

  func raise(_ id: String, signer: String, to version: SemanticVersion) throws {
    var floors = try JSONFile.read([String: String].self, from: path(of: id)) ?? [:]
    if let present = floors[signer].flatMap({ SemanticVersion($0) }), present >= version { return }
    floors[signer] = version.description
    try JSONFile.write(floors, to: path(of: id))
  }

  /// Gives a key the floors of the one whose place it takes.
  func inherit(from old: String, to new: String) throws {
    for name in Files.names(in: folder) ?? [] where name.hasSuffix(".json") {
      let id = String(name.dropLast(5))
      if let version = try floor(id, signer: old) { try raise(id, signer: new, to: version) }
    }
  }
}
