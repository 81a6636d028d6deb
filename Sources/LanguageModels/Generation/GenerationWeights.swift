import Tensors

/// A model's weights as generation reads them: matrices packed once for many products, with
/// projections of the same input in one product.
///
/// A copy of the weights as they are: after it is made nobody needs the model's own matrices, so a
/// model that only generates never has them all at once.
struct GenerationWeights {
  /// Some projections of one input, their results side by side.
  struct Projection {
    let weights: PackedWeights
    let bias: Buffer?
  }

  struct Layer {
    let attentionNorm: Buffer
    /// Queries, keys and values.
    let qkv: Projection
    /// RMSNorm of the heads of queries and keys; Qwen3 only.
    let headNorms: HeadNorms?
    let output: Projection
    let mlpNorm: Buffer
    let gateUp: Projection
    let down: Projection
  }

  /// Where the embeddings of tokens are looked up.
  enum Embedding {
    case table(Buffer)
    /// Packed, as an output head or in its own right.
    case packed(PackedWeights)
  }

  let configuration: DecoderConfiguration
  let backend: any Backend
  let embedding: Embedding
  let layers: [Layer]
  let norm: Buffer
  let head: PackedWeights

  /// Packs the weights that `value` gives, one projection after the other: what it made for one may
  /// go before it is asked for the next.
  ///
  /// - Parameters:
  ///   - packsEmbedding: Whether the embedding is packed as well: exact unless packing rounds it.
  ///   - value: The values of a parameter by its name.
  init(
    _ configuration: DecoderConfiguration,
    backend: any Backend,
    packsEmbedding: Bool,
    value: (String) throws -> Buffer
  ) rethrows {
    let width = configuration.hiddenSize
    func projection(_ prefixes: [String], input: Int, bias: Bool) throws -> Projection {
      let weights = backend.pack(try prefixes.map { try value($0 + ".weight") }, input: input)
      guard bias else { return Projection(weights: weights, bias: nil) }
      let joined = Buffer(backend.makeStorage(count: weights.output))
      var start = 0
      for prefix in prefixes {
        let part = try value(prefix + ".bias")
        backend.copy(part, to: joined.slice(start, count: part.count))
        start += part.count
      }
      return Projection(weights: weights, bias: joined)
    }
    /// Separate, so that the table is gone before the next weight comes.
    func vocabulary(_ name: String) throws -> (table: Buffer?, packed: PackedWeights?) {
      let table = try value(name)
      let isEmbedding = name == ParameterName.embedding
      let packs = !isEmbedding || packsEmbedding || configuration.tieWordEmbeddings
      return (
        isEmbedding && !packsEmbedding ? table : nil,
        packs ? backend.pack([table], input: width) : nil
      )
    }
    // The largest matrices come first: what they need for a moment, the others take after them.
    let tokens = try vocabulary(ParameterName.embedding)
    embedding = tokens.table.map(Embedding.table) ?? .packed(tokens.packed!)
    head =
      configuration.tieWordEmbeddings
      ? tokens.packed! : try vocabulary(ParameterName.head).packed!
    layers = try (0..<configuration.layerCount).map { index in
      let prefix = ParameterName.layer(index)
      let (attention, mlp) = (prefix + ".self_attn", prefix + ".mlp")
      return Layer(
        attentionNorm: try value(prefix + ".input_layernorm.weight"),
        qkv: try projection(
          ["q_proj", "k_proj", "v_proj"].map { "\(attention).\($0)" },
          input: width,
          bias: configuration.hasQKVBias
        ),
        headNorms: configuration.hasQKNorm
          ? HeadNorms(
            query: try value(attention + ".q_norm.weight"),
            key: try value(attention + ".k_norm.weight"),
            eps: Float(configuration.rmsNormEps)
          ) : nil,
        output: try projection(
          [attention + ".o_proj"],
          input: configuration.queryWidth,
          bias: configuration.hasOutputBias
        ),
        mlpNorm: try value(prefix + ".post_attention_layernorm.weight"),
        gateUp: try projection(
          [mlp + ".gate_proj", mlp + ".up_proj"],
          input: width,
          bias: configuration.mlpBias
        ),
        down: try projection(
          [mlp + ".down_proj"],
          input: configuration.intermediateSize,
          bias: configuration.mlpBias
        )
      )
    }
    norm = try value(ParameterName.norm)
    self.configuration = configuration
    self.backend = backend
  }

  /// Packs a model's weights as they are now, with an adapter's updates merged, one projection at a time; its norms are read
  /// where they are, and so is an embedding in FP32. One in BF16 would have to be widened whole, beside its packed form.
  init(_ model: DecoderModel) {
    self.init(
      model.configuration,
      backend: model.backend,
      packsEmbedding: model.store.matrices == .bfloat16
    ) {
      model.merged($0)
    }
  }

  var eps: Float { Float(configuration.rmsNormEps) }

  /// Row i of `out` is the embedding of token i.
  func embed(_ tokens: [Int32], into out: Buffer) {
    switch embedding {
    case .table(let table):
      backend.gatherRows(table, rows: tokens, width: configuration.hiddenSize, into: out)
    case .packed(let table):
      backend.gatherRows(of: table, rows: tokens, into: out)
    }
  }
}
