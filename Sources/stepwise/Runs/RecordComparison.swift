import RunStore

/// The first place at which two streams of records differ, bit by bit.
struct RecordComparison: Equatable {
  /// A field that is not the same in both.
  struct Difference: Equatable {
    /// What the record calls its step.
    var step: Double
    var field: String
    /// JSON; `nil` where the field is not there.
    var first: String?
    var second: String?
  }

  /// The first difference in records that both streams have; `nil` where those are equal.
  var difference: Difference?
  /// Records that were compared.
  var compared: Int
  /// Records that only the first stream has, or only the second.
  var surplus: (first: Int, second: Int)

  static func == (a: Self, b: Self) -> Bool {
    a.difference == b.difference && a.compared == b.compared && a.surplus == b.surplus
  }

  /// Equal in number and in every field.
  var isExact: Bool { difference == nil && surplus == (0, 0) }

  /// What no two runs share: times, and what is made of them.
  static let wallClock: Set<String> = ["step_time", "tokens_per_second", "eval_runtime"]

  /// What a record of decisions.jsonl holds beside what the strategy says of itself: its reason and its own numbers.
  private static let decisionFields: Set<String> = [
    "step", "kind", "planned", "grad_norm", "snapshot_reference", "update_skipped", "sft_weight",
    "rl_weight", "learning_rate_factor",
  ]

  /// The record without what only its own strategy would say.
  static func withoutStrategy(_ record: Record, in stream: RunStream) -> Record {
    switch stream {
    case .decisions: Record(record.fields.filter { decisionFields.contains($0.name) })
    case .metrics: Record(record.fields.filter { !$0.name.hasPrefix("strategy/") })
    default: record
    }
  }

  /// Compares record by record, in order. Wall-clock fields are left out.
  init(_ first: [Record], _ second: [Record]) {
    compared = 0
    surplus = (0, 0)
    for (a, b) in zip(first, second) {
      compared += 1
      if let found = Self.difference(a, b) {
        difference = found
        break
      }
    }
    let common = min(first.count, second.count)
    surplus = (first.count - common, second.count - common)
  }

  private static func difference(_ a: Record, _ b: Record) -> Difference? {
    let (x, y) = (bare(a), bare(b))
    if same(x, y) { return nil }
    let step = min(a["step"]?.number ?? .infinity, b["step"]?.number ?? .infinity)
    for name in x.fields.map(\.name) + y.fields.map(\.name) {
      let (left, right) = (x[name]?.json, y[name]?.json)
      if left != right {
        return Difference(step: step, field: name, first: left, second: right)
      }
    }
    // The same values in another order: whatever wrote them was not the same.
    return Difference(step: step, field: "order of fields", first: nil, second: nil)
  }

  /// The shortest form of a real reads back to the same bits, so equal texts are equal bits.
  private static func same(_ a: Record, _ b: Record) -> Bool { a.json == b.json }

  /// The record without wall-clock fields.
  static func bare(_ record: Record) -> Record {
    Record(record.fields.filter { !wallClock.contains($0.name) })
  }

  /// A digest of a stream without wall-clock fields.
  static func digest(_ records: [Record]) -> String {
    SHA256.hexDigest(of: Array(records.map { bare($0).json + "\n" }.joined().utf8))
  }
}
