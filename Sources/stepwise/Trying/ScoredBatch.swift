import Components
import PluginHost

/// A batch with what a reward said of each item; where the batch as a whole failed, what it says of each item alone.
struct ScoredBatch {
  /// What became of one item.
  enum Outcome {
    case outcome(RewardOutcome, answer: String?)
    case failed(String)
  }

  var batch: RewardBatch
  var outcomes: [Outcome]
  /// Why the batch as a whole could not be scored.
  var failure: String?
  /// How long the call for the whole batch took.
  var seconds: Double

  /// Scores a batch.
  init(_ batch: RewardBatch, by reward: any RewardFunction) {
    self.batch = batch
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let scores = try reward.score(batch)
      seconds = Self.seconds(start.duration(to: clock.now))
      let answers = try reward.answers(batch)
      outcomes = zip(scores, answers).map { .outcome($0, answer: $1) }
    } catch {
      seconds = Self.seconds(start.duration(to: clock.now))
      failure = "\(error)"
      // Which of them it is: each once more, alone.
      outcomes = batch.items.map { item in
        let one = RewardBatch(step: batch.step, seed: batch.seed, items: [item])
        do {
          return .outcome(try reward.score(one)[0], answer: try reward.answers(one)[0])
        } catch let error as PluginError {
          return .failed(error.message)
        } catch {
          return .failed("\(error)")
        }
      }
    }
  }

  private static func seconds(_ duration: Duration) -> Double {
    let (seconds, attoseconds) = duration.components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }

  /// A table: id, score, answer where there is one, the completion's beginning.
  var table: TextTable {
    let hasAnswers = outcomes.contains {
      if case .outcome(_, answer: .some) = $0 { return true }
      return false
    }
    var table = TextTable(
      columns: [.init(title: "id", alignment: .right), .init(title: "score", alignment: .right)]
        + (hasAnswers ? [.init(title: "answer")] : []) + [.init(title: "completion")]
    )
    for (item, outcome) in zip(batch.items, outcomes) {
      var cells = [Span("\(item.id)", .quiet)]
      var text = Span(Self.beginning(item.completion))
      switch outcome {
      case .outcome(.score(let score), let answer):
        cells.append(Span(Self.number(score), .strong))
        if hasAnswers { cells.append(Span(Self.beginning(answer ?? "", 24))) }
      case .outcome(.abstained, let answer):
        cells.append(Span("abstain", .quiet))
        if hasAnswers { cells.append(Span(Self.beginning(answer ?? "", 24))) }
      case .failed(let why):
        cells.append(Span("error", .strong))
        if hasAnswers { cells.append(Span("")) }
        text = Span("\(Self.beginning(item.completion, 24)): \(why.printable)")
      }
      table.rows.append(cells + [text])
    }
    return table
  }

  /// The mean of the scores, how many abstained, how long it took.
  var summary: String {
    var scores: [Double] = []
    var (abstained, failed) = (0, 0)
    for outcome in outcomes {
      switch outcome {
      case .outcome(.score(let score), _): scores.append(score)
      case .outcome(.abstained, _): abstained += 1
      case .failed: failed += 1
      }
    }
    var parts = ["\(batch.items.count) item\(batch.items.count == 1 ? "" : "s")"]
    if !scores.isEmpty {
      let mean = scores.reduce(0, +) / Double(scores.count)
      parts.append("mean \(NumberText.short(mean))")
    }
    if abstained > 0 { parts.append("\(abstained) abstained") }
    if failed > 0 { parts.append("\(failed) failed") }
    parts.append("\(NumberText.short(1000 * seconds)) ms")
    return parts.joined(separator: ", ")
  }

  /// One JSON object for each item.
  var json: [ParameterValue] {
    zip(batch.items, outcomes).map { item, outcome in
      var entries = [
        ParameterEntry("id", Int64(exactly: item.id).map { .int($0) } ?? .string("\(item.id)"))
      ]
      switch outcome {
      case .outcome(.score(let score), let answer):
        entries.append(ParameterEntry("score", .double(score)))
        if let answer { entries.append(ParameterEntry("answer", .string(answer))) }
      case .outcome(.abstained, let answer):
        entries.append(ParameterEntry("score", .null))
        if let answer { entries.append(ParameterEntry("answer", .string(answer))) }
      case .failed(let why): entries.append(ParameterEntry("error", .string(why)))
      }
      return .object(entries)
    }
  }

  /// Whether every item has an outcome, and the batch too.
  var isGood: Bool {
    failure == nil
      && outcomes.allSatisfy {
        if case .failed = $0 { return false }
        return true
      }
  }

  /// All digits where there are few, else six of them.
  static func number(_ score: Double) -> String {
    let exact = score == score.rounded() ? NumberText.fixed(score, 0) : score.description
    return exact.count <= 9 ? exact : NumberText.fixed(score, 6)
  }

  /// The beginning of a text on one line.
  static func beginning(_ text: String, _ count: Int = 60) -> String {
    let line = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "⏎")
    return line.count <= count
      ? line.printable : String(line.prefix(count - 1)).printable + "…"
  }
}
