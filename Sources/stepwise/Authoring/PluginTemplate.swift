import Components
import FoundationEssentials
import PluginHost

/// A folder of `templates/` and the plugin that is made out of it.
struct PluginTemplate {
  /// What a plugin can be written in.
  enum Language: String, CaseIterable {
    case swift, c, cpp, rust, python, ffi

    /// As people write it.
    var title: String {
      switch self {
      case .swift: return "Swift"
      case .c: return "C"
      case .cpp: return "C++"
      case .rust: return "Rust"
      case .python: return "Python"
      case .ffi: return "a plain C function"
      }
    }
  }

  /// Why no plugin was made.
  struct Failure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
  }

  let kind: ComponentKind
  let language: Language
  let name: String
  let id: String

  /// - Throws: `Failure` for a name, an id or a combination that cannot be.
  init(kind: ComponentKind, language: Language, name: String, id: String?) throws(Failure) {
    guard Self.isName(name) else {
      throw Failure(
        "NAME is \(name.debugDescription). It becomes the name of files and the last part of the id: use lower-case letters, "
          + "digits and '-', beginning with a letter, at most 64, for example fresh-words."
      )
    }
    let id = id ?? "org.example.\(kind.rawValue).\(name)"
    guard PluginManifest.isIdentifier(id) else {
      throw Failure(
        "--id is \(id.debugDescription). Use reverse DNS of lower-case letters, digits and '-', for example "
          + "org.example.\(kind.rawValue).\(name)."
      )
    }
    guard language != .ffi || kind == .reward else {
      throw Failure(
        "--lang ffi makes rewards only: a function of plain numbers and text can score a completion, and has no way to be a "
          + "\(kind.rawValue). Use --lang c."
      )
    }
    self.kind = kind
    self.language = language
    self.name = name
    self.id = id
  }

  private static func isName(_ name: String) -> Bool {
    let letters: ClosedRange<UInt8> = 0x61...0x7A
    guard let first = name.utf8.first, let last = name.utf8.last, name.utf8.count <= 64 else {
      return false
    }
    return letters ~= first && last != UInt8(ascii: "-")
      && name.utf8.allSatisfy {
        letters ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "-")
      }
  }

  /// Makes the plugin's folder, whole or not at all.
  ///
  /// - Parameters:
  ///   - templates: the folder of templates.
  ///   - folder: the folder to make; it must not be there.
  ///   - swiftVersion: the version of the Swift compiler that will build it; for the manifest of a Swift plugin.
  func make(from templates: String, in folder: String, swiftVersion: String?) throws {
    let manager = FileManager.default
    let source = "\(templates)/\(kind.rawValue)-\(language.rawValue)"
    guard manager.fileExists(atPath: source) else {
      throw Failure(
        "\(source) is not there, and it is the template that was asked for. Install Stepwise again, or set STEPWISE_TEMPLATES."
      )
    }
    guard !manager.fileExists(atPath: folder) else { throw occupied(folder) }
    let draft = "\(folder).new-\(UUID().uuidString.prefix(8))"
    do {
      try copy(source, to: draft, swiftVersion: swiftVersion)
      // An error here would be the template's: it must not become the author's.
      _ = try PluginManifest(contentsOf: "\(draft)/\(PluginManifest.fileName)")
      guard !manager.fileExists(atPath: folder) else { throw occupied(folder) }
      try manager.moveItem(atPath: draft, toPath: folder)
    } catch {
      try? manager.removeItem(atPath: draft)
      throw error
    }
  }

  private func occupied(_ folder: String) -> Failure {
    Failure("\(folder) is already there. Take another NAME, or another --directory.")
  }

  /// Copies files one by one: a template that is installed read-only gives a plugin that can be edited.
  private func copy(_ source: String, to target: String, swiftVersion: String?) throws {
    let manager = FileManager.default
    try manager.createDirectory(atPath: target, withIntermediateDirectories: true)
    for name in try manager.contentsOfDirectory(atPath: source).sorted() {
      let from = "\(source)/\(name)"
      var isDirectory = false
      guard manager.fileExists(atPath: from, isDirectory: &isDirectory) else { continue }
      if isDirectory {
        // What a build in the template left behind belongs to no plugin.
        guard name != ".build", name != "__pycache__" else { continue }
        try copy(from, to: "\(target)/\(name)", swiftVersion: swiftVersion)
        continue
      }
      let text = filled(
        String(decoding: try Data(contentsOf: URL(filePath: from)), as: UTF8.self),
        swiftVersion: swiftVersion
      )
      let to = "\(target)/\(name)"
      try Data(text.utf8).write(to: URL(filePath: to))
      if manager.isExecutableFile(atPath: from) {
        try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: to)
      }
    }
  }

  private func filled(_ text: String, swiftVersion: String?) -> String {
    var text = text.replacing("__NAME__", with: name).replacing("__ID__", with: id)
      // A Swift module's name is an identifier.
      .replacing("__MODULE__", with: name.replacing("-", with: "_"))
    if let swiftVersion { text = text.replacing("__SWIFT__", with: swiftVersion) }
    return text
  }
}
