import Components
import Foundation
import PluginHost
import RunStore

/// Which bytes a run's plugins must have, and where the run keeps them.
struct PluginPins: Sendable, Equatable {
  /// One plugin's bytes.
  struct Pin: Codable, Sendable, Equatable {
    var id: String
    var version: String
    /// SHA-256 of its code.
    var digest: String
    /// SHA-256 of its manifest.
    var manifestDigest: String

    init(_ plugin: LoadedPlugin) {
      id = plugin.identity.id
      version = plugin.identity.version
      digest = plugin.identity.digest
      manifestDigest = plugin.manifestDigest
    }

    init(id: String, version: String, digest: String, manifestDigest: String) {
      (self.id, self.version) = (id, version)
      (self.digest, self.manifestDigest) = (digest, manifestDigest)
    }
  }

  /// By slot: `strategy`, `prompts`, `demonstrations`, `evaluation.prompts`, `rewards.INDEX`.
  var bySlot: [String: Pin] = [:]
  /// The run's directory.
  var run: URL?

  /// The reference to a plugin with the pinned bytes: what the configuration names, where that is still the same, else the run's own
  /// copy.
  ///
  /// The copy is nobody's shipped plugin: it runs in a process of its own, with the same numbers.
  func pinned(
    _ reference: PluginReference,
    _ kind: ComponentKind,
    slot: String,
    catalog: PluginCatalog
  ) throws(PluginError) -> PluginReference {
    guard let pin = bySlot[slot], let run else { return reference }
    let found = try? catalog.identify(kind, reference)
    if found.map(Pin.init) == pin { return reference }
    let images = run.appending(path: "images").path
    let folder = "\(images)/copies/\(pin.manifestDigest.prefix(16))-\(pin.digest.prefix(16))"
    try PluginCopy.restore(
      manifest: "\(images)/\(pin.manifestDigest)",
      image: "\(images)/\(pin.digest)",
      into: folder
    )
    var copy = reference
    copy.name = "\(folder)#\(pin.id)"
    if copy.isolation == .inProcess { copy.isolation = nil }
    let identity = Pin(try catalog.identify(kind, copy))
    guard identity == pin else {
      throw PluginError(
        .file,
        plugin: pin.id,
        file: folder,
        "its SHA-256 is \(identity.digest), the run used \(pin.digest)",
        cure: "restore that version of it, or the run's images folder"
      )
    }
    return copy
  }
}

extension LoadedParts {
  /// The bytes that were loaded, by slot.
  var pins: [String: PluginPins.Pin] {
    var pins = ["strategy": PluginPins.Pin(strategy.plugin)]
    for dataset in datasets {
      pins[dataset.slot] = PluginPins.Pin(dataset.plugin)
    }
    for (index, reward) in rewards.enumerated() {
      pins["rewards.\(index)"] = PluginPins.Pin(reward.plugin)
    }
    return pins
  }
}
