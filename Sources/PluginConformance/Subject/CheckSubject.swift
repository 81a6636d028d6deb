public import Components
import PluginHost

/// One component of a plugin that is to be tried, in a form that crosses to another process.
public struct CheckSubject: Sendable, Equatable {
  /// The manifest's file.
  public var manifestFile: String
  /// What it is.
  public var kind: ComponentKind
  /// The component's id.
  public var component: String
  /// Parameters in place of those of the manifest's example; an object, or null for none.
  public var parameters: ParameterValue
  /// Where relative paths among them start; `nil`: the manifest's folder.
  public var baseDirectory: String?
  /// A batch file in place of the example's.
  public var batchFile: String?
  /// Where a library is looked for that does not lie beside its manifest.
  public var libraryDirectories: [String]
  /// Where private copies of libraries are kept; `nil`: the user's cache.
  public var imageDirectory: String?

  /// Creates a subject.
  public init(
    manifestFile: String,
    kind: ComponentKind,
    component: String,
    parameters: ParameterValue = .null,
    baseDirectory: String? = nil,
    batchFile: String? = nil,
    libraryDirectories: [String] = [],
    imageDirectory: String? = nil
  ) {
    self.manifestFile = manifestFile
    self.kind = kind
    self.component = component
    self.parameters = parameters
    self.baseDirectory = baseDirectory
    self.batchFile = batchFile
    self.libraryDirectories = libraryDirectories
    self.imageDirectory = imageDirectory
  }

  /// The subject as a JSON object.
  var json: ParameterValue {
    func text(_ value: String?) -> ParameterValue { value.map { .string($0) } ?? .null }
    return .object([
      ParameterEntry("manifest", .string(manifestFile)),
      ParameterEntry("kind", .string(kind.rawValue)),
      ParameterEntry("component", .string(component)),
      ParameterEntry("parameters", parameters),
      ParameterEntry("base", text(baseDirectory)),
      ParameterEntry("batch", text(batchFile)),
      ParameterEntry("libraries", .array(libraryDirectories.map { .string($0) })),
      ParameterEntry("images", text(imageDirectory)),
    ])
  }

  /// Reads what `json` gave; `nil` for anything else.
  init?(_ json: ParameterValue) {
    guard let manifest = json.text("manifest"),
      let kind = json.text("kind").flatMap(ComponentKind.init(rawValue:)),
      let component = json.text("component"), case .array(let libraries)? = json["libraries"]
    else { return nil }
    self.init(
      manifestFile: manifest,
      kind: kind,
      component: component,
      parameters: json["parameters"] ?? .null,
      baseDirectory: json.text("base"),
      batchFile: json.text("batch"),
      libraryDirectories: libraries.compactMap {
        if case .string(let path) = $0 { return path }
        return nil
      },
      imageDirectory: json.text("images")
    )
  }
}

extension ParameterValue {
  /// The text of an object's entry, or `nil`.
  func text(_ key: String) -> String? {
    guard case .string(let text)? = self[key] else { return nil }
    return text
  }

  /// The number of an object's entry, or `nil`.
  func number(_ key: String) -> Double? { self[key]?.number }

  /// The value as a real number, or `nil`.
  var number: Double? {
    switch self {
    case .int(let value): return Double(value)
    case .double(let value): return value
    default: return nil
    }
  }
}
