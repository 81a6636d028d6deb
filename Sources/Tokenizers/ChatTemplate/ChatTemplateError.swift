/// What is wrong with a chat template, or with messages that it refuses.
public struct ChatTemplateError: Error, CustomStringConvertible, Equatable, Sendable {
  /// What kind of failure it is.
  public enum Kind: Sendable {
    /// The template is not valid Jinja.
    case syntax
    /// The template uses a part of Jinja that is not supported.
    case unsupported
    /// An operation failed on the values it was given.
    case value
    /// The template itself refused the messages with `raise_exception`.
    case raised
  }

  /// What kind of failure it is.
  public let kind: Kind
  /// Line of the template, from 1.
  public let line: Int
  /// Column in scalars, from 1.
  public let column: Int
  /// What is wrong; for `raised` the template's own words.
  public let message: String

  init(_ kind: Kind, _ message: String, at position: TemplatePosition) {
    self.kind = kind
    self.message = message
    line = position.line
    column = position.column
  }

  /// One line with the place and the cure.
  public var description: String {
    let place = "chat template, line \(line), column \(column): "
    return switch kind {
    case .syntax: place + message + ". Mend the template"
    case .unsupported: place + message + " is not supported. Write the template without it"
    case .value: place + message + ". Check the messages' fields against the template"
    case .raised: place + "the template refuses the messages: " + message
    }
  }
}

/// A place in a template's source.
struct TemplatePosition: Sendable, Equatable {
  var line = 1
  var column = 1
}
