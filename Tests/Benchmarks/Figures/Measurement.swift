import Foundation

/// What a program says of one row of the race, as the last line of its standard output that reads as this.
///
/// Stepwise's own process and each rival's script write the same keys.
package struct Measurement: Codable, Sendable, Equatable {
  /// What ran, with its version: `torch 2.15.0`, `stepwise`.
  package var program: String
  /// How it ran, for example `autocast, compiled`.
  package var variant: String
  /// Tokens of one repetition: trained or generated.
  package var tokens: Int
  /// Seconds of each timed repetition.
  package var samples: [Double]
  /// Seconds of each repetition without its prefill, where tokens are decoded.
  package var decodeSamples: [Double]?
  /// Tokens decoded in those seconds.
  package var decodeTokens: Int?
  /// Seconds of each repetition's parts, by name.
  package var phases: [String: [Double]]?
  /// Parameters of the model.
  package var parameters: Int?
  /// Versions of the libraries in use.
  package var versions: [String: String]?

  private enum CodingKeys: String, CodingKey {
    case program, variant, tokens, phases, parameters, versions
    case samples = "samples_s"
    case decodeSamples = "decode_samples_s"
    case decodeTokens = "decode_tokens"
  }

  /// Creates a measurement.
  package init(
    program: String,
    variant: String,
    tokens: Int,
    samples: [Double],
    decodeSamples: [Double]? = nil,
    decodeTokens: Int? = nil,
    phases: [String: [Double]]? = nil,
    parameters: Int? = nil,
    versions: [String: String]? = nil
  ) {
    self.program = program
    self.variant = variant
    self.tokens = tokens
    self.samples = samples
    self.decodeSamples = decodeSamples
    self.decodeTokens = decodeTokens
    self.phases = phases
    self.parameters = parameters
    self.versions = versions
  }

  /// The last line of a program's output that is a measurement with samples; `nil` without one.
  package static func last(in output: String) -> Measurement? {
    let decoder = JSONDecoder()
    for line in output.utf8.split(separator: UInt8(ascii: "\n")).reversed() {
      guard line.first == UInt8(ascii: "{") else { continue }
      if let found = try? decoder.decode(Measurement.self, from: Data(line)),
        !found.samples.isEmpty
      {
        return found
      }
    }
    return nil
  }

  /// One line of JSON.
  package var line: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { return "{}" }
    return String(decoding: data, as: UTF8.self)
  }

  /// Tokens a second of each repetition, prefill included.
  package var rates: [Double] { samples.map { Double(tokens) / $0 } }

  /// Tokens a second of each repetition without prefill; empty where nothing is decoded.
  package var decodeRates: [Double] {
    (decodeSamples ?? []).map { Double(decodeTokens ?? 0) / $0 }
  }
}
