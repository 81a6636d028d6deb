import Foundation
import Tensors
import Testing

@testable import LanguageModels

/// Decoding with the cache against the whole forward pass; sharing, ends, what draws depend on.
@Suite struct GeneratorTests {
  func model(
    _ family: ModelFamily,
    threads: Int = 2,
    tied: Bool = true,
    precision: MatrixPrecision = .fp32
  ) throws -> DecoderModel {
    DecoderModel(
      configuration: smallConfiguration(family, tied: tied),
      backend: try makeBackend(threads: threads, precision: precision),
      seed: 21
    )
  }

  let prompts = (0..<5).map { someTokens(5 + 9 * $0, below: 61, salt: $0) }

  func requests(_ group: Int) -> [GenerationRequest] {
    prompts.enumerated().map {
      GenerationRequest(prompt: $1, count: group, firstID: UInt64($0 * group))
    }
  }

  // MARK: The cache

  @Test(arguments: fixtureModels)
  func greedyCompletionsAreTransformers(_ name: String) throws {
    let model = try DecoderModel(
      directory: fixtures.appendingPathComponent(name),
      backend: makeBackend()
    )
    for greedy in try Expected(name).greedy {
      let options = GenerationOptions(
        temperature: 0,
        repetitionPenalty: greedy.repetition_penalty,
        maxCompletionLength: greedy.completion.count
      )
      let ours = try Generator(model: model).generate(
        prompts: [greedy.prompt],
        options: options,
        seed: 0
      )
      #expect(ours[0].tokens == greedy.completion, "penalty \(greedy.repetition_penalty)")
      #expect(ours[0].finishReason == .length)
    }
  }

  /// A model that only generates never has its matrices but packed, and the same bits.
  @Test(arguments: fixtureModels, [MatrixPrecision.fp32, .bf16])
  func aModelThatOnlyGeneratesHasTheSameBits(_ name: String, _ precision: MatrixPrecision) throws {
    let directory = fixtures.appendingPathComponent(name)
    let backend = try makeBackend(precision: precision)
    let whole = try DecoderModel(directory: directory, backend: backend, trainable: false)
    let packed = try GenerationModel(directory: directory, backend: backend)
    #expect(packed.generation == whole.generation)
    let limit = min(whole.configuration.vocabSize, 61)
    let requests = (0..<5).map {
      GenerationRequest(
        prompt: someTokens(5 + 9 * $0, below: limit, salt: $0),
        count: 2,
        firstID: UInt64(2 * $0)
      )
    }
    let options = GenerationOptions(maxCompletionLength: 12)
    let expected = try Generator(model: whole).generate(requests, options: options, seed: 8)
    let ours = try Generator(model: packed, maxConcurrent: 3)
      .generate(requests, options: options, seed: 8)
    #expect(ours == expected)
    #expect(expected.joined().contains { $0.tokens.count > 1 })
  }

  @Test(arguments: ModelFamily.allCases)
  func logProbsAreThoseOfTheWholeForward(_ family: ModelFamily) throws {
    let model = try model(family, tied: family != .llama)
    for temperature in [0, 0.7, 1.3] {
      let options = GenerationOptions(
        temperature: temperature,
        topK: 20,
        topP: 0.9,
        repetitionPenalty: 1.2,
        maxCompletionLength: 40,
        eosTokenIDs: [1]
      )
      let groups = try Generator(model: model, maxConcurrent: 7).generate(
        requests(3),
        options: options,
        seed: 5
      )
      for (prompt, group) in zip(prompts, groups) {
        for completion in group {
          let whole = model.nextTokenLogProbs(
            [prompt + completion.tokens],
            temperature: Float(temperature == 0 ? 1 : temperature)
          )[0].dropFirst(prompt.count - 1)
          #expect(completion.logProbs.count == completion.tokens.count)
          #expect(zip(completion.logProbs, whole).allSatisfy { abs($0 - $1) < 2e-4 })
        }
      }
    }
  }

  @Test func aGroupSharesItsPromptAndNothingElse() throws {
    let model = try model(.qwen3)
    let options = GenerationOptions(maxCompletionLength: 30, eosTokenIDs: [1])
    let generator = Generator(model: model)
    let together = try generator.generate(requests(6), options: options, seed: 3)
    for (number, prompt) in prompts.enumerated() {
      for sample in 0..<6 {
        let alone = try generator.generate(
          [GenerationRequest(prompt: prompt, count: 1, firstID: UInt64(number * 6 + sample))],
          options: options,
          seed: 3
        )
        #expect(alone[0][0] == together[number][sample])
      }
    }
    #expect(Set(together[0].map(\.tokens)).count > 1)
  }

  // MARK: Bits

