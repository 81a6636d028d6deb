import Foundation
import Tensors

@testable import LanguageModels

/// The adapters of Fixtures/make_lora_fixtures.py.
let fixtureAdapters = ["lora-all-linear", "rslora-llama"]

/// expected.json of an adapter.
struct ExpectedOfAdapter: Decodable {
  var input_ids: [[Int32]]
  var next_token_logprobs: [[Double]]
  var loss: Double
  var grad_norm: Double

  init(_ name: String) throws {
    let file = fixtures.appendingPathComponent(name).appendingPathComponent("expected.json")
    self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
  }
}

/// A fixture's adapter over the base that it names.
func adapted(
  _ name: String,
  trainable: Bool = true,
  backend: (any Backend)? = nil
) throws -> DecoderModel {
  try adapted(fixtures.appendingPathComponent(name), trainable: trainable, backend: backend)
}

func adapted(
  _ url: URL,
  trainable: Bool = true,
  backend: (any Backend)? = nil
) throws -> DecoderModel {
  let directory = try AdapterDirectory(url)
  let model = try DecoderModel(
    directory: directory.baseDirectory(),
    backend: backend ?? makeBackend(),
    trainable: false
  )
  model.attach(
    try directory.load(
      for: model.configuration,
      backend: model.backend,
      trainable: trainable
    )
  )
  return model
}

/// A small model with a fresh adapter whose B is not zero.
func smallAdapted(
  _ family: ModelFamily = .qwen3,
  targets: [String] = LoRAConfiguration.allLinear,
  backend: any Backend
) throws -> DecoderModel {
  let model = DecoderModel(
    configuration: smallConfiguration(family),
    backend: backend,
    seed: 5,
    trainable: false
  )
  let adapter = try LoRAAdapter(
    LoRAConfiguration(rank: 3, alpha: 6, targetModules: targets),
    model: model.configuration,
    source: "test",
    backend: backend,
    seed: 5
  )
  model.attach(adapter)
  fillUp(adapter, 0.05)
  return model
}

/// Gives every B values of about the given size.
func fillUp(_ adapter: LoRAAdapter, _ size: Float) {
  for (index, parameter) in adapter.store.parameters.enumerated() where index % 2 == 1 {
    let random = Philox4x32(seed: 77, stream: UInt64(index))
    adapter.store.backend.write(
      (0..<parameter.range.count).map { size * random.normal(at: UInt64($0)) },
      to: parameter.value.buffer
    )
  }
}

/// Differentiates minus the mean log p of all next tokens, into the gradients of what is trained.
@discardableResult
func differentiate(_ model: DecoderModel, _ sequences: [[Int32]]) -> Double {
  let batch = PackedBatch(sequences)
  let (rows, targets) = batch.nextTokenTargets
  let tape = Tape(backend: model.backend)
  let scored = model.tokenLogProbs(tape: tape, batch: batch, rows: rows, targets: targets)
  let values = scored.logProbs.array
  let share = -1 / Float(values.count)
  tape.backward(scored.logProbs, gradient: values.map { _ in share })
  return -values.reduce(0) { $0 + Double($1) } / Double(values.count)
}
