import Tensors

/// The state of one call of `Generator.generate`.
struct GenerationRun {
  private let weights: GenerationWeights
  private let requests: [GenerationRequest]
  private let options: GenerationOptions
  private let seed: UInt64
  private let progress: ((Int, Int) -> Void)?
  private let maxConcurrent: Int
  private let total: Int
  private let layout: KeyValueLayout
  private let penalises: Bool
  private let step: DecodeStep
  private let table: RotaryTable

  private var unfinished: [[Completion?]]
  private var finishedCount = 0
  /// The next sample to start.
  private var next = (request: 0, sample: 0)
  /// Computed prompts with samples that have not started: at most a batch of them.
  private var prompts: [Int: ComputedPrompt] = [:]
  private var active: [ActiveSequence] = []
  /// Parallel to `active`, with a repetition penalty only.
  private var seen: [SeenTokens] = []

  // One entry for each active sequence; kept from step to step for their memory.
  private var sampling: [SamplingOptions] = []
  private var uniforms: [Float] = []
  private var tokens: [Int32] = []
  private var positions: [Int32] = []
  private var rows: [DecodeRow] = []

  init(
    _ generator: Generator,
    _ requests: [GenerationRequest],
    _ options: GenerationOptions,
    seed: UInt64,
    progress: ((Int, Int) -> Void)?
  ) {
    weights = generator.weights()
    self.requests = requests
    self.options = options
    self.seed = seed
    self.progress = progress
    total = requests.reduce(0) { $0 + $1.samples.count }
    maxConcurrent = max(1, min(generator.maxConcurrent, total))
    layout = KeyValueLayout(weights.configuration)
    penalises = options.repetitionPenalty != 1
    step = DecodeStep(weights, rows: maxConcurrent)
    let longest = requests.map(\.prompt.count).max() ?? 0
    // Not for the whole of `max_position_embeddings`, which would take 64 MiB for Llama 3.1.
    table = RotaryTable(
      config: weights.configuration.rotary,
      positions: longest + options.maxCompletionLength
    )
    unfinished = requests.map { [Completion?](repeating: nil, count: $0.samples.count) }
  }

  /// The completions, once `finish` has returned.
  var results: [[Completion]] { unfinished.map { $0.compactMap { $0 } } }

  /// Decodes until every sample has ended.
  mutating func finish() throws(GenerationError) {
    while true {
      startWaiting()
      if active.isEmpty { return }
      try chooseTokens()
      removeFinished()
      advance()
    }
  }

  // MARK: Starting

  /// Fills free places of the batch. A new row's hidden state is its prompt's last one.
  private mutating func startWaiting() {
    var waiting: [(request: Int, sample: Int)] = []
    while active.count + waiting.count < maxConcurrent, let (request, sample) = takeNext() {
      let wanted = requests[request].samples[sample]
      if let reason = endOfPrefix(wanted.prefix) {
        var completion = Completion(wanted)
        completion.tokens = wanted.prefix
        completion.finishReason = reason
        finish(completion, request, sample)
      } else {
        waiting.append((request, sample))
      }
    }
    computePrompts(of: waiting.map(\.request))
    for (request, sample) in waiting {
      guard let prompt = prompts[request] else { preconditionFailure("prompt \(request)") }
      start(requests[request].samples[sample], of: prompt, at: (request, sample))
    }
    // Prompts whose last sample has started live on in their sequences.
    prompts = prompts.filter { $0.key >= next.request }
  }

  private mutating func start(
    _ wanted: GenerationRequest.Sample,
    of prompt: ComputedPrompt,
    at place: (request: Int, sample: Int)
  ) {
    var completion = Completion(wanted)
    completion.tokens.reserveCapacity(options.maxCompletionLength)
    completion.logProbs.reserveCapacity(options.maxCompletionLength - wanted.prefix.count)
    step.setHidden(prompt.lastHidden, row: active.count)
    active.append(
      ActiveSequence(
        request: place.request,
        sample: place.sample,
        prompt: prompt,
        own: KeyValueBlock(
          layout: layout,
          capacity: options.maxCompletionLength,
          backend: weights.backend
        ),
        random: Philox4x32(seed: RandomUse.sampling.key(seed), stream: wanted.id),
        completion: completion,
        givenLeft: wanted.prefix.reversed()
      )
    )
    if penalises {
      let tokens = requests[place.request].prompt
      seen.append(SeenTokens(tokens, vocabulary: weights.configuration.vocabSize))
    }
  }

