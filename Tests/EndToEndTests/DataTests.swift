import Foundation
import Testing

/// Mixtures, splits, packing and the `data` verbs, from outside.
@Suite struct DataTests {
  /// Two files of questions; the first ten rows of one are held out in the other under another spelling.
  private func workshop() throws -> Workshop {
    let workshop = try Workshop()
    func rows(_ range: Range<Int>, _ suffix: String) -> String {
      range.map {
        "{\"prompt\": \"what is \($0) and \($0 % 7)\(suffix)\", \"completion\": \"it is \($0 + $0 % 7)\"}\n"
      }.joined()
    }
    try workshop.write("many.jsonl", rows(0..<60, " ?"))
    try workshop.write("few.jsonl", rows(100..<112, " ?"))
    try workshop.write("held.jsonl", rows(50..<70, "?"))
    try workshop.write(
      "mixed.yaml",
      """
      model:
        config: {model_type: qwen2, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, \
      num_attention_heads: 2, num_key_value_heads: 1, tie_word_embeddings: true}
      tokenizer: word_level
      seed: 3
      max_steps: 12
      save_steps: 6
      logging_steps: 2
      lr_scheduler_type: constant
      strategy: sft
      demonstrations:
        - {plugin: jsonl, parameters: {path: many.jsonl}, weight: 3}
        - {plugin: jsonl, parameters: {path: few.jsonl}, name: few}
      sft: {learning_rate: 1e-3, per_device_train_batch_size: 2, max_length: 32, packing: true}

      """
    )
    return workshop
  }

