import Glibc
import PluginHost

extension PackageBuilder {
  /// What belongs into every package where it lies beside the manifest.
  private static let usual = [
    "LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS", "README", "CHANGELOG", "example.jsonl",
    "requirements.txt",
  ]

  /// Adds the Python module, the licence, readme and example, and what the manifest's `files` names.
  mutating func collectFiles(of manifest: PluginManifest, in folder: String) throws {
    if case .python(let module) = manifest.runtime {
      try collectPython(module, in: folder)
      if let interpreter = module.interpreter, interpreter.contains("/") {
        notices.append(
          "the interpreter \(interpreter) is not packed; who installs the plugin makes it there"
        )
      }
    }
    for name in Files.names(in: folder) ?? [] {
      guard Self.usual.contains(where: { name == $0 || name.hasPrefix($0 + ".") }),
        Self.kind(folder + "/" + name) == S_IFREG
      else { continue }
      try collect(name, in: folder)
    }
    for name in manifest.files { try collect(name, in: folder) }
    if !files.keys.contains(where: { $0.hasPrefix("LICEN") || $0.hasPrefix("COPYING") }) {
      notices.append("there is no LICENSE file beside the manifest")
    }
  }

  /// The Python file and the others that count as the plugin's code: then its digest is the same where it is installed.
  private mutating func collectPython(
    _ module: PluginManifest.PythonModule,
    in folder: String
  ) throws {
    let prefix = module.file.lastIndex(of: "/").map { String(module.file[...$0]) } ?? ""
    let sources: PythonSources
    do {
      sources = try PythonSources(entry: "\(folder)/\(module.file)")
    } catch {
      let cure = (error as? PythonSources.Problem)?.cure
      throw PackageError(.file, folder, "\(error)", cure: cure)
    }
    for file in sources.files { try add(prefix + file.path, file.bytes) }
  }

  /// A file, or all files of a folder but hidden ones. Links are not followed: what is packed lies in the folder.
  private mutating func collect(_ name: String, in folder: String) throws {
    let path = folder + "/" + name
    switch Self.kind(path) {
    case S_IFREG:
      guard files[name] == nil else { return }
      try add(name, Self.read(path, limit: ArchiveLimits().packageSize))
    case S_IFDIR:
      for child in Files.names(in: path) ?? [] where !child.hasPrefix(".") && child != "__pycache__"
      {
        try collect(name + "/" + child, in: folder)
      }
    case nil:
      throw PackageError(
        .file,
        path,
        "the manifest names it, and it is not there",
        cure: "put it there, or take it off the manifest"
      )
    default:
      throw PackageError(
        .malformed,
        path,
        "it is neither a file nor a folder",
        cure: "put a copy in the place of the link"
      )
    }
  }

  private static func kind(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }
}
