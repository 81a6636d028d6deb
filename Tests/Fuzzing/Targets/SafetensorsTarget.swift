import Tensors
import Tokenizers

/// Safetensors files: the header's length, its JSON, and the data.
struct SafetensorsTarget: FuzzTarget {
  let seedCount = 3

  func seeds() -> [[UInt8]] {
    let plain: JSONValue = [
      "a": ["dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]],
      "b.weight": ["dtype": "BF16", "shape": [4], "data_offsets": [24, 32]],
    ]
    let described: JSONValue = [
      "__metadata__": ["format": "pt"],
      "x": ["dtype": "F16", "shape": [], "data_offsets": [0, 2]],
      "empty": ["dtype": "F32", "shape": [0, 7], "data_offsets": [4, 4]],
      "y": ["dtype": "BF16", "shape": [1], "data_offsets": [2, 4]],
    ]
    return [
      Self.file(JSONMutation.text(plain), data: 32),
      Self.file(JSONMutation.text(described), data: 4),
      Self.file(Array("{}".utf8), data: 0),
    ]
  }

  private static func file(_ header: [UInt8], data: Int) -> [UInt8] {
    let padded = header + [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8)
    return length(padded.count) + padded + (0..<data).map { UInt8(truncatingIfNeeded: $0 * 37) }
  }

  private static func length(_ count: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
  }

  func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
    guard input.count > 8, random.chance(0.85) else {
      return ByteMutation.apply(to: input, with: other, &random)
    }
    var bytes = input
    if random.chance(0.1) {
      let lies = [0, 1, 7, 100_000_000, 100_000_001, Int.max, -1, bytes.count, bytes.count - 8]
      bytes.replaceSubrange(0..<8, with: Self.length(random.pick(lies)))
      return bytes
    }
    let header = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << ($1 * 8) }
    guard header >= 0, header <= bytes.count - 8 else {
      return ByteMutation.apply(to: input, with: other, &random)
    }
    let others = other.count > 8 ? Array(other[8...].prefix { $0 != 0 }) : []
    let changed = JSONMutation.mutate(Array(bytes[8..<8 + header]), with: others, &random)
    var data = Array(bytes[(8 + header)...])
    if random.chance(0.2) { data = ByteMutation.apply(to: data, with: other, &random) }
    return Self.length(changed.count) + changed + data
  }

  func run(_ input: [UInt8], file: String) throws -> String {
    let tensors = try SafetensorsFile(path: file)
    var sum: Float = 0
    for entry in tensors.entries where entry.count <= 1 << 20 {
      sum += try tensors.load(entry.name).reduce(0, +)
    }
    return "\(min(tensors.entries.count, 4)) \(tensors.metadata.count) \(sum.isNaN)"
  }
}
