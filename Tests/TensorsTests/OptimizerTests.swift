import Tensors
import Testing

struct OptimizerTests {
  private func makeStore(_ backend: CPUBackend) -> ParameterStore {
    ParameterStore(
      specs: [
        ParameterSpec(name: "a", shape: [3, 5]), ParameterSpec(name: "b", shape: [7]),
        ParameterSpec(name: "c", shape: [40, 33]), ParameterSpec(name: "d", shape: [2, 2]),
      ],
      backend: backend
    )
  }

  /// Five steps against torch.optim.AdamW's formula in Double, decay on matrices only.
  @Test(arguments: BackendCase.all)
  func adamWMatchesFormula(_ test: BackendCase) {
    let store = makeStore(test.backend)
    let state = AdamWState(for: store)
    let options = AdamWOptions(
      learningRate: 0.01,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-6,
      weightDecay: 0.1
    )
    var expected: [[Double]] = []
    for (index, parameter) in store.parameters.enumerated() {
      let values = normals(parameter.value.count, stream: UInt64(index))
      test.backend.write(values, to: parameter.value.buffer)
      expected.append(values.map(Double.init))
    }
    var first = expected.map { $0.map { _ in 0.0 } }
    var second = first
    for step in 1...5 {
      let scale = 0.5
      for (index, parameter) in store.parameters.enumerated() {
        let gradient = normals(parameter.value.count, stream: UInt64(100 + 10 * step + index))
        test.backend.write(gradient, to: parameter.grad.buffer)
        for i in gradient.indices {
          let g = Double(gradient[i]) * scale
          if parameter.decays { expected[index][i] *= 1 - 0.01 * 0.1 }
          first[index][i] = 0.9 * first[index][i] + 0.1 * g
          second[index][i] = 0.99 * second[index][i] + 0.01 * g * g
          let mean = first[index][i] / (1 - power(0.9, step))
          let root = (second[index][i] / (1 - power(0.99, step))).squareRoot()
          expected[index][i] -= 0.01 * mean / (root + 1e-6)
        }
      }
      store.adamW(state, options: options, gradientScale: scale)
      #expect(state.step == step)
    }
    for (index, parameter) in store.parameters.enumerated() {
      expectClose(parameter.value.array, expected[index], tolerance: 2e-6, parameter.name)
      expectClose(
        test.backend.read(state.moment(state.firstMoment, of: parameter)),
        first[index],
        tolerance: 2e-6,
        "first moment"
      )
      expectClose(
        test.backend.read(state.moment(state.secondMoment, of: parameter)),
        second[index],
        tolerance: 2e-6,
        "second moment"
      )
    }
    #expect(store["b"].decays == false && store["a"].decays)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }

  /// The whole chain: a linear layer learns y = 2 x1 - 3 x2 + 0.5.
  @Test(arguments: BackendCase.all)
  func learnsALine(_ test: BackendCase) {
    let backend = test.backend
    let store = ParameterStore(
      specs: [ParameterSpec(name: "w", shape: [1, 2]), ParameterSpec(name: "b", shape: [1])],
      backend: backend
    )
    let state = AdamWState(for: store)
    let x = normals(64, stream: 1)
    for _ in 0..<600 {
      store.zeroGrad()
      let tape = Tape(backend: backend)
      let y = tape.linear(
        Tensor(x, shape: [32, 2], backend: backend),
        store["w"],
        bias: store["b"]
      )
      let error = y.array.enumerated().map { row, value in
        (value - (2 * x[2 * row] - 3 * x[2 * row + 1] + 0.5)) / 32
      }
      tape.backward(y, gradient: error)
      store.adamW(state, options: AdamWOptions(learningRate: 0.05))
    }
    expectClose(
      store["w"].value.array + store["b"].value.array,
      [2, -3, 0.5],
      tolerance: 1e-3,
      "w"
    )
  }

  @Test(arguments: BackendCase.all)
  func gradientArithmetic(_ test: BackendCase) {
    let store = makeStore(test.backend)
    var all: [Double] = []
    for (index, parameter) in store.parameters.enumerated() {
      let gradient = normals(parameter.value.count, stream: UInt64(200 + index))
      test.backend.write(gradient, to: parameter.grad.buffer)
      all += gradient.map(Double.init)
      #expect(parameter.range.lowerBound % 16 == 0, "64-byte alignment")
    }
    let norm = all.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(store.gradNorm() - norm) < 1e-12 * norm)
    #expect(abs(store.gradNorm(of: store.parameters) - norm) < 1e-12 * norm)
    let squares = store.perParameterGradNorms().values.reduce(0) { $0 + $1 * $1 }
    #expect(abs(squares.squareRoot() - norm) < 1e-12 * norm)
    let copy = store.gradientCopy()
    store.scaleGradients(3)
    #expect(abs(store.dot(copy) - 3 * norm * norm) < 1e-6 * norm * norm)
    store.addGradients(copy, scale: -3)
    #expect(store.gradNorm() < 1e-6 * norm)
    store.zeroGrad()
    #expect(store.gradNorm() == 0)
  }

  @Test func copyAndMixValues() {
    let backend = BackendCase.all[0].backend
    let policy = makeStore(backend)
    let reference = ParameterStore(
      specs: policy.parameters.map { ParameterSpec(name: $0.name, shape: $0.shape) },
      backend: backend,
      trainable: false
    )
    backend.fill(policy.valueBuffer, with: 2)
    reference.copyValues(from: policy)
    #expect(reference["c"].value.array.allSatisfy { $0 == 2 })
    backend.fill(policy.valueBuffer, with: 4)
    reference.mixValues(from: policy, weight: 0.25)
    #expect(reference["c"].value.array.allSatisfy { $0 == 2.5 })
    #expect(reference.find("nothing") == nil)
  }
}
