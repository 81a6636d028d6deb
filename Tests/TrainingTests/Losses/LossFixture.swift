import Foundation

/// Files beside the tests, and the shared golden data.
enum LossFixture {
  /// A fixture that `Fixtures/make_loss_fixtures.py` wrote.
  static func load<Value: Decodable>(
    _ name: String,
    as type: Value.Type = Value.self
  ) throws
    -> Value
  {
    let url = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures").appendingPathComponent(name)
    return try decode(url)
  }

  /// A file of the golden data beside the checkout, `nil` where it is absent.
  static func golden(_ path: String) -> URL? {
    let shared =
      ProcessInfo.processInfo.environment["STEPWISE_SHARED"].map { URL(fileURLWithPath: $0) }
      ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../../shared").standardizedFileURL
    let url = shared.appendingPathComponent("golden").appendingPathComponent(path)
    return FileManager.default.fileExists(atPath: url.path) ? url : nil
  }

  /// Decodes a JSON file with TRL's snake_case keys.
  static func decode<Value: Decodable>(_ url: URL) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: Data(contentsOf: url))
  }
}

/// Deterministic draws for tests (SplitMix64).
struct TestGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The largest absolute difference of two lists, infinite where their lengths differ.
func largestDifference(_ a: [Float], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
}
