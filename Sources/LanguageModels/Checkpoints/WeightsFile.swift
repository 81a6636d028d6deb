public import Foundation

/// Names of the weights' files in a model directory.
public enum WeightsFile {
  static let single = "model.safetensors"
  static let index = "model.safetensors.index.json"

  /// The files that hold a model's weights, in their order: one, or several. Empty where there are none.
  public static func all(in directory: URL) -> [URL] {
    let present = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    let names: [String]
    if present.contains(single) {
      // As in `CheckpointFiles`, the single file is what counts where there are both.
      names = [single]
    } else if let map = try? CheckpointFiles.weightMap(directory.appendingPathComponent(index)) {
      // Other tools have other names, and a file that the index does not name is not read.
      names = Set(map.values).intersection(present).sorted()
    } else {
      names = present.filter { isOne($0) && $0 != index }.sorted()
    }
    return names.map { directory.appendingPathComponent($0) }
  }

  /// `model-00001-of-00003.safetensors`
  static func shard(_ index: Int, of count: Int) -> String {
    "model-\(fiveDigits(index + 1))-of-\(fiveDigits(count)).safetensors"
  }

  /// Whether a name is one of those that `DecoderModel.save` may write for weights or their index.
  public static func isOne(_ name: String) -> Bool {
    if name == single || name == index { return true }
    let bytes = Array(name.utf8)
    let form = Array("model-#####-of-#####.safetensors".utf8)
    return bytes.count == form.count
      && zip(bytes, form).allSatisfy { byte, expected in
        expected == UInt8(ascii: "#") ? (0x30...0x39).contains(byte) : byte == expected
      }
  }

  private static func fiveDigits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
