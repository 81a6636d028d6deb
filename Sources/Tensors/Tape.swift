/// Reverse-mode differentiation of the operations called on it.
///
/// Each operation runs at once and, while recording, leaves a node with its backward. `backward`
/// runs the nodes in reverse and frees each node's saved tensors as it goes. Gradients of parameters
/// add to `Parameter.grad`; those of tensors live only as long as the pass. One tape serves one
/// forward and one backward.
public final class Tape {
  struct Node {
    let output: Tensor
    /// Receives d(loss)/d(output).
    let backward: (Storage) -> Void
  }

  /// The backend that made the buffers.
  public let backend: any Backend
  /// Whether operations can be differentiated; false saves nothing, for generation and references.
  public let recording: Bool
  /// Bytes that the logits of one `tokenLogProbs` may take; above it they are made in row chunks and
  /// again in the backward.
  public let logitsByteBudget: Int
  private var nodes: [Node] = []

  /// Takes each field as given.
  public init(
    backend: any Backend,
    recording: Bool = true,
    logitsByteBudget: Int = 512 << 20
  ) {
    self.backend = backend
    self.recording = recording
    self.logitsByteBudget = logitsByteBudget
  }

  // MARK: For operations

  /// An output of an operation on `inputs`.
  func makeOutput(_ shape: [Int], tracked: Bool) -> Tensor {
    Tensor(
      shape: shape,
      storage: backend.makeStorage(count: shape.product),
      offset: 0,
      backend: backend,
      isTracked: tracked
    )
  }

  /// Whether the output of an operation needs a node.
  func tracks(_ inputs: [Tensor], _ parameters: [Parameter?] = []) -> Bool {
    recording
      && (inputs.contains { $0.isTracked } || parameters.contains { $0?.isTrainable ?? false })
  }

  func record(_ output: Tensor, _ backward: @escaping (Storage) -> Void) {
    nodes.append(Node(output: output, backward: backward))
  }

  /// Gives a tensor one more part of its gradient, computed by `body(target, accumulate)`.
  func accumulate(into tensor: Tensor, _ body: (Buffer, Bool) -> Void) {
    guard tensor.isTracked else { return }
    guard tensor.gradient != nil else {
      let fresh = backend.makeStorage(count: tensor.count)
      body(Buffer(fresh), false)
      tensor.gradient = fresh
      return
    }
    makeUnique(tensor)
    body(Buffer(tensor.gradient!), true)
  }

  /// Gives a tensor one more part of its gradient: scale * part. The part may be kept and shared.
  func accumulate(into tensor: Tensor, adding part: Storage, scale: Float = 1) {
    guard tensor.isTracked else { return }
    guard tensor.gradient != nil else {
      if scale == 1 {
        tensor.gradient = part
      } else {
        let fresh = backend.makeStorage(count: tensor.count)
        backend.copy(Buffer(part), to: Buffer(fresh))
        backend.scale(Buffer(fresh), by: scale)
        tensor.gradient = fresh
      }
      return
    }
    let inPlace = isKnownUniquelyReferenced(&tensor.gradient)
    let old = tensor.gradient!
    let sum = inPlace ? old : backend.makeStorage(count: tensor.count)
    backend.add(Buffer(old), Buffer(part), scale: scale, into: Buffer(sum))
    tensor.gradient = sum
  }

  private func makeUnique(_ tensor: Tensor) {
    if isKnownUniquelyReferenced(&tensor.gradient) { return }
    let copy = backend.makeStorage(count: tensor.count)
    backend.copy(Buffer(tensor.gradient!), to: Buffer(copy))
    tensor.gradient = copy
  }

  // MARK: Backward

  /// Runs the tape in reverse from `output`, whose d(loss)/d(output) is given, and empties it.
  public func backward(_ output: Tensor, gradient: [Float]) {
    backward([(output, gradient)])
  }

  /// As `backward(_:gradient:)` for a loss of several outputs.
  public func backward(_ seeds: [(output: Tensor, gradient: [Float])]) {
    precondition(recording, "this tape records nothing")
    for (output, gradient) in seeds {
      precondition(
        gradient.count == output.count,
        "\(gradient.count) gradients for \(output.shape)"
      )
      let seed = backend.makeStorage(count: gradient.count)
      backend.write(gradient, to: Buffer(seed))
      accumulate(into: output, adding: seed)
    }
    unwind()
  }

  /// As `backward(_:gradient:)` for a gradient on the device, which may be kept and shared.
  func backward(_ output: Tensor, gradient: Storage) {
    accumulate(into: output, adding: gradient)
    unwind()
  }

  private func unwind() {
    while let node = nodes.popLast() {
      guard let gradient = node.output.gradient else { continue }
      node.output.gradient = nil
      node.backward(gradient)
    }
  }
}
