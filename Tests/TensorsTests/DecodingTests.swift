import Tensors
import Testing

struct DecodingTests {
  struct Layout: Sendable, CustomTestStringConvertible {
    var heads: Int
    var kvHeads: Int
    var dim: Int
    /// Per row: index of its prefix (-1 for none) and its own tokens.
    var rows: [(prefix: Int, own: Int)]
    var prefixes: [Int]
    var testDescription: String { "\(heads)/\(kvHeads)x\(dim), \(rows.count) rows" }
  }

  /// One row of one token; groups sharing prefixes of 1, 32, 33 and 300 tokens; more members than
  /// one task takes; a row without prefix between two groups.
  static let layouts = [
    Layout(heads: 1, kvHeads: 1, dim: 8, rows: [(-1, 1)], prefixes: []),
    Layout(
      heads: 4,
      kvHeads: 2,
      dim: 16,
      rows: [(0, 1), (0, 2), (-1, 40), (1, 31), (1, 33)],
      prefixes: [33, 32]
    ),
    Layout(
      heads: 6,
      kvHeads: 2,
      dim: 20,
      rows: (0..<19).map { (0, 1 + $0 * 3) },
      prefixes: [300]
    ),
    Layout(heads: 3, kvHeads: 3, dim: 64, rows: [(0, 0), (0, 5)], prefixes: [1]),
    Layout(heads: 7, kvHeads: 1, dim: 100, rows: [(0, 9), (-1, 65)], prefixes: [64]),
  ]

  @Test(arguments: BackendCase.all, layouts)
  func matchesReference(_ test: BackendCase, _ layout: Layout) {
    let backend = test.backend
    let layers = 2
    let (kvWidth, width) = (layout.kvHeads * layout.dim, layout.heads * layout.dim)
    let kvLayout = KeyValueLayout(
      layers: layers,
      kvHeads: layout.kvHeads,
      headDim: layout.dim
    )
    let shape = AttentionShape(
      heads: layout.heads,
      kvHeads: layout.kvHeads,
      headDim: layout.dim,
      scale: 0.3
    )
    var stream: UInt64 = 100

    /// A block, filled layer by layer.
    func filled(_ tokens: Int) -> (block: KeyValueBlock, k: [[Float]], v: [[Float]]) {
      let block = KeyValueBlock(layout: kvLayout, capacity: tokens + 3, backend: backend)
      var (keys, values): ([[Float]], [[Float]]) = ([], [])
      for layer in 0..<layers {
        stream += 2
        let k = normals(tokens * kvWidth, stream: stream)
        let v = normals(tokens * kvWidth, stream: stream + 1)
        keys.append(k)
        values.append(v)
        fill(block, layer: layer, keys: k, values: v, backend: backend)
      }
      return (block, keys, values)
    }

    let prefixes = layout.prefixes.map(filled)
    let owns = layout.rows.map { filled($0.own) }
    let rows = zip(layout.rows, owns).map { row, own in
      DecodeRow(
        prefix: row.prefix < 0 ? nil : prefixes[row.prefix].block,
        prefixCount: row.prefix < 0 ? 0 : layout.prefixes[row.prefix],
        own: own.block,
        ownCount: row.own
      )
    }
    let q = normals(rows.count * width, stream: 50)
    for layer in 0..<layers {
      let out = decodeAttention(
        backend,
        q: Tensor(q, shape: [rows.count, width], backend: backend),
        rows: rows,
        layer: layer,
        shape: shape
      )
      var expected: [Double] = []
      for (index, row) in layout.rows.enumerated() {
        let prefix = row.prefix < 0 ? nil : prefixes[row.prefix]
        let k = (prefix?.k[layer] ?? []) + owns[index].k[layer]
        let v = (prefix?.v[layer] ?? []) + owns[index].v[layer]
        // The last query of a segment sees all of it: pad the queries before it.
        let tokens = k.count / kvWidth
        let query =
          [Double](repeating: 0, count: (tokens - 1) * width)
          + q[index * width..<(index + 1) * width].map(Double.init)
        let all = Reference.attention(
          q: query,
          k: k.map(Double.init),
          v: v.map(Double.init),
          segments: AttentionSegments(starts: [0, Int32(tokens)]),
          shape
        )
        expected += all.suffix(width)
      }
      expectClose(out.array, expected, tolerance: 2e-5, "layer \(layer)")
    }
  }
}