  private mutating func takeNext() -> (request: Int, sample: Int)? {
    while next.request < requests.count {
      if next.sample < requests[next.request].samples.count {
        defer { next.sample += 1 }
        return next
      }
      next = (next.request + 1, 0)
    }
    return nil
  }

  /// Tokens of one prefill pass: enough to keep every core at work; the weights are packed already, so
  /// more would only cost memory.
  private static let prefillTokens = 512

  private mutating func computePrompts(of wanted: [Int]) {
    var pass: [Int] = []
    var tokens = 0
    func compute(_ prompts: inout [Int: ComputedPrompt]) {
      if pass.isEmpty { return }
      let computed = ComputedPrompt.compute(
        pass.map { requests[$0].prompt },
        layout,
        step,
        table: table,
        backend: weights.backend
      )
      for (request, prompt) in zip(pass, computed) { prompts[request] = prompt }
    }
    for request in wanted where prompts[request] == nil && pass.last != request {
      let count = requests[request].prompt.count
      if tokens > 0, tokens + count > Self.prefillTokens {
        compute(&prompts)
        (pass, tokens) = ([], 0)
      }
      pass.append(request)
      tokens += count
    }
    compute(&prompts)
  }

  /// Why a sample is complete with its prefix, if it is.
  private func endOfPrefix(_ prefix: [Int32]) -> FinishReason? {
    if let last = prefix.last, options.eosTokenIDs.contains(last) { return .eos }
    return prefix.count == options.maxCompletionLength ? .length : nil
  }

  // MARK: One step

  /// Appends to each sequence the token that follows its hidden state: given, or drawn.
  private mutating func chooseTokens() throws(GenerationError) {
    uniforms.removeAll(keepingCapacity: true)
    for sequence in active {
      uniforms.append(sequence.random.uniform(at: UInt64(sequence.completion.tokens.count)))
    }
    while sampling.count < active.count { sampling.append(options.sampling) }
    sampling.removeLast(sampling.count - active.count)
    let drawn = step.sample(
      options: sampling,
      uniforms: uniforms,
      seen: penalises ? seen.map(\.tokens) : nil
    )
    for (row, choice) in drawn.enumerated() {
      if let given = active[row].givenLeft.popLast() {
        append(given, row)
        continue
      }
      guard choice.logProb.isFinite else {
        throw .notFinite(
          sequence: active[row].completion.id,
          position: active[row].completion.tokens.count
        )
      }
      active[row].completion.logProbs.append(choice.logProb)
      append(choice.token, row)
    }
  }

  private mutating func append(_ token: Int32, _ row: Int) {
    active[row].completion.tokens.append(token)
    if penalises { seen[row].insert(token) }
  }

  /// Moves ended sequences to the results; the others keep their order, and groups stay together.
  private mutating func removeFinished() {
    var kept = 0
    for row in active.indices {
      var completion = active[row].completion
      let isAtEnd = completion.tokens.last.map(options.eosTokenIDs.contains) ?? false
      if isAtEnd || completion.tokens.count >= options.maxCompletionLength {
        completion.finishReason = isAtEnd ? .eos : .length
        finish(completion, active[row].request, active[row].sample)
        continue
      }
      if kept != row {
        active.swapAt(kept, row)
        if penalises { seen.swapAt(kept, row) }
      }
      kept += 1
    }
    active.removeLast(active.count - kept)
    if penalises { seen.removeLast(seen.count - kept) }
  }

  private mutating func finish(_ completion: Completion, _ request: Int, _ sample: Int) {
    unfinished[request][sample] = completion
    finishedCount += 1
    progress?(finishedCount, total)
  }

  /// Puts the last token of every active sequence through the model.
  private mutating func advance() {
    if active.isEmpty { return }
    tokens.removeAll(keepingCapacity: true)
    positions.removeAll(keepingCapacity: true)
    rows.removeAll(keepingCapacity: true)
    for sequence in active {
      let count = sequence.completion.tokens.count
      tokens.append(sequence.completion.tokens[count - 1])
      positions.append(Int32(sequence.prompt.count + count - 1))
      rows.append(
        DecodeRow(
          prefix: sequence.prompt.block,
          prefixCount: sequence.prompt.count,
          own: sequence.own,
          ownCount: count
        )
      )
    }
    step.run(tokens: tokens, rows: DecodeTable(rows: rows, positions: positions), table: table)
  }
}
