/// A program that does the same work as a row, in one configuration.
struct Rival: Sendable {
  /// How the rival's figure compares with Stepwise's own.
  enum Figure: Sendable {
    /// All tokens in all the time, prefill included.
    case whole
    /// Decoding alone, as llama.cpp's own benchmarks count.
    case decoding
  }

  /// Among the results.
  var name: String
  var script: String
  var arguments: [String]
  /// Whether MKL's fast path is opened, which stock PyTorch does not take on AMD's processors.
  var unlocksMKL = true
  var figure = Figure.whole

  /// The strongest rivals of a row in a precision, best first; those that are not installed are left out.
  static func strongest(
    _ row: BenchmarkRow,
    _ precision: Precision,
    in folder: RivalFolder
  ) -> [Rival] {
    guard folder.python != nil else { return [] }
    let model = row.shape.name
    switch row.work {
    case .sft: return sft(model, precision)
    case .decode(let batch, _, _): return decode(model, batch, precision, folder)
    case .grpo: return grpo(model, precision)
    }
  }

  private static func sft(_ model: String, _ precision: Precision) -> [Rival] {
    func torch(_ name: String, _ dtype: String, compile: Bool = false) -> Rival {
      Rival(
        name: name,
        script: "sft.py",
        arguments: ["--dtype", dtype] + (compile ? ["--compile"] : [])
      )
    }
    switch (precision, model) {
    case (.fp32, _): return [torch("PyTorch FP32, MKL unlocked", "fp32")]
    case (.bf16, "TINY"): return [torch("PyTorch, pure BF16", "bf16")]
    case (.bf16, "SMALL"): return [torch("PyTorch autocast, compiled", "amp", compile: true)]
    // Weights and moments in BF16 are not the same training; the mixed mode is.
    case (.bf16, _): return [torch("PyTorch autocast", "amp")]
    }
  }

  private static func decode(
    _ model: String,
    _ batch: Int,
    _ precision: Precision,
    _ folder: RivalFolder
  ) -> [Rival] {
    func llama(_ type: String) -> Rival {
      Rival(
        name: "llama.cpp \(type.uppercased())",
        script: "llama.py",
        arguments: ["--dtype", type],
        unlocksMKL: false,
        figure: .decoding
      )
    }
    func transformers(_ dtype: String) -> Rival {
      Rival(
        name: "transformers \(dtype.uppercased())" + (dtype == "fp32" ? ", MKL unlocked" : ""),
        script: "decode.py",
        arguments: ["--dtype", dtype]
      )
    }
    // On a tiny model and a large batch transformers in FP32 is ahead of all, BF16 included.
    if model == "TINY", batch > 1 { return [transformers("fp32")] }
    let type = precision == .fp32 ? "f32" : "bf16"
    if folder.hasLlama(model, type) {
      let own = llama(type)
      // Weights that the cache holds gain nothing by being half as large.
      let other = model == "TINY" && precision == .bf16 && folder.hasLlama(model, "f32")
      return other ? [own, llama("f32")] : [own]
    }
    return [transformers(precision.rawValue)]
  }

  private static func grpo(_ model: String, _ precision: Precision) -> [Rival] {
    func trl(_ name: String, _ extra: [String]) -> Rival {
      Rival(name: name, script: "grpo.py", arguments: extra)
    }
    let plain = trl("TRL FP32, MKL unlocked", [])
    return precision == .fp32 || model == "TINY" ? [plain] : [trl("TRL BF16", ["--bf16"])]
  }

  /// The process that measures it.
  func process(_ row: BenchmarkRow, _ folder: RivalFolder, threads: Int) -> ChildProcess {
    var words = [RivalFolder.scripts + "/" + script, "--model", row.shape.name]
    words += ["--threads", "\(threads)", "--repetitions", "\(row.repetitions)"]
    switch row.work {
    case .sft(let batch, let sequence):
      words += ["--batch", "\(batch)", "--sequence", "\(sequence)"]
    case .decode(let batch, let prompt, let new):
      words += ["--batch", "\(batch)", "--prompt", "\(prompt)", "--new", "\(new)"]
    case .grpo(let prompts, let group, let prompt, let new):
      words += ["--prompts", "\(prompts)", "--group", "\(group)"]
      words += ["--prompt", "\(prompt)", "--new", "\(new)"]
    }
    var variables = ["STEPWISE_RIVALS": folder.path, "TOKENIZERS_PARALLELISM": "false"]
    if unlocksMKL, let library = folder.unlockLibrary() { variables["LD_PRELOAD"] = library }
    return ChildProcess(
      program: folder.python ?? "python3",
      arguments: words + arguments,
      environment: variables
    )
  }
}
