import Components

/// The bytes of a plugin's code, read once and checked.
struct VerifiedImage: Sendable, Equatable {
  /// Where they lie.
  var file: String
  /// Their SHA-256.
  var digest: String
  /// The private copy.
  var copy: String
}

extension PluginCatalog {
  /// A library of a sane size; a larger one is not read into memory.
  private static let libraryLimit = 1 << 30

  /// The library for this machine: beside the manifest, in one of the library folders, or one of the system; of a Python plugin its
  /// file.
  func library(of manifest: PluginManifest) -> String? {
    if case .python(let module) = manifest.runtime {
      let file = "\(manifest.directory)/\(module.file)"
      return Files.exists(file) ? file : nil
    }
    if case .cFunction(let signature) = manifest.runtime, let name = signature.library {
      return LibrarySearch.host.find(name)?.file
    }
    guard let variant = manifest.hostVariant else { return nil }
    let name = Self.lastComponent(variant.file)
    let candidates =
      ["\(manifest.directory)/\(variant.file)"] + libraryDirectories.map { "\($0)/\(name)" }
    return candidates.first(where: Files.exists)
  }

  private static func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// Reads the library once, checks the bytes, and keeps a private copy of them.
  func verifiedImage(_ entry: Entry) throws(PluginError) -> VerifiedImage {
    let id = entry.component.id
    if case .python(let module) = entry.manifest.runtime {
      return try pythonImage("\(entry.manifest.directory)/\(module.file)", id)
    }
    let file = try libraryFile(entry)
    do {
      let bytes = try Files.read(file, limit: Self.libraryLimit)
      try check(try ELFImage(bytes), for: entry.manifest.runtime)
      let digest = sha256(bytes)
      if let expected = entry.manifest.hostVariant?.sha256, expected != digest {
        throw PluginError(
          .file,
          plugin: id,
          file: file,
          "its SHA-256 is \(digest), the manifest says \(expected)",
          cure: "install the plugin again, or correct the manifest after a rebuild"
        )
      }
      return VerifiedImage(
        file: Files.canonical(file),
        digest: digest,
        copy: try store.keep(bytes, digest: digest)
      )
    } catch let problem as ELFProblem {
      throw PluginError(
        .image(problem),
        plugin: id,
        file: file,
        problem.description,
        cure: problem.cure
      )
    } catch let problem as FunctionProblem {
      throw PluginError(
        .image(problem.problem),
        plugin: id,
        file: file,
        problem.problem.description,
        cure: problem.cure
      )
    } catch let error as PluginError {
      throw error
    } catch {
      throw PluginError(.file, plugin: id, file: file, String(describing: error))
    }
  }

  /// Reads the Python files once and keeps a private copy of them.
  private func pythonImage(_ file: String, _ id: String) throws(PluginError) -> VerifiedImage {
    let path = Files.canonical(file)
    do {
      let sources = try PythonSources(entry: path)
      let bytes = try sources.image()
      let digest = sha256(bytes)
      let suffix = sources.isArchive ? "tar" : "py"
      return VerifiedImage(
        file: path,
        digest: digest,
        copy: try store.keep(bytes, digest: digest, suffix: suffix, mode: 0o400)
      )
    } catch {
      throw PluginError(
        .file,
        plugin: id,
        file: file,
        String(describing: error),
        cure: (error as? PythonSources.Problem)?.cure
          ?? "put the file beside the manifest, or correct 'python.file'"
      )
    }
  }

  private func check(_ image: ELFImage, for runtime: PluginManifest.Runtime) throws {
    switch runtime {
    case .native, .python: try image.checkLoadable()
    case .cFunction(let signature):
      // What a library of the system asks of its process is the system's business.
      if signature.library == nil { try image.checkLoadableLibrary() }
      try image.checkFunction(signature.symbol)
    }
  }

  private func libraryFile(_ entry: Entry) throws(PluginError) -> String {
    let id = entry.component.id
    let manifest = entry.manifest
    if let file = library(of: manifest) { return file }
    if case .cFunction(let signature) = manifest.runtime, let name = signature.library {
      let near = nearestName(to: name, among: LibrarySearch.host.names)
      throw PluginError(
        .file,
        plugin: id,
        file: manifest.file,
        "this machine has no library \(name)",
        cure: near.map { "did you mean \($0)?" } ?? "install the package that has it"
      )
    }
    guard let variant = manifest.hostVariant else {
      let there = manifest.variants.map { "\($0.os) \($0.arch)" }.joined(separator: ", ")
      throw PluginError(
        .file,
        plugin: id,
        file: manifest.file,
        "it has no variant for linux \(PluginManifest.hostArchitecture), only for \(there)",
        cure: "build it on this machine and add the variant"
      )
    }
    let places = [manifest.directory] + libraryDirectories
    throw PluginError(
      .file,
      plugin: id,
      file: manifest.file,
      "its library \(variant.file) is not in \(places.joined(separator: ", "))",
      cure: "build it, or put it beside the manifest"
    )
  }
}
