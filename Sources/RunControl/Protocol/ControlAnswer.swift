public import RunStore

/// What a run answers: done, with lines for people, or refused, with the problem and its cure.
public struct ControlAnswer: Sendable, Equatable {
  /// The record as it goes over the socket.
  public var record: Record

  /// An answer as it came.
  public init(_ record: Record) { self.record = record }

  /// It is done.
  ///
  /// - Parameters:
  ///   - text: lines for people.
  ///   - fields: the same for programs.
  public static func done(_ text: [String] = [], _ fields: Record = [:]) -> ControlAnswer {
    let lines = RecordValue.array(text.map { .string($0) })
    return ControlAnswer(
      Record([RecordField("ok", true), RecordField("text", lines)] + fields.fields)
    )
  }

  /// It is not done.
  ///
  /// - Parameters:
  ///   - problem: what is in the way.
  ///   - cure: what to do about it.
  ///   - fields: more for programs.
  public static func refused(
    _ problem: String,
    cure: String,
    _ fields: Record = [:]
  ) -> ControlAnswer {
    let head: Record = ["ok": false, "problem": .string(problem), "cure": .string(cure)]
    return ControlAnswer(Record(head.fields + fields.fields))
  }

  /// Whether it is done.
  public var isDone: Bool { record["ok"] == .bool(true) }
  /// Lines for people.
  public var text: [String] { record["text"]?.array?.compactMap(\.text) ?? [] }
  /// What is in the way; empty where it is done.
  public var problem: String { record["problem"]?.text ?? "" }
  /// What to do about it.
  public var cure: String { record["cure"]?.text ?? "" }

  /// A field for programs, or `nil` where it is absent or null.
  public subscript(_ name: String) -> RecordValue? {
    record[name].flatMap { $0 == .null ? nil : $0 }
  }

  /// There are as many connections as the run takes.
  static func busy(_ limit: Int) -> ControlAnswer {
    .refused(
      "the run already serves \(limit) connections",
      cure: "Try again once some of them have their answers.",
      ["busy": true]
    )
  }
}
