import Foundation
import Tensors

@testable import LanguageModels

/// The project's own fixtures, beside this file.
let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("Fixtures")

/// The models of Fixtures/make_fixtures.py.
let fixtureModels = [
  "qwen2-f16", "qwen3-bf16", "llama-f32-sharded", "llama-bias-bf16", "llama-bf16-sharded",
]

/// Golden values that do not belong to the project: beside the checkout, or STEPWISE_SHARED.
let sharedModels: URL? = {
  let shared =
    ProcessInfo.processInfo.environment["STEPWISE_SHARED"].map { URL(fileURLWithPath: $0) }
    ?? fixtures.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("shared")
  let models = shared.appendingPathComponent("golden/models")
  return FileManager.default.fileExists(atPath: models.path) ? models : nil
}()

/// expected.json of a fixture.
struct Expected: Decodable {
  var input_ids: [[Int32]]
  var next_token_logprobs: [[Double]]
  var greedy: [Greedy]

  struct Greedy: Decodable {
    var prompt: [Int32]
    var repetition_penalty: Double
    var completion: [Int32]
  }

  init(_ model: String) throws {
    let file = fixtures.appendingPathComponent(model).appendingPathComponent("expected.json")
    self = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: file))
  }
}

/// A backend for tests: the project's own kernels.
func makeBackend(threads: Int = 2, precision: MatrixPrecision = .fp32) throws -> CPUBackend {
  try CPUBackend(threads: threads, options: CPUOptions(precision: precision))
}

/// Small models of every kind, large enough that weights, heads and layers are not symmetric.
func smallConfiguration(_ family: ModelFamily, tied: Bool = true) -> DecoderConfiguration {
  DecoderConfiguration(
    family: family,
    vocabSize: 61,
    hiddenSize: 32,
    intermediateSize: 48,
    layerCount: 3,
    headCount: 4,
    kvHeadCount: 2,
    headDim: family == .qwen3 ? 16 : 8,
    tieWordEmbeddings: tied,
    // So wide that a fresh model is far from uniform.
    initializerRange: 0.25,
    eosTokenIDs: [1],
    padTokenID: 0
  )
}

/// A folder of its own that is removed with the test.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("stepwise-models-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, _ name: String) throws {
    try Data(text.utf8).write(to: url.appendingPathComponent(name))
  }

  /// A copy of a fixture's model that a test may damage.
  func copy(_ model: String) throws -> URL {
    let target = url.appendingPathComponent(model)
    try FileManager.default.copyItem(at: fixtures.appendingPathComponent(model), to: target)
    return target
  }
}

/// The largest difference of two lists of rows; infinite where their shapes differ.
func largestDifference(_ a: [[Float]], _ b: [[Double]]) -> Double {
  guard a.map(\.count) == b.map(\.count) else { return .infinity }
  var worst = 0.0
  for (x, y) in zip(a.joined(), b.joined()) {
    let delta = abs(Double(x) - y)
    worst = delta.isFinite ? max(worst, delta) : .infinity
  }
  return worst
}

/// Deterministic tokens for tests, below `vocabSize`.
func someTokens(_ count: Int, below vocabSize: Int, salt: Int = 0) -> [Int32] {
  (0..<count).map { Int32(($0 * 37 + 11 + salt * 101 + ($0 * $0) % 13) % vocabSize) }
}
