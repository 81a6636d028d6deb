import Foundation
import LanguageModels
import Tensors

/// Whether this machine can hold a model that is trained.
///
/// One that it cannot would be killed without a word, after its weights were loaded or in its first step.
enum MemoryNeed {
  /// Fails where the parameters and what training keeps of each cannot fit, whatever else is set: 16 bytes of a trained one (its
  /// value, its gradient and AdamW's two moments in FP32), 2 of a frozen one (BF16). Activations and a reference come on top.
  ///
  /// - Parameters:
  ///   - adapts: whether an adapter is trained in the model's place.
  ///   - place: the model's directory, or where its shape was written.
  ///   - available: bytes; `nil` where nobody knows.
  static func check(
    _ model: DecoderConfiguration,
    adapts: Bool,
    at place: String,
    available: Double? = machine
  ) throws {
    let count = DecoderModel.parameterSpecs(model)
      .reduce(0.0) { $0 + $1.shape.reduce(1.0) { $0 * Double($1) } }
    let need = count * (adapts ? 2 : 16)
    guard let available, need > available else { return }
    let what = adapts ? "frozen weights in BF16" : "weights, gradients and AdamW's moments"
    throw InputError(
      place,
      "",
      "\(short(need / gibibyte)) GiB are needed for \(what) of \(short(count / 1e9)) billion parameters, "
        + "and this machine has \(short(available / gibibyte)) GiB, swap included",
      cure: adapts
        ? "Take a smaller model or a larger machine"
        : "Train an adapter (use_peft: true), or take a smaller model or a larger machine"
    )
  }

  /// Memory and swap that this process may have, in bytes.
  private static var machine: Double? {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else {
      return nil
    }
    let total = total(ofMemoryInformation: text)
    // A container may have less than its machine.
    let limit = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8)
    let own = limit.flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    return [total, own].compactMap { $0 }.min()
  }

  /// Memory and swap of `/proc/meminfo`, in bytes.
  static func total(ofMemoryInformation text: String) -> Double? {
    let values = text.split(separator: "\n").compactMap { line -> Double? in
      let words = line.split(separator: " ")
      guard words.count == 3, words[0] == "MemTotal:" || words[0] == "SwapTotal:" else {
        return nil
      }
      return Double(words[1]).map { $0 * 1024 }
    }
    return values.isEmpty ? nil : values.reduce(0, +)
  }

  private static let gibibyte = 1_073_741_824.0

  private static func short(_ number: Double) -> String {
    number.formatted(.number.precision(.significantDigits(3)).grouping(.never))
  }
}
