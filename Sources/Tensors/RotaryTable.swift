#if canImport(Glibc)
import Glibc
#else
import Foundation
#endif

/// What decides the angles of a rotary embedding.
public struct RotaryConfiguration: Sendable, Equatable {
  /// How frequencies are changed for contexts longer than those of pre-training.
  public enum Scaling: Sendable, Equatable {
    /// As trained.
    case none
    /// Llama 3: long wavelengths are divided by `factor`, short ones kept, those between blended.
    case llama3(factor: Double, lowFreq: Double, highFreq: Double, originalMax: Int)
  }

  /// The base of the frequencies, `rope_theta`.
  public var theta: Double
  /// Width of a head.
  public var headDim: Int
  /// How frequencies change with the context.
  public var scaling: Scaling

  /// Takes each field as given.
  public init(theta: Double, headDim: Int, scaling: Scaling = .none) {
    self.theta = theta
    self.headDim = headDim
    self.scaling = scaling
  }

  /// Frequencies of the headDim / 2 pairs, in radians per position, rounded to FP32 as in Hugging
  /// Face transformers.
  public var inverseFrequencies: [Float] {
    (0..<headDim / 2).map { i in
      let exponent = Float(2 * i) / Float(headDim)
      let plain = 1 / powf(Float(theta), exponent)
      guard case .llama3(let factor, let low, let high, let originalMax) = scaling else {
        return plain
      }
      let wavelength = 2 * Float.pi / plain
      let original = Float(originalMax)
      if wavelength < original / Float(high) { return plain }
      if wavelength > original / Float(low) { return plain / Float(factor) }
      let smooth = (original / wavelength - Float(low)) / Float(high - low)
      return (1 - smooth) * plain / Float(factor) + smooth * plain
    }
  }
}

/// Cosines and sines for positions 0 ..< positions, shared by all layers.
public struct RotaryTable: Sendable {
  /// What decides the angles.
  public let configuration: RotaryConfiguration
  /// Positions covered.
  public let positions: Int
  /// (positions, headDim / 2)
  let cosines: [Float]
  /// (positions, headDim / 2)
  let sines: [Float]

  /// - Parameter positions: the longest sequence, prompt and completion together.
  public init(config: RotaryConfiguration, positions: Int) {
    precondition(config.headDim % 2 == 0, "headDim \(config.headDim) is odd")
    configuration = config
    self.positions = positions
    let frequencies = config.inverseFrequencies
    var cosines: [Float] = []
    var sines: [Float] = []
    cosines.reserveCapacity(positions * frequencies.count)
    sines.reserveCapacity(positions * frequencies.count)
    for position in 0..<positions {
      for frequency in frequencies {
        // The angle is an FP32 product in transformers; its cosine is then correct to FP32.
        let angle = Double(Float(position) * frequency)
        cosines.append(Float(cos(angle)))
        sines.append(Float(sin(angle)))
      }
    }
    self.cosines = cosines
    self.sines = sines
  }
}
