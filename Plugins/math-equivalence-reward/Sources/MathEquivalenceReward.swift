import GSM8K
import MathAnswers
import StepwisePlugin

/// Compares final answers by the rules of a published evaluation.
struct MathEquivalenceReward: Reward {
  /// Whose rules decide.
  enum Mode: String, CaseIterable {
    /// Normal forms, then exact arithmetic.
    case prm800k
    /// Equality of normal forms.
    case hendrycks
    /// The number after `#### `, byte by byte.
    case gsm8k
    /// The last number, by value.
    case flexible = "gsm8k-flexible"
  }

  /// Where the answer of a completion stands.
  enum Place: String, CaseIterable {
    case boxed
    case tag = "answer-tag"
    case boxedOrTag = "boxed-or-tag"
    case completion
  }

  static var concurrency: Concurrency { .threadSafe }

  private let mode: Mode
  private let place: Place
  private let column: String

  init(parameters: Parameters) throws {
    mode = try parameters.choice("mode", default: .prm800k)
    place = try parameters.choice("answer_in", default: .boxed)
    column = try parameters.string("column", default: "answer")
  }

  var declaration: RewardDeclaration {
    RewardDeclaration(
      name: "math-equivalence",
      range: 0...1,
      successThreshold: 1,
      requiredColumns: [column]
    )
  }

  func score(_ item: RewardItem) throws -> Score {
    guard case .text(let gold)? = item.example.column(column) else {
      throw PluginFailure(
        .data,
        "column '\(column)' of row \(item.example.id) is not text; write the right answer as text, "
          + "\"42\" for 42, or name another column with the parameter 'column'"
      )
    }
    switch mode {
    case .gsm8k: return try numberScore(item, gold, GSM8K_STRICT)
    case .flexible: return try numberScore(item, gold, GSM8K_FLEXIBLE)
    case .hendrycks:
      guard let given = given(item.completion) else { return 0 }
      return HendrycksForm.areEqual(given, right(gold)) ? 1 : 0
    case .prm800k:
      guard let given = given(item.completion) else { return 0 }
      return PRM800KGrader.accepts(given, gold: right(gold)) ? 1 : 0
    }
  }

  func answer(_ item: RewardItem) throws -> String? {
    switch mode {
    case .gsm8k: return GSM8KText.answer(item.completion, GSM8K_STRICT)
    case .flexible: return GSM8KText.answer(item.completion, GSM8K_FLEXIBLE)
    case .hendrycks: return given(item.completion).map(HendrycksForm.of)
    case .prm800k:
      return given(item.completion).map { given in
        // Either form may be what the right answer is compared with, so that both make up the answer.
        let (lenient, strict) = (PRM800KForm.lenient(given), PRM800KForm.strict(given))
        return lenient == strict ? lenient : "\(lenient) (\(strict))"
      }
    }
  }

  private func numberScore(_ item: RewardItem, _ gold: String, _ mode: gsm8k_mode) throws -> Score {
    guard let score = GSM8KText.score(item.completion, gold: gold, mode) else {
      throw PluginFailure(
        .data,
        "column '\(column)' of row \(item.example.id) holds no number"
      )
    }
    return .value(score)
  }

  /// The answer of a completion, `nil` where there is none.
  private func given(_ completion: String) -> String? {
    switch place {
    case .boxed: BoxedAnswer.last(in: completion)
    case .tag: BoxedAnswer.tagged(in: completion)
    case .boxedOrTag: BoxedAnswer.last(in: completion) ?? BoxedAnswer.tagged(in: completion)
    case .completion: completion
    }
  }

  /// The answer of a row: of a solution what it ends in.
  private func right(_ gold: String) -> String { BoxedAnswer.last(in: gold) ?? gold }
}

/// GSM8K's C functions on Swift text.
private enum GSM8KText {
  /// `nil` where the right answer holds no number.
  static func score(_ completion: String, gold: String, _ mode: gsm8k_mode) -> Double? {
    bytes(completion) { completion in
      bytes(gold) { gold in
        let score = gsm8k_score(
          completion.baseAddress,
          completion.count,
          gold.baseAddress,
          gold.count,
          mode
        )
        return score.isNaN ? nil : score
      }
    }
  }

  static func answer(_ completion: String, _ mode: gsm8k_mode) -> String? {
    bytes(completion) { completion in
      var span = gsm8k_span()
      guard gsm8k_find_answer(completion.baseAddress, completion.count, mode, &span) else {
        return nil
      }
      let normal = [UInt8](unsafeUninitializedCapacity: span.length + 1) { buffer, size in
        size = buffer.withMemoryRebound(to: CChar.self) {
          gsm8k_normalise(span, mode, $0.baseAddress)
        }
      }
      return normal.isEmpty ? nil : String(decoding: normal, as: UTF8.self)
    }
  }

  /// The text's bytes; never a null pointer.
  private static func bytes<Result>(
    _ text: String,
    _ body: (UnsafeBufferPointer<CChar>) -> Result
  ) -> Result {
    var text = text
    // The empty text may have no address of its own: the NUL behind it does.
    return text.withUTF8 { view in
      guard view.baseAddress == nil else { return view.withMemoryRebound(to: CChar.self, body) }
      return withUnsafePointer(to: CChar(0)) {
        body(UnsafeBufferPointer(start: $0, count: 0))
      }
    }
  }
}
