import ArgumentParser
import Foundation
import Tokenizers

/// A reader of files.
protocol FuzzTarget {
  /// Sound inputs to begin with.
  func seeds() throws -> [[UInt8]]
  var seedCount: Int { get }
  /// Makes an input of another; `other` is a third one to take parts of.
  func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout FuzzRandom) -> [UInt8]
  /// Reads the input and uses what was read; what it returns, or the error, is the outcome.
  ///
  /// - Parameter file: a file with the input's bytes.
  func run(_ input: [UInt8], file: String) throws -> String
}

/// The targets by name.
enum TargetName: String, ExpressibleByArgument, CaseIterable {
  case tokenizer, template, jsonl, safetensors, config

  func make() throws -> any FuzzTarget {
    switch self {
    case .tokenizer: try TokenizerTarget()
    case .template: try TemplateTarget()
    case .jsonl: try JSONLTarget()
    case .safetensors: SafetensorsTarget()
    case .config: ConfigurationTarget()
    }
  }
}

/// Files of the repository that are good inputs.
enum Seeds {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// A whole path of one from the repository's root.
  static func path(_ path: String) -> String { root.appending(path: path).path }

  static func file(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: Self.path(path))))
  }

  static func json(_ path: String) throws -> JSONValue {
    try JSONValue(json: try file(path), file: path)
  }
}

extension JSONValue {
  subscript(key: String) -> JSONValue? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
  var text: String { if case .string(let text) = self { text } else { "" } }
}
