import Components
import Glibc
import PluginHost

/// Batches that a reward is tried with: its own example, and completions made from it that a model could have written.
struct RewardMaterial {
  /// The items that the author gave, or made-up ones where there are none.
  let items: [RewardItem]
  /// Whether nobody gave an example and the reward needs columns, so that a refusal may be the made-up columns' fault.
  let isMadeUp: Bool

  /// Texts that are not what one expects.
  static let oddTexts: [String] = [
    "", " ", "\n\n\n", "\0", "a\0b", "\u{FFFD}\u{FFFD}", "👩‍👩‍👧‍👦 🇨🇭 \u{1F600}",
    "e\u{301}\u{301}\u{301}", "\u{202E}txet desrever", "\r\n\t\u{B}\u{C}\u{7F}", "%s%n%d%x",
    "-0", "1e999", "NaN", "0x10", "####", "#### ", "#### -", "<answer>", "</think></think>",
    "\\boxed{", "((((((((((", "\u{10FFFF}\u{FEFF}", "..........",
    String(repeating: "9", count: 400), String(repeating: "ab ", count: 3000),
  ]

  init(_ component: CheckedComponent, needing columns: [String]) throws {
    var items: [RewardItem] = []
    let customary = "\(component.manifest.directory)/\(WorkedExample.customaryFile)"
    if let file = component.subject.batchFile {
      items = try BatchFile.read(file).flatMap(\.items)
    } else {
      items = component.example.batches.flatMap(\.items)
      if access(customary, R_OK) == 0 {
        items += (try? BatchFile.read(customary))?.flatMap(\.items) ?? []
      }
    }
    items = items.filter { item in columns.allSatisfy { item.example.column($0) != nil } }
    isMadeUp = items.isEmpty && !columns.isEmpty
    self.items = items.isEmpty ? Self.madeUp(columns) : items
  }

  private static func madeUp(_ columns: [String]) -> [RewardItem] {
    ["The answer is 4.", "I think it is 5, no, 4.\n#### 4", "4"].enumerated().map { index, text in
      RewardItem(
        id: UInt64(index),
        example: Example(
          id: UInt64(index),
          prompt: .text("What is 2 + 2?"),
          columns: columns.map { Column($0, .text("4")) }
        ),
        promptText: "What is 2 + 2?",
        completion: text,
        completionWithSpecialTokens: text + "</s>",
        completionIDs: [],
        truncated: false
      )
    }
  }

  /// The author's own items as one batch, under ids of their own.
  var plain: RewardBatch { batch(items.map { ($0, $0.completion) }) }

  /// A batch of so many items: the author's, and completions cut, doubled, turned round and exchanged among them.
  func varied(_ count: Int, seed: UInt64 = 1) -> RewardBatch {
    var random = SplitMix(seed)
    return batch(
      (0..<count).map { index in
        let item = items[index % items.count]
        return (item, index < items.count ? item.completion : vary(item.completion, &random))
      },
      seed: seed
    )
  }

  /// A batch of the author's rows with these completions.
  func batch(of completions: [String]) -> RewardBatch {
    batch(completions.enumerated().map { (items[$0 % items.count], $1) })
  }

  private func vary(_ text: String, _ random: inout SplitMix) -> String {
    let scalars = Array(text.unicodeScalars)
    switch random.next(6) {
    case 0: return String(String.UnicodeScalarView(scalars.prefix(random.next(scalars.count + 1))))
    case 1: return text + " " + text
    case 2: return text.split(separator: " ").reversed().joined(separator: " ")
    case 3: return items[random.next(items.count)].completion
    case 4: return "First \(random.next(1000)). " + text
    default: return text + "\nSo it is \(random.next(100))."
    }
  }

  private func batch(_ pairs: [(RewardItem, String)], seed: UInt64 = 1) -> RewardBatch {
    RewardBatch(
      step: 3,
      seed: seed,
      items: pairs.enumerated().map { index, pair in
        var item = pair.0
        let isOwn = pair.1.utf8.elementsEqual(item.completion.utf8)
        item.id = 1000 + UInt64(index)
        item.completion = pair.1
        if !isOwn { item.completionWithSpecialTokens = pair.1 }
        if !isOwn || item.completionIDs.isEmpty {
          item.completionIDs = pair.1.utf8.prefix(4096).map { Int32($0) }
        }
        item.truncated = index % 7 == 6
        return item
      }
    )
  }
}

/// A small generator of the same numbers everywhere (SplitMix64, Steele et al. 2014).
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var x = state
    x = (x ^ x >> 30) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ x >> 27) &* 0x94D0_49BB_1331_11EB
    return x ^ x >> 31
  }

  /// A whole number from 0 up to, not including, `count`.
  mutating func next(_ count: Int) -> Int { count <= 1 ? 0 : Int(next() % UInt64(count)) }

  /// A real number in [0, 1).
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
