import Tensors
import Testing

struct AttentionTests {
  struct Layout: Sendable, CustomTestStringConvertible {
    var segments: [Int32]
    var prefixes: [Int32]?
    var heads: Int
    var kvHeads: Int
    var dim: Int
    var testDescription: String { "\(segments) \(prefixes ?? []) \(heads)/\(kvHeads)x\(dim)" }
    var packed: AttentionSegments { AttentionSegments(starts: segments, prefixes: prefixes) }
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
  /// a dimension that is no multiple of the vector; more keys than one chunk (256). Then prefixes: of
  /// several segments, not all of them neighbours; empty; longer than a chunk; ending inside a panel.
  static let layouts = [
    Layout(segments: [0, 1], heads: 1, kvHeads: 1, dim: 4),
    Layout(segments: [0, 1, 2, 3], heads: 4, kvHeads: 2, dim: 16),
    Layout(segments: [0, 3, 3, 8], heads: 2, kvHeads: 1, dim: 8),
    Layout(segments: [0, 13, 41], heads: 2, kvHeads: 2, dim: 20),
    Layout(segments: [0, 28, 57, 58], heads: 4, kvHeads: 1, dim: 32),
    Layout(segments: [0, 70], heads: 2, kvHeads: 1, dim: 80),
    Layout(segments: [0, 33], heads: 1, kvHeads: 1, dim: 128),
    Layout(segments: [0, 300, 305], heads: 2, kvHeads: 1, dim: 12),
    Layout(
      segments: [0, 13, 41, 42, 60],
      prefixes: [-1, 0, -1, 0],
      heads: 2,
      kvHeads: 2,
      dim: 20
    ),
    Layout(segments: [0, 0, 5, 9, 39], prefixes: [-1, 0, -1, 2], heads: 4, kvHeads: 2, dim: 16),
    Layout(segments: [0, 1, 2, 3], prefixes: [-1, 0, 0], heads: 2, kvHeads: 1, dim: 8),
    Layout(segments: [0, 270, 299, 300], prefixes: [-1, 0, 0], heads: 2, kvHeads: 1, dim: 12),
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
          segments: layout.packed,
          scale: shape.scale
        )
      },
      reference: {
        Reference.attention(
          q: $0[0],
          k: $0[1],
          v: $0[2],
          segments: layout.packed,
          shape
        )
      }
    )
  }

  /// Queries, keys and values side by side give the bits of those apart.
  @Test(arguments: BackendCase.all)
  func joinedProjectionsHaveTheSameBits(_ test: BackendCase) {
    let (heads, kvHeads, dim, tokens) = (6, 2, 24, 150)
    let shape = AttentionShape(heads: heads, kvHeads: kvHeads, headDim: dim, scale: 0.2)
    let segments = AttentionSegments(starts: [0, 70, 71, 150])
    let widths = [heads * dim, kvHeads * dim, kvHeads * dim]
    let parts = widths.enumerated().map { normals(tokens * $1, stream: 60 + UInt64($0)) }
    let joined = (0..<tokens).flatMap { token in
      zip(parts, widths).flatMap { $0[token * $1..<(token + 1) * $1] }
    }
    func tensor(_ values: [Float]) -> Tensor {
      Tensor(values, shape: [values.count], backend: test.backend)
    }
    let out = tensor([Float](repeating: 0, count: tokens * widths[0]))
    let outOfJoined = tensor([Float](repeating: 0, count: tokens * widths[0]))
    test.backend.attention(
      q: tensor(parts[0]).buffer,
      k: tensor(parts[1]).buffer,
      v: tensor(parts[2]).buffer,
      into: out.buffer,
      lse: nil,
      segments: segments,
      shape: shape
    )
    test.backend.attention(
      qkv: tensor(joined).buffer,
      into: outOfJoined.buffer,
      segments: segments,
      shape: shape
    )
    #expect(out.array == outOfJoined.array)
    #expect(out.array.contains { $0 != 0 })
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
      segments: AttentionSegments(starts: [0, 3]),
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
        segments: layout.packed,
        scale: 0.25
      ).array
    }
    let plain = run(nil)
    let changed = run(35)
    #expect(plain[..<(35 * 32)] == changed[..<(35 * 32)])
    #expect(plain[(36 * 32)..<(40 * 32)] != changed[(36 * 32)..<(40 * 32)])
    #expect(plain[(40 * 32)...] == changed[(40 * 32)...])
  }

  /// Prompts with several completions, each prompt once, and the same with it before each completion.
  struct Prompts: Sendable, CustomTestStringConvertible {
    /// Tokens of a prompt and of its completions.
    var groups: [(prompt: Int, completions: [Int])]
    var heads: Int
    var kvHeads: Int
    var dim: Int
    var testDescription: String { "\(groups) \(heads)/\(kvHeads)x\(dim)" }

    /// The rows of `shared` that make up `repeated`.
    var rows: [Int32] = []
    var shared: AttentionSegments
    var repeated: AttentionSegments

    init(_ groups: [(Int, [Int])], heads: Int, kvHeads: Int, dim: Int) {
      self.groups = groups
      (self.heads, self.kvHeads, self.dim) = (heads, kvHeads, dim)
      var (starts, prefixes, whole): ([Int32], [Int32], [Int32]) = ([0], [], [0])
      for (prompt, completions) in groups {
        let (first, segment) = (starts.last!, Int32(prefixes.count))
        starts.append(first + Int32(prompt))
        prefixes.append(-1)
        for completion in completions {
          let start = starts.last!
          starts.append(start + Int32(completion))
          prefixes.append(segment)
          rows += Array(first..<first + Int32(prompt)) + Array(start..<start + Int32(completion))
          whole.append(Int32(rows.count))
        }
      }
      shared = AttentionSegments(starts: starts, prefixes: prefixes)
      repeated = AttentionSegments(starts: whole)
    }
  }

  /// Few and many segments (which are cut into tasks differently), several runs of one prompt's
  /// completions, a prompt longer than a chunk of keys.
  static let prompts = [
    Prompts([(37, [5, 64, 1]), (3, [30])], heads: 4, kvHeads: 2, dim: 20),
    Prompts([(100, Array(repeating: 90, count: 9))], heads: 4, kvHeads: 1, dim: 32),
    Prompts([(300, [40, 7]), (256, [33])], heads: 2, kvHeads: 2, dim: 64),
    Prompts(Array(repeating: (10, [20, 9, 31]), count: 12), heads: 4, kvHeads: 2, dim: 16),
  ]

  private func run(
    _ backend: CPUBackend,
    _ prompts: Prompts,
    repeating: Bool
  ) -> (values: [Float], gradients: [[Float]]) {
    let tokens = Int(prompts.shared.starts.last!)
    let widths = [prompts.heads, prompts.kvHeads, prompts.kvHeads].map { $0 * prompts.dim }
    let store = ParameterStore(
      specs: zip(["q", "k", "v"], widths).map { ParameterSpec(name: $0, shape: [tokens, $1]) },
      backend: backend
    )
    for (index, parameter) in store.parameters.enumerated() {
      let values = normals(parameter.value.count, stream: UInt64(index) + 5)
      backend.write(values, to: parameter.value.buffer)
    }
    let rows = repeating ? prompts.rows : (0..<Int32(tokens)).map { $0 }
    let tape = Tape(backend: backend)
    let inputs = store.parameters.map { tape.embedding($0, rows) }
    let out = tape.attention(
      q: inputs[0],
      k: inputs[1],
      v: inputs[2],
      heads: prompts.heads,
      kvHeads: prompts.kvHeads,
      headDim: prompts.dim,
      segments: repeating ? prompts.repeated : prompts.shared,
      scale: 1 / Float(prompts.dim).squareRoot()
    )
    // The prompt's rows count once in either: where it is repeated, in its first place.
    let weights = normals(tokens * widths[0], stream: 9)
    var seen: Set<Int32> = []
    let gradient = rows.flatMap { row -> [Float] in
      let part = weights[Int(row) * widths[0]..<(Int(row) + 1) * widths[0]]
      return seen.insert(row).inserted ? Array(part) : part.map { _ in 0 }
    }
    let values = out.array
    tape.backward(out, gradient: gradient)
    return (values, store.parameters.map(\.grad.array))
  }

  /// Bit for bit in the forward, and up to the order of sums in the backward.
  @Test(arguments: BackendCase.all, prompts)
  func aPromptOnceIsThePromptRepeated(_ test: BackendCase, _ prompts: Prompts) {
    let once = run(test.backend, prompts, repeating: false)
    let repeated = run(test.backend, prompts, repeating: true)
    let width = prompts.heads * prompts.dim
    let expected = prompts.rows.flatMap { once.values[Int($0) * width..<(Int($0) + 1) * width] }
    #expect(repeated.values == expected)
    for (index, (a, b)) in zip(once.gradients, repeated.gradients).enumerated() {
      expectClose(a, b.map(Double.init), tolerance: 2e-6, "gradient of \(["q", "k", "v"][index])")
    }
  }

  @Test(arguments: CPUOptions.KernelLevel.allCases, prompts)
  func threadsDoNotChangeBits(_ level: CPUOptions.KernelLevel, _ prompts: Prompts) throws {
    let options = CPUOptions(kernelLevel: level)
    guard let first = try? CPUBackend(threads: 1, options: options) else { return }
    let one = run(first, prompts, repeating: false)
    for threads in [2, 3, 5] {
      let backend = try CPUBackend(threads: threads, options: options)
      for _ in 0..<3 {
        let several = run(backend, prompts, repeating: false)
        #expect(several.values == one.values && several.gradients == one.gradients)
      }
    }
  }
}
