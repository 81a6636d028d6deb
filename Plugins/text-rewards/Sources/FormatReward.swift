import StepwisePlugin

/// Tags in their order, each once: `<think>...</think><answer>...</answer>`.
struct FormatReward: Reward {
  static var id: String? { "org.stepwise.reward.format" }
  static var concurrency: Concurrency { .threadSafe }

  /// What may have opened the first tag.
  enum Opening: String, CaseIterable {
    /// The prompt, where it ends in the tag, as R1's templates do.
    case auto
    /// The completion alone.
    case completion
  }

  /// `<think>`, `</think>`, `<answer>`, ...: as they must follow each other.
  private let marks: [[UInt8]]
  private let isStrict: Bool
  private let isPartial: Bool
  private let opening: Opening

  init(parameters: Parameters) throws {
    let tags = try parameters.strings("tags", default: ["think", "answer"])
    guard !tags.isEmpty, Set(tags).count == tags.count else {
      throw PluginFailure(.argument, "parameter 'tags' is empty or names a tag twice")
    }
    for tag in tags {
      let isName = !tag.isEmpty && !tag.utf8.contains { $0 <= 0x20 || "<>/".utf8.contains($0) }
      guard isName else {
        throw PluginFailure(
          .argument,
          "parameter 'tags' has \(tag.debugDescription), which is no tag: write its name alone, think for <think>"
        )
      }
    }
    marks = tags.flatMap { [Array("<\($0)>".utf8), Array("</\($0)>".utf8)] }
    isStrict = try parameters.bool("strict", default: false)
    isPartial = try parameters.bool("partial", default: false)
    opening = try parameters.choice("opened_by", default: .auto)
  }

  var declaration: RewardDeclaration { RewardDeclaration(name: "format", range: 0...1) }

  func score(_ item: RewardItem) -> Score {
    var text = Array(item.completion.utf8)
    if opening == .auto, promptEnds(item.promptText, in: marks[0]) { text = marks[0] + text }
    let places = marks.map { mark -> Int? in
      let found = text.places(of: mark)
      return found.count == 1 ? found[0] : nil
    }
    let inOrder = Self.longestAscent(places.compactMap { $0 })
    var (kept, rules) = (inOrder, marks.count)
    if isStrict {
      rules += 1
      if inOrder == marks.count, isBare(text, places.compactMap { $0 }) { kept += 1 }
    }
    if kept == rules { return 1 }
    return .value(isPartial ? Double(kept) / Double(rules) : 0)
  }

  private func promptEnds(_ prompt: String, in mark: [UInt8]) -> Bool {
    let end = prompt.utf8.lastIndex { !$0.isBlank }
    guard let end else { return false }
    return prompt.utf8[...end].suffix(mark.count).elementsEqual(mark)
  }

  /// Whether there is nothing but white space before, between and after the tags' contents.
  private func isBare(_ text: [UInt8], _ places: [Int]) -> Bool {
    var outside = [0..<places[0]]
    for closing in stride(from: 1, to: marks.count, by: 2) {
      let end = closing + 1 < marks.count ? places[closing + 1] : text.count
      outside.append((places[closing] + marks[closing].count)..<end)
    }
    return outside.allSatisfy { text[$0].allSatisfy(\.isBlank) }
  }

  /// How many of the numbers can be kept so that they ascend.
  private static func longestAscent(_ numbers: [Int]) -> Int {
    var lengths: [Int] = []
    for (index, number) in numbers.enumerated() {
      let before = (0..<index).filter { numbers[$0] < number }.map { lengths[$0] }.max() ?? 0
      lengths.append(before + 1)
    }
    return lengths.max() ?? 0
  }
}

extension [UInt8] {
  /// Where `part` begins, also where places overlap.
  func places(of part: [UInt8]) -> [Int] {
    guard let first = part.first, count >= part.count else { return [] }
    return (0...(count - part.count)).filter {
      self[$0] == first && self[$0..<($0 + part.count)].elementsEqual(part)
    }
  }
}

extension UInt8 {
  var isBlank: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }
}
