import Foundation
import Tensors
import Testing

@testable import LanguageModels

/// Adapters that PEFT made: log-probs, loss and gradients against torch.
@Suite struct PEFTParityTests {
  @Test(arguments: fixtureAdapters)
  func logProbsAreThoseOfPEFT(_ name: String) throws {
    let expected = try ExpectedOfAdapter(name)
    for trainable in [false, true] {
      let ours = try adapted(name, trainable: trainable).nextTokenLogProbs(expected.input_ids)
      let delta = largestDifference(ours, expected.next_token_logprobs)
      #expect(delta <= 1e-5, "largest difference \(delta)")
    }
    // The adapter is not nothing: without it the base says something else.
    let base = try AdapterDirectory(fixtures.appendingPathComponent(name)).baseDirectory()
    let without = try DecoderModel(directory: base, backend: makeBackend(), trainable: false)
      .nextTokenLogProbs(expected.input_ids)
    #expect(largestDifference(without, expected.next_token_logprobs) > 0.1)
  }

  @Test(arguments: fixtureAdapters)
  func lossAndGradientsAreThoseOfTorch(_ name: String) throws {
    let expected = try ExpectedOfAdapter(name)
    let golden = try SafetensorsFile(
      path: fixtures.appendingPathComponent("\(name)/gradients.safetensors").path
    )
    let model = try adapted(name)
    let loss = differentiate(model, expected.input_ids)
    #expect(abs(loss - expected.loss) <= 1e-5 * expected.loss)
    let norm = model.trained.gradNorm()
    #expect(abs(norm - expected.grad_norm) <= 1e-5 * expected.grad_norm, "\(norm)")
    #expect(Set(golden.entries.map(\.name)) == Set(model.trained.parameters.map(\.name)))
    for parameter in model.trained.parameters {
      let theirs: [Float] = try golden.load(parameter.name)
      let ours = parameter.grad.array
      let error = zip(ours, theirs).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
      let size = theirs.reduce(0.0) { $0 + Double($1) * Double($1) }
      #expect(
        size > 0 && error <= 1e-10 * size,
        "\(parameter.name): \((error / size).squareRoot())"
      )
    }
  }

  @Test(arguments: fixtureAdapters)
  func mergedIsTheSameModel(_ name: String) throws {
    let expected = try ExpectedOfAdapter(name)
    let model = try adapted(name, trainable: false)
    model.mergeAdapter()
    #expect(model.adapter == nil)
    let delta = largestDifference(
      model.nextTokenLogProbs(expected.input_ids),
      expected.next_token_logprobs
    )
    #expect(delta <= 1e-5, "largest difference \(delta)")
    // A merged model is saved and opened as any other.
    let folder = try TemporaryFolder()
    try model.save(to: folder.url)
    let again = try DecoderModel(directory: folder.url, backend: makeBackend())
    #expect(
      again.nextTokenLogProbs(expected.input_ids) == model.nextTokenLogProbs(expected.input_ids)
    )
  }

  @Test(.enabled(if: python != nil, "STEPWISE_PYTHON names no Python with transformers and peft"))
  func savedAdaptersOpenInPEFT() throws {
    let folder = try TemporaryFolder()
    let script = fixtures.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Parity/check_peft.py")
    for (index, family) in ModelFamily.allCases.enumerated() {
      let backend = try makeBackend()
      let model = DecoderModel(
        configuration: smallConfiguration(family),
        backend: backend,
        seed: 3,
        trainable: false
      )
      let adapter = try LoRAAdapter(
        LoRAConfiguration(
          rank: 4,
          alpha: 12.5,
          isRankStabilized: index == 1,
          targetModules: index == 2 ? ["v_proj", "o_proj"] : LoRAConfiguration.allLinear
        ),
        model: model.configuration,
        source: "test",
        backend: backend,
        seed: 3
      )
      fillUp(adapter, 0.2)
      model.attach(adapter)
      func file(_ name: String) -> URL { folder.url.appendingPathComponent("\(family)-\(name)") }
      try model.saveBase(to: file("base"))
      adapter.base = try BaseIdentity(directory: file("base")) { _ in "0" }
      try adapter.save(to: file("adapter"))
      let ids = [someTokens(40, below: 61), someTokens(2, below: 61, salt: 5)]
      let logProbs = model.nextTokenLogProbs(ids)
      try Data("{\"input_ids\": \(ids), \"next_token_logprobs\": \(logProbs)}".utf8)
        .write(to: file("expected.json"))
      model.mergeAdapter()
      try model.save(to: file("merged"))
      let process = Process()
      process.executableURL = URL(fileURLWithPath: try #require(python))
      process.arguments = [
        script.path, file("adapter").path, file("expected.json").path, "--merged",
        file("merged").path,
      ]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = output
      try process.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(family): \(text)")
    }
  }
}
