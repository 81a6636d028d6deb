import BenchmarkFigures
import Foundation

/// What a contestant says of one tokenizer and one set of texts, as a line of JSON.
struct EncodeMeasurement: Codable {
  var program: String
  /// UTF-8 bytes of all texts.
  var bytes: Int
  var tokens: Int
  /// The sum of each text's ids, each times its place from 1 (modulo 1000): the same for the same ids.
  var checksum: Int
  /// Seconds of the first time through, with nothing cached.
  var first: Double
  var samples: [Double]
  /// Seconds of the library's batches, where the contestant has them.
  var batchSamples: [Double]?

  private enum CodingKeys: String, CodingKey {
    case program, bytes, tokens, checksum
    case first = "first_s"
    case samples = "samples_s"
    case batchSamples = "batch_samples_s"
  }

  /// Of the contestant's ways the faster one.
  var best: [Double] {
    guard let batchSamples else { return samples }
    return Statistics.median(batchSamples) < Statistics.median(samples) ? batchSamples : samples
  }

  /// The last line of a program's output that is a measurement.
  static func last(in output: String) -> EncodeMeasurement? {
    for line in output.split(separator: "\n").reversed() where line.hasPrefix("{") {
      if let found = try? JSONDecoder().decode(EncodeMeasurement.self, from: Data(line.utf8)) {
        return found
      }
    }
    return nil
  }
}
