import Components
import Glibc

/// A plugin's folder, made again from the two files that a run keeps of it: its manifest, and the bytes of its code.
public enum PluginCopy {
  private static let sizeLimit = 1 << 30

  /// Makes the folder, where it is not there yet.
  ///
  /// - Parameters:
  ///   - manifest: the manifest's file.
  ///   - image: the file of its code: a library, a Python file, or a tar of Python files.
  ///   - folder: where the plugin is to lie; its parent is made too.
  /// - Throws: `PluginError` of the sort `file` or `manifest`.
  public static func restore(
    manifest: String,
    image: String,
    into folder: String
  ) throws(PluginError) {
    if Files.exists("\(folder)/\(PluginManifest.fileName)") { return }
    do {
      let text = try Files.read(manifest, limit: 1 << 20)
      let code = try Files.read(image, limit: sizeLimit)
      let staged = "\(folder).\(getpid())"
      try Files.makeDirectory(staged)
      try Files.writeAtomically(text, to: "\(staged)/\(PluginManifest.fileName)", mode: 0o400)
      let parsed = try PluginManifest(contentsOf: "\(staged)/\(PluginManifest.fileName)")
      for (path, bytes) in try files(of: parsed, code) {
        let file = "\(staged)/\(path)"
        try Files.makeDirectory(Files.folder(of: file))
        try Files.writeAtomically(bytes, to: file, mode: 0o500)
      }
      // Another process may have been quicker, with the same bytes.
      if rename(staged, folder) != 0, !Files.exists("\(folder)/\(PluginManifest.fileName)") {
        throw FileFailure(path: folder, operation: "make", code: errno)
      }
    } catch let error as PluginError {
      throw error
    } catch {
      throw PluginError(
        .file,
        plugin: folder,
        file: folder,
        "the run's own copy cannot be used: \(error)",
        cure: "restore the run's images folder from a backup"
      )
    }
  }

  /// What lies beside the manifest.
  private static func files(
    of manifest: PluginManifest,
    _ code: [UInt8]
  ) throws -> [(path: String, bytes: [UInt8])] {
    switch manifest.runtime {
    case .python(let module):
      guard let files = PythonSources.files(inImage: code) else { return [(module.file, code)] }
      // The entry's folder is the root of the image.
      let root = Files.folder(of: "./\(module.file)")
      return files.map { ("\(root)/\($0.path)", $0.bytes) }
    case .cFunction(let signature) where signature.library != nil:
      return []
    case .native, .cFunction:
      return manifest.hostVariant.map { [($0.file, code)] } ?? []
    }
  }
}
