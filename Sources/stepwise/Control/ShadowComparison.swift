import Components
import Foundation
import RunStore

/// What a newcomer would have done otherwise, over the steps of its trial.
struct ShadowComparison: Codable, Equatable {
  /// Steps planned, by the kind that was carried out and the one that the newcomer planned: `sft>rl`.
  var plans: [String: Int] = [:]
  /// Sums over scored completions for the correlation of advantages: count, x, y, x x, y y, x y.
  var advantages = Sums()
  /// The same for the scores themselves.
  var scores = Sums()
  /// Completions whose advantage has the other sign.
  var changedSigns = 0
  /// Completions that the newcomer abstained from.
  var abstained = 0

  /// What a correlation needs.
  struct Sums: Codable, Equatable {
    var count = 0.0
    var x = 0.0
    var y = 0.0
    var xx = 0.0
    var yy = 0.0
    var xy = 0.0

    mutating func add(_ first: Double, _ second: Double) {
      count += 1
      x += first
      y += second
      xx += first * first
      yy += second * second
      xy += first * second
    }

    /// Pearson's; `nil` where one of the two does not vary.
    var correlation: Double? {
      guard count > 1 else { return nil }
      let (vx, vy) = (xx - x * x / count, yy - y * y / count)
      guard vx > 1e-12 * xx, vy > 1e-12 * yy else { return nil }
      return (xy - x * y / count) / (vx * vy).squareRoot()
    }

    var means: (Double, Double)? { count > 0 ? (x / count, y / count) : nil }
  }

  mutating func addPlan(carriedOut: StepKind, planned: StepKind) {
    plans["\(carriedOut.name)>\(planned.name)", default: 0] += 1
  }

  mutating func addAdvantage(_ old: Double, _ new: Double) {
    advantages.add(old, new)
    if (old > 0 && new < 0) || (old < 0 && new > 0) { changedSigns += 1 }
  }

  /// Steps whose kind is the same.
  private var agreeing: Int {
    plans.filter { entry in
      let parts = entry.key.split(separator: ">")
      return parts[0] == parts[1]
    }.values.reduce(0, +)
  }

  /// For people.
  func lines(of name: String) -> [String] {
    var lines: [String] = []
    let steps = plans.values.reduce(0, +)
    if steps > 0 {
      lines.append("\(name) would have planned \(agreeing) of \(steps) steps alike")
      for (key, count) in plans.sorted(by: { $0.key < $1.key }) {
        let parts = key.split(separator: ">")
        if parts[0] != parts[1] {
          lines.append("  \(parts[1]) where the run did \(parts[0]): \(count)")
        }
      }
    }
    if advantages.count > 0 {
      let correlation = advantages.correlation.map { NumberText.fixed($0, 3) } ?? "none"
      lines.append(
        "\(name) over \(Int(advantages.count)) completions: correlation of advantages \(correlation), "
          + "changed signs \(changedSigns) "
          + "(\(NumberText.fixed(100 * Double(changedSigns) / advantages.count, 1)) %)"
      )
      if let (old, new) = scores.means {
        let correlation = scores.correlation.map { NumberText.fixed($0, 3) } ?? "none"
        lines.append(
          "  mean score \(NumberText.fixed(new, 3)) beside \(NumberText.fixed(old, 3)), correlation "
            + "of scores \(correlation), abstained \(abstained)"
        )
      }
    }
    return lines.isEmpty ? ["\(name) was asked for nothing"] : lines
  }

  /// For programs.
  var record: RecordValue {
    var fields: Record = [:]
    if !plans.isEmpty {
      fields["plans"] = .object(
        plans.sorted { $0.key < $1.key }.map { RecordField($0.key, .int(Int64($0.value))) }
      )
    }
    if advantages.count > 0 {
      fields["completions"] = .int(Int64(advantages.count))
      fields["advantage_correlation"] = advantages.correlation.map { .double($0) } ?? .null
      fields["changed_signs"] = .int(Int64(changedSigns))
      fields["score_correlation"] = scores.correlation.map { .double($0) } ?? .null
      fields["abstained"] = .int(Int64(abstained))
    }
    return .object(fields.fields)
  }
}
