public import Tensors

/// A Qwen2, Qwen3 or Llama decoder over a store of parameters named as in Hugging Face checkpoints.
///
/// A reference model is another instance over a store of its own, or over the same frozen store where
/// an adapter is trained (`init(copying:)`). Not Sendable: one thread at a time, since a tape records
/// into the model's gradients.
public final class DecoderModel {
  /// The shape of the model.
  public let configuration: DecoderConfiguration
  /// All parameters of the base and, unless an adapter is trained, their gradients; in transformers' order.
  public let store: ParameterStore
  /// What computes.
  public let backend: any Backend
  /// The end-of-sequence set and sampling defaults that belong to the checkpoint.
  public var generation: GenerationConfiguration

  /// Whether a training pass keeps only what enters each block, and computes the block again in the backward: less memory for
  /// a third more work, and the same bits.
  public var gradientCheckpointing = false

  let embedding: Parameter
  var blocks: [DecoderBlock]
  /// What is trained in place of the parameters; see `attach(_:)`.
  public internal(set) var adapter: LoRAAdapter?
  let norm: Parameter
  private var rotary: RotaryTable

  /// The output head [V, C]: the embedding itself where the two are tied.
  public let head: Parameter

  /// Creates a model whose parameters are all zero.
  convenience init(
    zeros configuration: DecoderConfiguration,
    backend: any Backend,
    trainable: Bool,
    matrices: MatrixStorage = .float32
  ) {
    let store = ParameterStore(
      specs: Self.parameterSpecs(configuration),
      backend: backend,
      trainable: trainable,
      matrices: matrices
    )
    self.init(store, configuration)
  }

  /// Creates a model over parameters that are there.
  init(_ store: ParameterStore, _ configuration: DecoderConfiguration) {
    self.configuration = configuration
    self.store = store
    backend = store.backend
    generation = GenerationConfiguration(configuration)
    rotary = RotaryTable(config: configuration.rotary, positions: 512)
    embedding = store[ParameterName.embedding]
    norm = store[ParameterName.norm]
    head = configuration.tieWordEmbeddings ? embedding : store[ParameterName.head]
    blocks = (0..<configuration.layerCount).map {
      DecoderBlock(store, ParameterName.layer($0), configuration)
    }
  }

  /// Creates a model with the values of another one, in a store of its own.
  ///
  /// With an adapter the base is frozen: both models have the one store, and only the adapter is copied.
  ///
  /// - Parameters:
  ///   - trainable: Whether it has gradients; a reference model needs none.
  ///   - matrices: How a model without gradients keeps its matrices; a shared store stays as it is.
  public convenience init(
    copying other: DecoderModel,
    trainable: Bool = false,
    matrices: MatrixStorage = .float32
  ) {
    if let adapter = other.adapter {
      self.init(other.store, other.configuration)
      generation = other.generation
      attach(LoRAAdapter(copying: adapter, trainable: trainable))
      return
    }
    self.init(
      zeros: other.configuration,
      backend: other.backend,
      trainable: trainable,
      matrices: matrices
    )
    generation = other.generation
    copyParameters(from: other)
  }

  /// Takes over the values of a model of the same configuration, or of the same base and adapter.
  public func copyParameters(from other: DecoderModel) {
    precondition(
      (adapter == nil) == (other.adapter == nil),
      "one of the models has an adapter, and the other has none"
    )
    if let adapter, let source = other.adapter {
      adapter.store.copyValues(from: source.store)
      attach(adapter)
    } else {
      store.copyValues(from: other.store)
    }
  }

  /// How many numbers the model holds, an adapter's included; a tied head counts once.
  public var parameterCount: Int { store.parameterCount + (adapter?.store.parameterCount ?? 0) }

  /// The last hidden state after the final norm, [T, C].
  ///
  /// - Parameters:
  ///   - batch: T tokens, all below `vocabSize`.
  ///   - tape: Records what `backward` needs, unless it does not record.
  public func forward(_ batch: PackedBatch, tape: Tape) -> Tensor {
    let table = rotaryTable(covering: Int(batch.positions.max() ?? 0) + 1)
    var x = tape.embedding(embedding, batch.tokens, paddingRow: configuration.padTokenID)
    for block in blocks {
      guard gradientCheckpointing else {
        x = block(x, batch, table, tape)
        continue
      }
      x = tape.checkpoint(x) { block($1, batch, table, $0) }
    }
    return tape.rmsNorm(x, norm, eps: Float(configuration.rmsNormEps))
  }

  /// A table for positions 0 ..< `positions`.
  ///
  /// It grows on demand: the whole of `max_position_embeddings` would take 64 MiB for Llama 3.1.
  /// A position's angle does not depend on the table's size.
  private func rotaryTable(covering positions: Int) -> RotaryTable {
    if positions > rotary.positions {
      rotary = RotaryTable(
        config: configuration.rotary,
        positions: max(positions, 2 * rotary.positions)
      )
    }
    return rotary
  }

  /// The parameters of a configuration with their names in a checkpoint, in transformers' order.
  public static func parameterSpecs(_ configuration: DecoderConfiguration) -> [ParameterSpec] {
    let table = [configuration.vocabSize, configuration.hiddenSize]
    var specs = [ParameterSpec(name: ParameterName.embedding, shape: table)]
    for layer in 0..<configuration.layerCount {
      specs += DecoderBlock.specs(ParameterName.layer(layer), configuration)
    }
    specs.append(ParameterSpec(name: ParameterName.norm, shape: [configuration.hiddenSize]))
    if !configuration.tieWordEmbeddings {
      specs.append(ParameterSpec(name: ParameterName.head, shape: table))
    }
    return specs
  }
}

/// Names outside the layers, as in Hugging Face checkpoints.
enum ParameterName {
  static let embedding = "model.embed_tokens.weight"
  static let norm = "model.norm.weight"
  static let head = "lm_head.weight"

  static func layer(_ index: Int) -> String { "model.layers.\(index)" }
}