  @Test func aMixtureIsDrawnByWeightAndResumesToTheSameBits() throws {
    let workshop = try workshop()
    let whole = try workshop.stepwise("train", "mixed.yaml", "output_dir=whole")
    #expect(whole.code == 0, "\(whole.error)")
    let half = try workshop.stepwise("train", "mixed.yaml", "output_dir=half", "max_steps=6")
    #expect(half.code == 0, "\(half.error)")
    let rest = try workshop.stepwise("train", "--resume", "half", "max_steps=12")
    #expect(rest.code == 0, "\(rest.error)")
    #expect(try workshop.weights("half") == workshop.weights("whole"))

    let last = try #require(
      try workshop.text("whole/metrics.jsonl").split(separator: "\n").last.map(String.init)
    )
    func drawn(_ name: String) -> Int {
      let match = last.firstMatch(of: try! Regex("\"data/demonstrations/\(name)\":(\\d+)"))
      return match.flatMap { Int($0.output[1].substring ?? "") } ?? 0
    }
    // A window of packed rows is 1,000; 3 to 1, with a standard deviation of 14.
    #expect(drawn("jsonl") + drawn("few") == 1_000, "\(last)")
    #expect(abs(drawn("few") - 250) < 70, "\(last)")
    // The resolved configuration alone makes the same run, and names each plugin's slot.
    #expect(try workshop.text("whole/config.yaml").contains("weight: 3"))
    #expect(try workshop.text("whole/provenance.json").contains("demonstrations.1"))
  }

  @Test func aSplitHoldsOutTheSameRowsInEverySlot() throws {
    let workshop = try workshop()
    let split = "split: {test_size: 0.3, seed: 5}"
    try workshop.write(
      "split.yaml",
      """
      tokenizer: word_level
      demonstrations: {plugin: jsonl, parameters: {path: many.jsonl}, \(split)}
      evaluation:
        prompts: {plugin: jsonl, parameters: {path: many.jsonl}, \(split)}

      """
    )
    let check = try workshop.stepwise("data", "check", "split.yaml")
    #expect(check.code == 0, "\(check.output)\(check.error)")
    #expect(check.output.contains("PASSED   contamination: none among"), "\(check.output)")
    let preview = try workshop.stepwise("data", "preview", "split.yaml", "--json")
    let counts = preview.output.matches(of: /"slot":"([a-z.]+)","rows":(\d+)/)
      .map { Int($0.2)! }
    #expect(counts.count == 2 && counts.reduce(0, +) == 60 && counts.min()! > 5, "\(counts)")
  }

  @Test func previewShowsWhatIsTrainedAndWhatIsCut() throws {
    let workshop = try workshop()
    let plain = try workshop.stepwise(
      "data",
      "preview",
      "mixed.yaml",
      "sft.max_length=9",
      "--rows",
      "2"
    )
    #expect(plain.code == 0, "\(plain.error)")
    #expect(plain.output.contains("demonstrations  72 rows"), "\(plain.output)")
    #expect(plain.output.contains("75 %") && plain.output.contains("25 %"), "\(plain.output)")
    #expect(plain.output.contains("what is 0 and 0 ?"), "\(plain.output)")
    #expect(plain.output.contains(/« ?it is 0/), "\(plain.output)")
    #expect(
      plain.output.contains("cut at sft.max_length: 72 rows lose 72 tokens"),
      "\(plain.output)"
    )
    #expect(plain.output.contains("packed: 72 sequences"), "\(plain.output)")

    let named = try workshop.stepwise(
      "data",
      "preview",
      "--plugin",
      "jsonl",
      "path=many.jsonl",
      "limit=5",
      "--tokenizer",
      "byte_level_bpe",
      "tokenizer_vocab_size=300"
    )
    #expect(named.code == 0, "\(named.error)")
    #expect(named.output.contains("5 rows") && named.output.contains("<eos>»"), "\(named.output)")
    let characters = try workshop.stepwise(
      "data",
      "preview",
      "--plugin",
      "jsonl",
      "path=many.jsonl",
      "--rows",
      "0"
    )
    #expect(characters.output.contains("characters in a row"), "\(characters.output)")
    #expect(try workshop.stepwise("data", "preview").code == 64)
    #expect(try workshop.stepwise("data", "preview", "mixed.yaml", "--slot", "rows").code == 64)
  }

  @Test func overlongRowsAreCutLeftOutOrRefusedAndSaid() throws {
    let workshop = try workshop()
    // Six rows of 18 tokens beside sixty of 10.
    let long = (0..<6).map {
      "{\"prompt\": \"what is \($0) and \($0) ?\", "
        + "\"completion\": \"it is \($0) and that is all there is to say\"}\n"
    }
    try workshop.write("long.jsonl", long.joined())
    let rows = [
      "demonstrations=[{plugin: jsonl, parameters: {path: many.jsonl}}, "
        + "{plugin: jsonl, parameters: {path: long.jsonl}, name: long}]",
      "sft.max_length=12", "max_steps=2",
    ]
    func stepwise(_ arguments: [String], _ more: String...) throws -> Stepwise.Answer {
      try Stepwise.run(arguments + ["mixed.yaml"] + rows + more, in: workshop.url)
    }
    let preview = try stepwise(["data", "preview"], "sft.on_overlong_row=skip", "--rows", "4")
    #expect(preview.code == 0, "\(preview.error)")
    #expect(
      preview.output.contains("left out at sft.max_length: 6 rows"),
      "\(preview.output)"
    )
    #expect(preview.output.contains("18 tokens, 12 trained, left out"), "\(preview.output)")
    let json = try stepwise(["data", "preview"], "sft.on_overlong_row=skip", "--json")
    #expect(json.output.contains("\"left_out_rows\":6"), "\(json.output)")
    #expect(json.output.contains("\"cut_rows\":0"), "\(json.output)")

    let warned = try stepwise(["data", "check"], "sft.on_overlong_row=skip")
    #expect(warned.code == 0, "\(warned.output)")
    #expect(
      warned.output.contains("6 rows are longer than sft.max_length and left out"),
      "\(warned.output)"
    )
    let refused = try stepwise(["data", "check"], "sft.on_overlong_row=error")
    #expect(refused.code == 1)
    for words in [
      "6 of 66 rows cannot be used", "row 0 has 18 tokens, more than sft.max_length 12",
    ] {
      #expect(refused.output.contains(words), "\(refused.output)")
    }

    let cut = try stepwise(["train"], "output_dir=cut")
    #expect(cut.code == 0, "\(cut.error)")
    let said = cut.error + cut.output
    #expect(said.contains("6 of 66 rows that were looked at have more than"), "\(said)")
    #expect(try workshop.text("cut/metrics.jsonl").contains("\"sft/overlong_rows\":"))
    let stopped = try stepwise(["train"], "output_dir=stopped", "sft.on_overlong_row=error")
    #expect(stopped.code != 0)
    // With the source and the row's own number in it.
    #expect(
      stopped.error.contains("demonstrations, long: row 0 has 18 tokens"),
      "\(stopped.error)"
    )
    #expect(stopped.error.contains("sft.on_overlong_row to truncate or skip"), "\(stopped.error)")
  }

  @Test func contaminationIsFoundAndWarnedOf() throws {
    let workshop = try workshop()
    let heldOut = "evaluation={prompts: {plugin: jsonl, parameters: {path: held.jsonl}}}"
    let check = try workshop.stepwise("data", "check", "mixed.yaml", heldOut)
    #expect(check.code == 1)
    #expect(
      check.output.contains(
        "FAILED   contamination: 10 of 20 held-out rows beside 72 trained ones are trained on"
      ),
      "\(check.output)"
    )
    let run = try workshop.stepwise(
      "train",
      "mixed.yaml",
      heldOut,
      "rewards=[gsm8k]",
      "max_steps=1",
      "output_dir=warned",
      "evaluation.max_prompts=20"
    )
    let said = run.error + run.output
    #expect(said.contains("of 20 held-out rows 10 are trained on"), "\(said)")
  }

  @Test func aBadRowIsSkippedCountedAndShown() throws {
    let workshop = try workshop()
    let good = try workshop.text("few.jsonl")
    try workshop.write("bad.jsonl", good + "{\"prompt\": 3}\n" + good)
    let refused = try workshop.stepwise("data", "preview", "--plugin", "jsonl", "path=bad.jsonl")
    #expect(refused.code == 64 || refused.code == 1)
    #expect(refused.error.contains("bad.jsonl:13: column 'prompt' is a whole number"))
    let skipped = try workshop.stepwise(
      "data",
      "preview",
      "--plugin",
      "jsonl",
      "path=bad.jsonl",
      "on_bad_row=skip"
    )
    #expect(skipped.code == 0, "\(skipped.error)")
    #expect(skipped.error.contains("1 of 25 rows left out"), "\(skipped.error)")
    #expect(skipped.output.contains("24 rows") && skipped.output.contains("repeated: 12 rows"))
  }

  @Test func mistakesInAMixtureNameTheirPlace() throws {
    let workshop = try workshop()
    for (argument, words) in [
      ("demonstrations.1.wieght=2", ["demonstrations.1.wieght", "Did you mean weight?"]),
      ("demonstrations.0.weight=-1", ["demonstrations.0.weight", "below 0"]),
      ("demonstrations.1.split={test_size: 2}", ["split.test_size", "above 0, below 1"]),
      ("demonstrations.1.split={seed: 2}", ["split.test_size", "missing"]),
      ("demonstrations.1.plugin=jsnl", ["demonstrations.1"]),
      ("demonstrations=[]", ["demonstrations", "empty"]),
      ("evaluation.prompts=[jsonl]", ["evaluation.prompts", "cannot be mixed"]),
      ("sft.packing_strategy=wrapped", ["wrapped is not supported yet"]),
    ] {
      let answer = try workshop.stepwise("train", "mixed.yaml", argument, "--dry-run")
      #expect(answer.code == 64, "\(argument): \(answer.error)")
      for word in words { #expect(answer.error.contains(word), "\(argument): \(answer.error)") }
    }
  }

  @Test func theRecipeOfGSM8KTakesThePathOfItsFiles() throws {
    let workshop = try workshop()
    #expect(try workshop.stepwise("train", "--recipe", "gsm8k").error.contains("needs --data PATH"))
    #expect(
      try workshop.stepwise("train", "--recipe", "gsm9k").error.contains("Did you mean gsm8k?")
    )
    #expect(try workshop.stepwise("train", "mixed.yaml", "--recipe", "gsm8k").code == 64)
    for split in ["train", "test"] {
      let rows = (0..<40).map {
        "{\"question\": \"Ann of \(split) has \($0) pens and buys \($0 % 5). How many?\", "
          + "\"answer\": \"It is \($0)+\($0 % 5) = <<\($0)+\($0 % 5)=\($0 + $0 % 5)>>.\\n#### \($0 + $0 % 5)\"}\n"
      }
      try workshop.write("\(split).jsonl", rows.joined())
    }
    let answer = try workshop.stepwise(
      "train",
      "--recipe",
      "gsm8k",
      "--data",
      ".",
      "--smoke",
      "max_steps=4",
      "strategy.parameters.warmup_steps=3",
      "evaluation.max_prompts=8",
      "tokenizer_vocab_size=300",
      "output_dir=run"
    )
    #expect(answer.code == 0, "\(answer.error)")
    #expect(answer.output.contains("held-out accuracy"), "\(answer.output)")
    #expect(workshop.exists("run/checkpoints/step-00000004/tokenizer.json"))
  }
}
