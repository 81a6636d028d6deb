import Tensors
import Testing

struct AttentionTests {
  struct Layout: Sendable, CustomTestStringConvertible {
    var segments: [Int32]
    var heads: Int
    var kvHeads: Int
    var dim: Int
    var testDescription: String { "\(segments) \(heads)/\(kvHeads)x\(dim)" }
    var shape: AttentionShape {
      AttentionShape(
        heads: heads,
        kvHeads: kvHeads,
        headDim: dim,
        scale: 1 / Float(dim).squareRoot()
      )
    }
    var inputs: [Input] {
      let tokens = Int(segments.last!)
      return [
        Input("q", [tokens, heads * dim], stream: 1),
        Input("k", [tokens, kvHeads * dim], stream: 2),
        Input("v", [tokens, kvHeads * dim], stream: 3),
      ]
    }
  }

  /// One token; one-token segments; an empty segment; sizes around a block of queries (12, 28);
  /// a dimension that is no multiple of the vector; more keys than one chunk (256).
  static let layouts = [
    Layout(segments: [0, 1], heads: 1, kvHeads: 1, dim: 4),
    Layout(segments: [0, 1, 2, 3], heads: 4, kvHeads: 2, dim: 16),
    Layout(segments: [0, 3, 3, 8], heads: 2, kvHeads: 1, dim: 8),
    Layout(segments: [0, 13, 41], heads: 2, kvHeads: 2, dim: 20),
    Layout(segments: [0, 28, 57, 58], heads: 4, kvHeads: 1, dim: 32),
    Layout(segments: [0, 70], heads: 2, kvHeads: 1, dim: 80),
    Layout(segments: [0, 33], heads: 1, kvHeads: 1, dim: 128),
    Layout(segments: [0, 300, 305], heads: 2, kvHeads: 1, dim: 12),
  ]

  @Test(arguments: BackendCase.all, layouts)
  func matchesReference(_ test: BackendCase, _ layout: Layout) {
    let shape = layout.shape
    checkOperation(
      test.backend,
      layout.inputs,
      probes: layout.segments.last! > 100 ? 2 : 6,
      build: { tape, tensors, _ in
        tape.attention(
          q: tensors[0],
          k: tensors[1],
          v: tensors[2],
          heads: layout.heads,
          kvHeads: layout.kvHeads,
          headDim: layout.dim,
          segments: layout.segments,
          scale: shape.scale
        )
      },
      reference: {
        Reference.attention(
          q: $0[0],
          k: $0[1],
          v: $0[2],
          segments: layout.segments,
          shape
        )
      }
    )
  }

  /// Scores of a thousand must neither overflow nor leak: the largest wins whole.
  @Test(arguments: BackendCase.all)
  func largeScores(_ test: BackendCase) {
    let tape = Tape(backend: test.backend, recording: false)
    let q = Tensor([1000, 1000, 1000], shape: [3, 1], backend: test.backend)
    let k = Tensor([1, -1, 0], shape: [3, 1], backend: test.backend)
    let v = Tensor([5, 6, 7], shape: [3, 1], backend: test.backend)
    let out = tape.attention(
      q: q,
      k: k,
      v: v,
      heads: 1,
      kvHeads: 1,
      headDim: 1,
      segments: [0, 3],
      scale: 1
    )
    #expect(out.array == [5, 5, 5])
  }

  /// What a later token, or another segment, holds must not matter at all: not one bit.
  @Test(arguments: BackendCase.all)
  func causality(_ test: BackendCase) {
    let layout = Layout(segments: [0, 40, 80], heads: 2, kvHeads: 1, dim: 16)
    func run(_ change: Int?) -> [Float] {
      let tape = Tape(backend: test.backend, recording: false)
      let tensors = layout.inputs.map { input -> Tensor in
        var values = input.values
        if let change {
          let width = input.shape[1]
          for i in change * width..<(change + 1) * width { values[i] = -3 * values[i] + 1 }
        }
        return Tensor(values, shape: input.shape, backend: test.backend)
      }
      return tape.attention(
        q: tensors[0],
        k: tensors[1],
        v: tensors[2],
        heads: 2,
        kvHeads: 1,
        headDim: 16,
        segments: layout.segments,
        scale: 0.25
      ).array
    }
    let plain = run(nil)
    let changed = run(35)
    #expect(plain[..<(35 * 32)] == changed[..<(35 * 32)])
    #expect(plain[(36 * 32)..<(40 * 32)] != changed[(36 * 32)..<(40 * 32)])
    #expect(plain[(40 * 32)...] == changed[(40 * 32)...])
  }
}
