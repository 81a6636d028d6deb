import Tensors
import Testing

struct NormAndRotaryTests {
  @Test(arguments: BackendCase.all, [[1, 1], [1, 5], [3, 16], [7, 48], [33, 130], [300, 40]])
  func rmsNorm(_ test: BackendCase, _ shape: [Int]) {
    checkOperation(
      test.backend,
      [Input("x", shape, stream: 1), Input("w", [shape[1]], stream: 2)],
      probes: 8,
      build: { tape, tensors, parameters in tape.rmsNorm(tensors[0], parameters[1], eps: 1e-6) },
      reference: { Reference.rmsNorm($0[0], $0[1], eps: 1e-6) }
    )
  }

  /// Qwen3's norm of each head: the weight is one head wide. The second use of x adds.
  @Test(arguments: BackendCase.all)
  func rmsNormPerHead(_ test: BackendCase) {
    checkOperation(
      test.backend,
      [Input("x", [5, 3 * 24], stream: 3), Input("w", [24], stream: 4)],
      build: { tape, tensors, parameters in
        tape.add(tensors[0], tape.rmsNorm(tensors[0], parameters[1], eps: 1e-5))
      },
      reference: { point in
        zip(point[0], Reference.rmsNorm(point[0], point[1], eps: 1e-5)).map { $0 + $1 }
      }
    )
  }

  @Test func rmsNormOfAnUntrackedInputStillTrainsItsWeight() {
    let backend = BackendCase.all[0].backend
    let store = ParameterStore(specs: [ParameterSpec(name: "w", shape: [2])], backend: backend)
    backend.fill(store.valueBuffer, with: 1)
    let tape = Tape(backend: backend)
    let x = Tensor([3, 4], shape: [1, 2], backend: backend)
    tape.backward(tape.rmsNorm(x, store["w"], eps: 0), gradient: [1, 1])
    let root = Float(12.5).squareRoot()
    let gradient = store["w"].grad.array
    expectClose(gradient, [Double(3 / root), Double(4 / root)], tolerance: 1e-6, "dw")
  }

  @Test(arguments: BackendCase.all, [(1, 2), (2, 16), (3, 40), (2, 64)])
  func rope(_ test: BackendCase, _ sizes: (heads: Int, dim: Int)) {
    let positions: [Int32] = [0, 1, 2, 0, 31, 7]
    let table = RotaryTable(
      config: RotaryConfiguration(theta: 10_000, headDim: sizes.dim),
      positions: 32
    )
    checkOperation(
      test.backend,
      [Input("x", [6, sizes.heads * sizes.dim], stream: 5)],
      build: { tape, tensors, _ in
        tape.rope(
          tensors[0],
          heads: sizes.heads,
          headDim: sizes.dim,
          positions: positions,
          table: table
        )
      },
      reference: {
        Reference.rope(
          $0[0],
          heads: sizes.heads,
          headDim: sizes.dim,
          positions: positions,
          theta: 10_000
        )
      }
    )
  }

  /// The three regimes of transformers' `_compute_llama3_parameters`, each computed by hand.
  @Test func llama3Frequencies() {
    let configuration = RotaryConfiguration(
      theta: 500_000,
      headDim: 16,
      scaling: .llama3(factor: 8, lowFreq: 1, highFreq: 4, originalMax: 32)
    )
    let plain = RotaryConfiguration(theta: 500_000, headDim: 16).inverseFrequencies
    let scaled = configuration.inverseFrequencies
    // Wavelength 2 pi is below 32 / 4: kept. That of the third pair, 167, is above 32: divided.
    #expect(scaled[0] == plain[0])
    // Pair 1 has the wavelength 32.4, just above 32.
    for i in 1..<8 { #expect(scaled[i] == plain[i] / 8) }
    // With a longer original length it lies between 32 and 128 and is blended.
    let blended = RotaryConfiguration(
      theta: 500_000,
      headDim: 16,
      scaling: .llama3(factor: 8, lowFreq: 1, highFreq: 4, originalMax: 100)
    ).inverseFrequencies
    let smooth = (100 / (2 * Double.pi / Double(plain[1])) - 1) / 3
    let expected = ((1 - smooth) / 8 + smooth) * Double(plain[1])
    #expect(abs(Double(blended[1]) - expected) < 1e-7)
  }
}