  @Test(arguments: ModelFamily.allCases, MatrixPrecision.allCases)
  func completionsDoNotDependOnThreadsOrBatch(
    _ family: ModelFamily,
    _ precision: MatrixPrecision
  ) throws {
    let options = GenerationOptions(maxCompletionLength: 50, eosTokenIDs: [1, 17])
    func run(threads: Int, concurrent: Int) throws -> [[Completion]] {
      try Generator(
        model: model(family, threads: threads, precision: precision),
        maxConcurrent: concurrent
      )
      .generate(requests(16), options: options, seed: 77)
    }
    let reference = try run(threads: 1, concurrent: 64)
    for (threads, concurrent) in [(2, 64), (1, 1), (2, 1), (2, 5), (2, 80)] {
      // Log-probs too: the same bits, not just the same choices.
      #expect(
        try run(threads: threads, concurrent: concurrent) == reference,
        "\(threads) threads, \(concurrent) at a time"
      )
    }
    // Both ends occur, so that the batch did shrink and fill again.
    let reasons = Set(reference.joined().map(\.finishReason))
    #expect(reasons == [.eos, .length])
  }

  /// Long prompts are computed in several passes; which ones share a pass is not to be seen.
  @Test func longPromptsAreComputedInPasses() throws {
    var configuration = smallConfiguration(.qwen3)
    configuration.layerCount = 1
    let model = DecoderModel(configuration: configuration, backend: try makeBackend(), seed: 4)
    let generator = Generator(model: model)
    let options = GenerationOptions(maxCompletionLength: 4)
    let long = (0..<5).map { someTokens(1500 + $0, below: 61, salt: $0) }
    let requests = long.enumerated().map {
      GenerationRequest(prompt: $1, count: 2, firstID: UInt64(2 * $0))
    }
    let together = try generator.generate(requests, options: options, seed: 1)
    for (request, group) in zip(requests, together) {
      #expect(try generator.generate([request], options: options, seed: 1) == [group])
    }
  }

  @Test func drawsDependOnSeedAndID() throws {
    let model = try model(.llama)
    let options = GenerationOptions(maxCompletionLength: 20)
    let generator = Generator(model: model)
    func tokens(_ id: UInt64, _ seed: UInt64) throws -> [Int32] {
      try generator.generate(
        [GenerationRequest(prompt: [5, 6], count: 1, firstID: id)],
        options: options,
        seed: seed
      )[0][0].tokens
    }
    let first = try tokens(4, 1)
    #expect(try tokens(4, 1) == first)
    #expect(try tokens(5, 1) != first)
    #expect(try tokens(4, 2) != first)
  }

  @Test func newValuesOfTheModelAreUsed() throws {
    let model = try model(.qwen2)
    let generator = Generator(model: model)
    let options = GenerationOptions(temperature: 0, maxCompletionLength: 8)
    let before = try generator.generate(prompts: [[3, 4, 5]], options: options, seed: 0)
    model.copyParameters(
      from: DecoderModel(
        configuration: model.configuration,
        backend: model.backend,
        seed: 99
      )
    )
    let after = try generator.generate(prompts: [[3, 4, 5]], options: options, seed: 0)
    #expect(before != after)
  }

  // MARK: Ends

  @Test func sequencesEndAtEveryTokenOfTheSet() throws {
    let model = try model(.qwen2)
    let generator = Generator(model: model, maxConcurrent: 16)
    let ends: Set<Int32> = [1, 8, 23, 40]
    let options = GenerationOptions(maxCompletionLength: 25, eosTokenIDs: ends)
    let completions = try generator.generate(requests(40), options: options, seed: 1).joined()
    for completion in completions {
      let end = completion.tokens.firstIndex(where: ends.contains)
      switch completion.finishReason {
      case .eos: #expect(end == completion.tokens.count - 1)
      case .length: #expect(end == nil && completion.tokens.count == 25)
      }
      #expect(completion.logProbs.count == completion.tokens.count)
    }
    #expect(
      Set(completions.compactMap { ends.contains($0.tokens.last!) ? $0.tokens.last : nil }) == ends
    )
    // Without the set the same draws go on.
    let open = try generator.generate(
      requests(40),
      options: GenerationOptions(maxCompletionLength: 25),
      seed: 1
    ).joined()
    for (short, long) in zip(completions, open) {
      #expect(long.tokens.count == 25)
      #expect(Array(long.tokens.prefix(short.tokens.count)) == short.tokens)
    }
  }

  @Test func anEndAtTheLimitIsAnEnd() throws {
    let model = try model(.qwen2)
    let all = Set((0..<61).map { Int32($0) })
    let completion = try Generator(model: model).generate(
      prompts: [[2]],
      options: GenerationOptions(maxCompletionLength: 1, eosTokenIDs: all),
      seed: 0
    )[0]
    #expect(completion.finishReason == .eos && completion.tokens.count == 1)
  }

  @Test func progressCountsCompletions() throws {
    let model = try model(.qwen2)
    var calls: [Int] = []
    let options = GenerationOptions(maxCompletionLength: 6, eosTokenIDs: [1])
    _ = try Generator(model: model, maxConcurrent: 4).generate(
      requests(3),
      options: options,
      seed: 0
    ) { done, wanted in
      calls.append(done)
      #expect(wanted == 15)
    }
    #expect(calls == Array(1...15))
  }

  @Test func nothingToDoIsNothing() throws {
    let generator = Generator(model: try model(.qwen2))
    #expect(try generator.generate([], options: GenerationOptions(), seed: 0) == [])
    let empty = GenerationRequest(prompt: [3], samples: [])
    #expect(try generator.generate([empty], options: GenerationOptions(), seed: 0) == [[]])
  }

  // MARK: Given prefixes

  @Test(arguments: ModelFamily.allCases)
  func givenPrefixesAreContinuedAsIfDrawn(_ family: ModelFamily) throws {
    let model = try model(family)
    let generator = Generator(model: model, maxConcurrent: 6)
    let options = GenerationOptions(
      repetitionPenalty: 1.1,
      maxCompletionLength: 24,
      eosTokenIDs: [1]
    )
    let free = try generator.generate(requests(2), options: options, seed: 9)
    // Whoever is given its own first tokens goes on in the same way, in a mixed batch.
    let given = zip(requests(2), free).map { request, group in
      var request = request
      for (index, completion) in group.enumerated() {
        let count = (index * 5) % max(1, completion.tokens.count - 1)
        request.samples[index].prefix = Array(completion.tokens[..<count])
      }
      return request
    }
    let again = try generator.generate(given, options: options, seed: 9)
    for (request, (a, b)) in zip(given, zip(free, again)) {
      for (sample, (x, y)) in zip(request.samples, zip(a, b)) {
        #expect(x.tokens == y.tokens && x.finishReason == y.finishReason)
        #expect(y.prefixCount == sample.prefix.count)
        #expect(y.logProbs == Array(x.logProbs.dropFirst(y.prefixCount)))
      }
    }
  }

  @Test func wholePrefixesNeedNoModel() throws {
    let generator = Generator(model: try model(.qwen2))
    let options = GenerationOptions(maxCompletionLength: 3, eosTokenIDs: [1])
    let samples: [GenerationRequest.Sample] = [
      .init(id: 0, prefix: [5, 1]), .init(id: 1, prefix: [5, 6, 7]), .init(id: 2),
    ]
    let request = GenerationRequest(prompt: [3], samples: samples)
    let group = try generator.generate([request], options: options, seed: 0)[0]
    #expect(group[0].tokens == [5, 1] && group[0].finishReason == .eos)
    #expect(group[1].tokens == [5, 6, 7] && group[1].finishReason == .length)
    #expect(group[0].logProbs.isEmpty && !group[2].tokens.isEmpty)
  }

  // MARK: Refusals

  @Test func badOptionsNameTheirKey() throws {
    let generator = Generator(model: try model(.qwen2))
    let cases: [(String, GenerationOptions)] = [
      ("temperature", GenerationOptions(temperature: -0.1)),
      ("temperature", GenerationOptions(temperature: .nan)),
      ("top_k", GenerationOptions(topK: -1)),
      ("top_p", GenerationOptions(topP: 1.01)),
      ("min_p", GenerationOptions(minP: -0.5)),
      ("repetition_penalty", GenerationOptions(repetitionPenalty: 0)),
      ("max_completion_length", GenerationOptions(maxCompletionLength: 0)),
    ]
    for (key, options) in cases {
      do {
        _ = try generator.generate(prompts: [[3]], options: options, seed: 0)
        Issue.record("\(key) was accepted")
      } catch {
        guard case .invalidOption(key, _, _) = error else {
          Issue.record("\(error)")
          continue
        }
      }
    }
  }

  @Test func badRequestsAreNamed() throws {
    let generator = Generator(model: try model(.qwen2))
    let options = GenerationOptions(maxCompletionLength: 2, eosTokenIDs: [1])
    func error(_ prompt: [Int32], _ prefix: [Int32] = []) -> GenerationError? {
      let sample = GenerationRequest.Sample(id: 0, prefix: prefix)
      let good = GenerationRequest(prompt: [3], count: 1, firstID: 0)
      let bad = GenerationRequest(prompt: prompt, samples: [sample])
      do throws(GenerationError) {
        _ = try generator.generate([good, bad], options: options, seed: 0)
        return nil
      } catch { return error }
    }
    #expect(error([]) == .emptyPrompt(request: 1))
    #expect(error([61]) == .tokenOutOfRange(request: 1, token: 61, vocabSize: 61))
    #expect(error([-1]) == .tokenOutOfRange(request: 1, token: -1, vocabSize: 61))
    #expect(error([3], [99]) == .tokenOutOfRange(request: 1, token: 99, vocabSize: 61))
    #expect(
      error([3], [4, 4, 4])
        == .prefixTooLong(request: 1, sample: 0, length: 3, maxCompletionLength: 2)
    )
    #expect(error([3], [1, 4]) == .endInsidePrefix(request: 1, sample: 0, position: 0))
  }

  @Test(arguments: [Float.nan, .infinity])
  func divergedModelsAreRefused(_ value: Float) throws {
    let model = try model(.qwen2)
    model.backend.fill(model.norm.value.buffer, with: value)
    for temperature in [0, 1.0] {
      let options = GenerationOptions(temperature: temperature, maxCompletionLength: 4)
      #expect(throws: GenerationError.notFinite(sequence: 0, position: 0)) {
        try Generator(model: model).generate(prompts: [[3, 4]], options: options, seed: 0)
      }
    }
  }
}
