public import PluginHost

/// What can be said of a plugin's folder that is no package: whether its libraries are those that its manifest gives digests for.
public enum PluginFolderCheck {
  /// - Throws: `PackageError` for a library that is missing for every machine, or has another digest.
  public static func check(_ manifest: PluginManifest) throws {
    var present = 0
    for variant in manifest.variants {
      let path = "\(manifest.directory)/\(variant.file)"
      guard Files.exists(path) else { continue }
      present += 1
      let bytes = try PackageBuilder.read(path, limit: ArchiveLimits().totalSize)
      let found = sha256(bytes)
      if let expected = variant.sha256, expected != found {
        throw PackageError(
          .malformed,
          path,
          "it has the SHA-256 \(found), the manifest says \(expected)",
          cure: "build it again, or take sha256 off the manifest: `pack` fills it in"
        )
      }
    }
    guard manifest.variants.isEmpty || present > 0 else {
      throw PackageError(
        .file,
        manifest.directory,
        "none of its libraries is there",
        cure: "build it: stepwise plugin build"
      )
    }
  }
}
