/// One line of a run's streams: named values in the order in which they were given.
public struct Record: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  /// The fields, in order.
  public var fields: [RecordField]

  /// Creates a record from fields.
  public init(_ fields: [RecordField] = []) { self.fields = fields }

  /// Creates a record from a literal, in its order.
  public init(dictionaryLiteral elements: (String, RecordValue)...) {
    fields = elements.map { RecordField($0.0, $0.1) }
  }

  /// The value of a field. Setting an absent one appends it; setting `nil` removes it.
  public subscript(_ name: String) -> RecordValue? {
    get { fields.first { $0.name == name }?.value }
    set {
      let index = fields.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): fields[index].value = value
      case (let index?, nil): fields.remove(at: index)
      case (nil, let value?): fields.append(RecordField(name, value))
      case (nil, nil): break
      }
    }
  }

  /// The record as one line of JSON, without the newline.
  public var json: String {
    var out = ""
    RecordValue.write(fields, to: &out)
    return out
  }
}

/// The append-only streams of a run, one record a line.
public enum RunStream: String, Sendable, CaseIterable {
  /// Numbers, under TRL's names.
  case metrics
  /// Why each step was what it was.
  case decisions
  /// Generated texts, for reading.
  case samples
  /// Evaluations on held-out prompts.
  case evaluations
  /// Every completion of every generation batch, with what the rewards said of it.
  case rollouts

  /// The stream's file in the run directory.
  public var fileName: String { rawValue + ".jsonl" }

  /// Whether a record's `step` is the 0-based step that it belongs to; those of the others count complete steps.
  public var namesStepFromZero: Bool { self == .decisions || self == .rollouts }
}
