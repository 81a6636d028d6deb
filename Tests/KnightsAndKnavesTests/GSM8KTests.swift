import GSM8K
import Testing

struct GSM8KTests {
  private func answer(_ text: String, _ mode: gsm8k_mode) -> String? {
    var text = text
    return text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { bytes in
        var span = gsm8k_span()
        guard gsm8k_find_answer(bytes.baseAddress, bytes.count, mode, &span) else { return nil }
        let found = UnsafeBufferPointer(start: span.start, count: span.length)
        return String(decoding: found.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }
    }
  }

  private func score(_ completion: String, _ gold: String, _ mode: gsm8k_mode) -> Double {
    var (completion, gold) = (completion, gold)
    return completion.withUTF8 { completion in
      gold.withUTF8 { gold in
        completion.withMemoryRebound(to: CChar.self) { completion in
          gold.withMemoryRebound(to: CChar.self) { gold in
            gsm8k_score(
              completion.baseAddress,
              completion.count,
              gold.baseAddress,
              gold.count,
              mode
            )
          }
        }
      }
    }
  }

  private func withoutCommas(_ text: String?) -> String? { text?.filter { $0 != "," } }

  @Test(.enabled(if: TestData.hasShared, "needs the golden cases in ../shared/data/golden"))
  func goldenCases() throws {
    struct Case: Decodable {
      let text: String
      let strict_openai, flexible_verl: String?
    }
    let cases = try TestData.sharedRows("data/golden/reward_gsm8k.jsonl", as: Case.self)
    #expect(cases.count == 65)
    for row in cases {
      #expect(withoutCommas(answer(row.text, GSM8K_STRICT)) == row.strict_openai, "\(row.text)")
      #expect(answer(row.text, GSM8K_FLEXIBLE) == row.flexible_verl, "\(row.text)")
      guard let right = row.strict_openai, right.contains(where: \.isNumber) else { continue }
      #expect(score(row.text, row.text, GSM8K_STRICT) == 1)
      #expect(score(row.text, right, GSM8K_STRICT) == 1)
      #expect(score(row.text, "\(right)1", GSM8K_STRICT) == 0)
    }
  }

  @Test func fixtureCases() throws {
    struct Case: Decodable {
      let text: String
      let strict, flexible: String?
    }
    for row in try TestData.fixture("gsm8k.jsonl", as: Case.self) {
      #expect(withoutCommas(answer(row.text, GSM8K_STRICT)) == row.strict, "\(row.text)")
      #expect(answer(row.text, GSM8K_FLEXIBLE) == row.flexible, "\(row.text)")
    }
  }

  @Test func strictScores() {
    #expect(score("so\n#### 1,234", "#### 1234", GSM8K_STRICT) == 1)
    #expect(score("#### 1234", "text\n#### 1,234", GSM8K_STRICT) == 1)
    #expect(score("#### 18.0", "18", GSM8K_STRICT) == 0)
    #expect(score("18", "18", GSM8K_STRICT) == 0)
    #expect(score("#### 181", "18", GSM8K_STRICT) == 0)
    #expect(score("#### 1", "18", GSM8K_STRICT) == 0)
    #expect(score("#### 3 #### 4", "4", GSM8K_STRICT) == 0)
    #expect(score("", "18", GSM8K_STRICT) == 0)
    #expect(score("\0#### 18\0", " 18\n", GSM8K_STRICT) == 1)
  }

  @Test func flexibleScores() {
    for same in ["18", "it is 18.", "$18.00", "018", "x=18.0!", "<|18,|>", "-3 then 18 ."] {
      #expect(score(same, "18", GSM8K_FLEXIBLE) == 1, "\(same)")
    }
    for other in ["-18", "180", "1.8", "18 or 19", "18.01", "1.8.0", "", "no", "18-18"] {
      #expect(score(other, "18", GSM8K_FLEXIBLE) == 0, "\(other)")
    }
    #expect(score("1,000,000", "#### 1000000.", GSM8K_FLEXIBLE) == 1)
    #expect(score("-0", "0", GSM8K_FLEXIBLE) == 1)
    #expect(score("-.5", "-0.50", GSM8K_FLEXIBLE) == 1)
    #expect(score("0", "0.0", GSM8K_FLEXIBLE) == 1)
    #expect(score("0", "00.1", GSM8K_FLEXIBLE) == 0)
  }

  private func normal(_ text: String, _ mode: gsm8k_mode) -> String? {
    var text = text
    return text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { bytes in
        var span = gsm8k_span()
        guard gsm8k_find_answer(bytes.baseAddress, bytes.count, mode, &span) else { return nil }
        // One byte beyond the promised room shows whether it is kept to.
        var buffer = [CChar](repeating: 0x5A, count: span.length + 2)
        let size = gsm8k_normalise(span, mode, &buffer)
        #expect(size <= span.length + 1)
        #expect(buffer.last == 0x5A)
        guard size > 0 else { return nil }
        return String(decoding: buffer[..<size].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }
    }
  }

  @Test func normalForms() {
    for (text, form) in [
      ("18", "18"), ("18.", "18"), ("018.00", "18"), ("1,8", "18"), ("-0", "0"), ("-0,0.0,0", "0"),
      (".5", "0.5"), ("-.50", "-0.5"), ("-0,012.50", "-12.5"), ("1,000,000", "1000000"),
      ("00.1", "0.1"), ("1.8.0", "1.8.0"), ("1,1.8.0,0", "11.8.00"), ("3 and 4.", "4"),
    ] {
      #expect(normal(text, GSM8K_FLEXIBLE) == form, "\(text)")
    }
    for (text, form) in [
      ("#### 18", "18"), ("#### 1,800.00", "1800.00"), ("#### 018", "018"), ("#### -5", "-5"),
      ("#### 3 #### 4", "3"),
    ] {
      #expect(normal(text, GSM8K_STRICT) == form, "\(text)")
    }
    for text in ["", ".", ",", "-", "-.,", "none", "#### ,."] {
      #expect(normal(text, GSM8K_FLEXIBLE) == nil, "\(text)")
      #expect(normal(text, GSM8K_STRICT) == nil, "\(text)")
    }
  }

  /// Two answers have one form exactly when one would be right where the other is the solution.
  @Test func formsAgreeWithScores() {
    let numbers = [
      "18", "18.", "18.0", "018", "1,8", "-18", "0", "-0", "0.0", ".0", "00", "0.1", ".1", ".10",
      "1.8", "1.8.0", "1.8.00", "1,.8.0", "180", "18,", "-.1", "-0.1",
    ]
    for mode in [GSM8K_STRICT, GSM8K_FLEXIBLE] {
      for one in numbers {
        for other in numbers {
          let isSame = normal("#### \(one)", mode) == normal("#### \(other)", mode)
          let score = score("#### \(one)", "#### \(other)", mode)
          #expect(score == (isSame ? 1 : 0), "\(one) and \(other)")
        }
      }
    }
  }

  @Test func aRowWithoutAnAnswerIsNotScored() {
    for gold in ["", " ", "no number", "####", "#### ", "."] {
      #expect(score("#### 18", gold, GSM8K_STRICT).isNaN, "\(gold)")
    }
  }
}
