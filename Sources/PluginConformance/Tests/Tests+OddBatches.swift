import Components
import PluginHost

extension ConformanceTest {
  /// Batches that a run may have, and that nobody thinks of.
  static let oddBatches: [ConformanceTest] = [
    ConformanceTest(
      id: "odd.empty",
      kinds: [.reward],
      reach: .native,
      summary: "A batch without items is scored: no answers, no error."
    ) { component in
      let reward = try component.reward().part
      component.note("scoring a batch without items")
      try component.expect {
        _ = try scoreUncut(RewardBatch(step: 0, seed: 0, items: []), by: reward)
      }
    },
    ConformanceTest(
      id: "odd.text",
      kinds: [.reward],
      summary:
        "Empty text, NUL, emoji, format characters, huge numbers and the like get an outcome."
    ) { component in
      let reward = try component.reward().part
      let material = try component.material(reward)
      for text in RewardMaterial.oddTexts {
        let batch = material.batch(of: [text])
        component.note("scoring \(shown(batch.items[0]))")
        try score(batch, reward, material)
      }
      component.note("scoring \(RewardMaterial.oddTexts.count) odd completions together")
      try score(material.batch(of: RewardMaterial.oddTexts), reward, material)
    },
    ConformanceTest(
      id: "odd.prompt",
      kinds: [.reward],
      summary: "Odd prompts, conversations without turns, and odd ids get an outcome."
    ) { component in
      let reward = try component.reward().part
      let material = try component.material(reward)
      let prompts: [RowText] = [
        .text(""), .text("\0"), .messages([]), .messages([Message(role: "", content: "")]),
        .messages([Message(role: "user", content: "\0"), Message(role: "tool", content: "👋")]),
      ]
      for (index, prompt) in prompts.enumerated() where component.mayAsk(prompt, like: material) {
        var batch = material.plain
        for place in batch.items.indices {
          batch.items[place].example.prompt = prompt
          batch.items[place].promptText = prompt.plain
          batch.items[place].id = .max - UInt64(place)
          batch.items[place].example.id = .max
          batch.items[place].completionIDs = index == 0 ? [] : [.max, .min, -1]
        }
        batch.seed = .max
        component.note("scoring with the prompt \(prompt)")
        do {
          _ = try reward.score(batch)
        } catch let error as PluginError where error.isDataRefusal {
          throw CheckEnd.passed("it refuses such rows, with a reason: \(error.message)")
        } catch let error as PluginError {
          throw CheckEnd.failed(error.message, cure: error.cure ?? "give it an outcome, or abstain")
        }
      }
    },
    ConformanceTest(
      id: "odd.columns",
      kinds: [.reward],
      summary: "Columns of another type are scored or refused with a reason."
    ) { component in
      let reward = try component.reward().part
      let material = try component.material(reward)
      let names = reward.description.requiredColumns
      guard !names.isEmpty else { throw CheckEnd.skipped("it needs no column") }
      let deep = (0..<30).reduce(ColumnValue.list([])) { value, _ in .list([value]) }
      let values: [ColumnValue] = [
        .null, .int(.min), .real(.nan), .text(""), .text("\0\u{FFFD}"), .list([]), .messages([]),
        .list([.null, .text("a"), .int(1)]), deep,
      ]
      for value in values {
        var batch = material.plain
        for index in batch.items.indices {
          batch.items[index].example.columns = names.map { Column($0, value) }
        }
        component.note("scoring with the columns \(names) as \(value)")
        do {
          _ = try reward.score(batch)
        } catch let error as PluginError where error.isDataRefusal || error.fault == .item {
          continue
        } catch let error as PluginError {
          throw CheckEnd.failed(error.message, cure: error.cure ?? "refuse it with ERROR_DATA")
        }
      }
    },
    ConformanceTest(
      id: "odd.huge-batch",
      kinds: [.reward],
      summary: "10,000 items in one batch are scored.",
      limit: 60
    ) { component in
      let (reward, batch) = try component.scoredBatch(10_000)
      try component.expect { _ = try reward.score(batch) }
    },
    ConformanceTest(
      id: "odd.huge-text",
      kinds: [.reward],
      summary: "A completion of 1 MB is scored in time.",
      limit: 60
    ) { component in
      let reward = try component.reward().part
      let material = try component.material(reward)
      let texts = [
        String(repeating: "x", count: 1 << 20), String(repeating: "\n", count: 1 << 20),
        String(repeating: "12 + 3 = (15) ", count: 75_000),
      ]
      for text in texts {
        let batch = material.batch(of: [text])
        component.note("scoring \(shown(batch.items[0])) of 1 MB")
        try score(batch, reward, material)
      }
    },
    ConformanceTest(
      id: "odd.invalid-utf8",
      kinds: [.reward],
      reach: .native,
      summary: "Bytes that are not UTF-8, which no host passes, do no harm."
    ) { component in
      let reward = try component.reward().part
      var batch = try component.material(reward).plain
      batch.items = Array(batch.items.prefix(2))
      for bytes: [UInt8] in [
        [0xFF], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0x80, 0x80], [0xC0, 0x80],
        [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], Array(repeating: 0xFE, count: 4096),
      ] {
        component.note("scoring the bytes \(bytes.prefix(8))")
        do {
          _ = try scoreBytes(bytes, in: batch, by: reward)
        } catch let error as PluginError where error.isDataRefusal || error.fault == .item {
          continue
        } catch let error as PluginError {
          throw CheckEnd.failed(error.message, cure: error.cure ?? "refuse it with ERROR_DATA")
        }
      }
    },
  ]

  private static func score(
    _ batch: RewardBatch,
    _ reward: any RewardFunction,
    _ material: RewardMaterial
  ) throws {
    do {
      _ = try reward.score(batch)
      _ = try reward.answers(batch)
    } catch let error as PluginError {
      if material.isMadeUp, case .refused = error.problem {
        throw CheckEnd.skipped(
          "it refuses made-up rows (\(error.message)): put an example.jsonl beside the manifest"
        )
      }
      let place = batch.items.count == 1 ? "\(shown(batch.items[0])): " : ""
      throw CheckEnd.failed(
        place + error.message,
        cure: error.cure ?? "a model can write anything: give it an outcome, or abstain"
      )
    }
  }
}

extension PluginError {
  /// Whether the plugin said with words that the data are wrong.
  var isDataRefusal: Bool {
    guard case .refused(let status) = problem else { return false }
    // STEPWISE_ERROR_DATA, STEPWISE_ERROR_ARGUMENT
    return (status == -10 || status == -2) && !message.utf8Contains("without a message")
  }
}

extension CheckedComponent {
  /// Whether a reward must bear such a prompt. In Python a conversation makes the completions conversations, too, as in TRL: a
  /// reward for one form need not know the other.
  fileprivate func mayAsk(_ prompt: RowText, like material: RewardMaterial) -> Bool {
    guard isPython else { return true }
    func isConversation(_ text: RowText) -> Bool {
      if case .messages = text { return true }
      return false
    }
    return material.items.contains { isConversation($0.example.prompt) == isConversation(prompt) }
  }
}
