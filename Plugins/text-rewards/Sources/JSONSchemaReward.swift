import StepwisePlugin

/// 1 where a completion is JSON that fits a schema.
struct JSONSchemaReward: Reward {
  static var id: String? { "org.stepwise.reward.json-schema" }
  static var concurrency: Concurrency { .threadSafe }

  /// Where the JSON stands.
  enum Place: String, CaseIterable {
    /// In the last fenced block, or else everything.
    case auto
    /// All of the completion.
    case completion
    /// The last fenced block.
    case fence
  }

  private let schema: JSONSchema?
  private let column: String
  private let place: Place
  private let parses: Double

  init(parameters: Parameters) throws {
    place = try parameters.choice("answer_in", default: .auto)
    parses = try parameters.double("valid_json", default: 0)
    schema = try parameters.value("schema").map { schema in
      do { return try JSONSchema(schema) } catch let problem as JSONSchema.Problem {
        throw PluginFailure(.argument, "parameter 'schema': \(problem)")
      }
    }
    column = schema == nil ? try parameters.string("schema_column", default: "schema") : ""
  }

  var declaration: RewardDeclaration {
    RewardDeclaration(
      name: "json-schema",
      range: 0...1,
      requiredColumns: column.isEmpty ? [] : [column]
    )
  }

  func score(_ item: RewardItem) throws -> Score {
    let schema = try schema ?? rowSchema(item.example)
    guard let text = FencedText.find(place, in: item.completion),
      let value = try? JSON(parsing: text)
    else { return 0 }
    do {
      return try schema.accepts(value) ? 1 : .value(parses)
    } catch let problem as JSONSchema.Problem {
      throw PluginFailure(.data, "the schema cannot be applied: \(problem)")
    } catch is JSONSchemaCheck.TooMuch {
      // What a model writes may not end a run, as what nests too deep to be read does not.
      return 0
    }
  }

  private func rowSchema(_ row: Example) throws -> JSONSchema {
    guard case .text(let text)? = row.column(column) else {
      throw PluginFailure(
        .data,
        "column '\(column)' of row \(row.id) is not text with a JSON schema"
      )
    }
    do { return try JSONSchema(JSON(parsing: text)) } catch {
      throw PluginFailure(.data, "column '\(column)' of row \(row.id): \(error)")
    }
  }
}

/// Blocks between lines of three backticks.
enum FencedText {
  static func find(_ place: JSONSchemaReward.Place, in text: String) -> String? {
    switch place {
    case .completion: text
    case .fence: last(in: text)
    case .auto: last(in: text) ?? text
    }
  }

  /// The content of the last block that is closed.
  static func last(in text: String) -> String? {
    let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
    var (open, found): (Int?, Range<Int>?) = (nil, nil)
    for (index, line) in lines.enumerated() {
      guard line.drop(while: \.isBlank).starts(with: "```".utf8) else { continue }
      if let start = open {
        found = (start + 1)..<index
        open = nil
      } else {
        open = index
      }
    }
    return found.map { range in
      String(decoding: Array(lines[range].joined(separator: [0x0A])), as: UTF8.self)
    }
  }
}
