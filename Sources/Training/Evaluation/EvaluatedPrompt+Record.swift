public import RunStore

extension EvaluatedPrompt {
  /// The prompt as a line of generations.jsonl.
  ///
  /// - Parameter rewards: the names of the rewards, in the order of the scores.
  public func record(rewards: [String]) -> Record {
    [
      "set": .string(set), "mode": .string(mode), "row": RecordValue(row),
      "id": .string(String(id)),
      "digest": .string(digest),
      "columns": .object(columns.map { RecordField($0.name, .string($0.value)) }),
      "prompt": .string(prompt),
      "completions": .array(completions.map { .object($0.fields(rewards)) }),
    ]
  }

  /// Reads a line back, to equal bits; `nil` where it is not one.
  public init?(_ record: Record, rewards: [String]) {
    guard let set = record["set"]?.text, let mode = record["mode"]?.text,
      case .int(let row)? = record["row"], let id = record["id"]?.text.flatMap({ UInt64($0) }),
      let digest = record["digest"]?.text,
      case .object(let columns)? = record["columns"], let prompt = record["prompt"]?.text,
      let completions = record["completions"]?.array
    else { return nil }
    let read = completions.compactMap { EvaluatedCompletion($0, rewards: rewards) }
    let named = columns.compactMap { field in field.value.text.map { Column(field.name, $0) } }
    guard read.count == completions.count, named.count == columns.count else { return nil }
    self.init(
      set: set,
      mode: mode,
      row: Int(row),
      id: id,
      digest: digest,
      columns: named,
      prompt: prompt,
      completions: read
    )
  }
}

extension EvaluatedCompletion {
  fileprivate func fields(_ rewards: [String]) -> [RecordField] {
    [
      RecordField("text", .string(text)), RecordField("tokens", RecordValue(tokens)),
      RecordField("finish_reason", .string(truncated ? "length" : "eos")),
      RecordField(
        "rewards",
        .object(zip(rewards, scores).map { RecordField($0, RecordValue($1)) })
      ),
      RecordField("reward", RecordValue(reward)), RecordField("solved", .bool(solved)),
      RecordField("answer", RecordValue(answer)),
    ]
  }

  fileprivate init?(_ value: RecordValue, rewards: [String]) {
    guard case .object(let fields) = value else { return nil }
    let record = Record(fields)
    guard let text = record["text"]?.text, case .int(let tokens)? = record["tokens"],
      let reason = record["finish_reason"]?.text, case .object(let given)? = record["rewards"],
      given.map(\.name) == rewards, let solved = record["solved"]?.bool
    else { return nil }
    self.init(
      text: text,
      tokens: Int(tokens),
      truncated: reason == "length",
      scores: given.map(\.value.number),
      reward: record["reward"]?.number,
      solved: solved,
      answer: record["answer"]?.text
    )
  }
}
