public import Foundation
public import Tensors

extension DecoderModel {
  /// Puts an adapter beside the frozen projections, in place of one that is there.
  ///
  /// A frozen adapter that changes nothing is left out of the computation: a reference of a run's
  /// beginning costs what the base costs.
  public func attach(_ adapter: LoRAAdapter) {
    precondition(!store.isTrainable, "the base of an adapter is frozen")
    self.adapter = adapter
    let isOff = !adapter.store.isTrainable && adapter.isZero
    for layer in blocks.indices {
      for (name, projection) in DecoderBlock.projections {
        let module = "\(ParameterName.layer(layer)).\(name)"
        blocks[layer][keyPath: projection].update = isOff ? nil : adapter.update(of: module)
      }
    }
  }

  /// Adds the adapter's updates to the weights, W + scaling * B A, and removes it.
  ///
  /// Not while another model has the same base, and not where the base is kept in BF16, which would round the sums.
  public func mergeAdapter() {
    precondition(adapter == nil || store.matrices == .float32, "the base is kept in BF16")
    for layer in blocks.indices {
      for (_, projection) in DecoderBlock.projections {
        let linear = blocks[layer][keyPath: projection]
        guard linear.update != nil else { continue }
        linear.weight.assign(linear.merged(backend))
        blocks[layer][keyPath: projection].update = nil
      }
    }
    adapter = nil
  }

  /// A parameter's values with what an adapter adds to them; its own values where that is nothing.
  func merged(_ name: String) -> Buffer {
    let values = store[name].value.buffer
    guard let update = adapter?.update(ofParameter: name) else { return values }
    return update.added(to: values, backend: backend)
  }

  /// What training changes: the adapter's parameters, or without one all.
  public var trained: ParameterStore { adapter?.store ?? store }

  /// Saves the model without its adapter, as `save(to:)` does.
  public func saveBase(to directory: URL) throws {
    let bare = DecoderModel(store, configuration)
    bare.generation = generation
    try bare.save(to: directory)
  }

  /// Writes what training changes into one safetensors file.
  public func saveTrained(to file: URL) throws {
    guard let adapter else { return try saveParameters(to: file) }
    try adapter.saveTensors(to: file)
  }

  /// Replaces what training changes by what a checkpoint holds.
  ///
  /// - Parameter location: A checkpoint's directory or a file of `saveTrained`.
  /// - Throws: `CheckpointError`, `AdapterError` or `SafetensorsError`; all names and shapes are checked
  ///   before the first value changes.
  public func loadTrained(from location: URL) throws {
    guard let adapter else { return try loadParameters(from: location) }
    try adapter.loadTensors(from: location)
    attach(adapter)
  }
}

extension DecoderBlock {
  /// The projections with their names within a layer.
  static var projections: [(name: String, path: WritableKeyPath<DecoderBlock, Linear>)] {
    [
      ("self_attn.q_proj", \.attention.query), ("self_attn.k_proj", \.attention.key),
      ("self_attn.v_proj", \.attention.value), ("self_attn.o_proj", \.attention.output),
      ("mlp.gate_proj", \.mlp.gate), ("mlp.up_proj", \.mlp.up), ("mlp.down_proj", \.mlp.down),
    ]
  }
}
