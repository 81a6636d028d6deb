import ArgumentParser
import Foundation
import LanguageModels
import RunStore
import Tensors
import Tokenizers

/// `stepwise export`: a model or an adapter for other programs.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "A model or an adapter as a directory for other programs.",
    discussion: """
      Of a run its newest checkpoint is taken. A model becomes a directory that transformers opens. An \
      adapter becomes a directory that PEFT opens; with --merge its updates are added to the base's \
      weights, and the whole becomes a model.
      """
  )

  @Argument(help: "A run, or the directory of a model, a checkpoint or an adapter.")
  var source: String

  @Option(name: .shortAndLong, help: "Where it goes; must not hold anything yet.")
  var output: String

  @Option(help: "The adapter's base, where it is not where the adapter says.")
  var model: String?

  @Flag(help: "Add the adapter to the weights: W + scaling * B A, in FP32.")
  var merge = false

  @Option(help: "float32, which keeps every bit, or bfloat16. (default: float32)")
  var dtype: String?

  func validate() throws {
    if let dtype, DecoderConfiguration.WeightType(rawValue: dtype) == nil {
      throw ValidationError("--dtype: \(dtype) is not float32 or bfloat16.")
    }
  }

  func run() throws {
    let url = URL(filePath: output, directoryHint: .isDirectory).standardizedFileURL
    let there = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    guard there.isEmpty else {
      throw InputError(
        output,
        "",
        "holds files already",
        cure: "Name a directory that is empty or new"
      )
    }
    let place = try Self.directory(source)
    let isAdapter = AdapterDirectory.isAdapter(place)
    guard isAdapter || (!merge && model == nil) else {
      throw ValidationError("\(source) is a whole model: --merge and --model are for adapters.")
    }
    guard merge || !isAdapter || dtype == nil else {
      throw ValidationError("--dtype is for whole models: an adapter stays float32. Add --merge.")
    }
    let found =
      isAdapter
      ? try ModelSource(model: model, adapter: place.path)
      : try ModelSource(model: place.path, adapter: nil)
    let backend = try NumericsConfiguration().makeBackend()
    let tokenizer = try Tokenizer(contentsOf: found.tokenizer)
    if let adapter = found.adapter, !merge {
      try Self.copy(adapter, over: found.directory, to: url, backend: backend)
    } else {
      let decoder = try found.open(backend: backend)
      decoder.mergeAdapter()
      let type = dtype.flatMap(DecoderConfiguration.WeightType.init(rawValue:)) ?? .float32
      try decoder.save(to: url, weightType: type)
    }
    try tokenizer.save(to: url)
    try StandardOutput.write("\(ProcessPaths.shown(url))\n")
  }

  /// Writes an adapter with the path and the digests of its base as it is now, whose weights are not loaded for that.
  private static func copy(
    _ adapter: AdapterDirectory,
    over base: URL,
    to url: URL,
    backend: any Backend
  ) throws {
    let identity = try BaseIdentity(of: base)
    try adapter.base?.requireSame(as: identity, adapter: adapter.url.path)
    let copy = try adapter.load(
      for: DecoderConfiguration(directory: base),
      backend: backend,
      trainable: false
    )
    copy.base = identity
    try copy.save(to: url)
  }

  /// The directory that a text names: itself, or a run's newest checkpoint.
  private static func directory(_ text: String) throws -> URL {
    let url = URL(filePath: text, directoryHint: .isDirectory).standardizedFileURL
    func has(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: url.appending(path: name).path)
    }
    if has("config.json") || has("adapter_config.json") { return url }
    let run = try RunReference(text)
    guard
      let checkpoint = try RunDirectory.latestGoodCheckpoint(
        of: run.url,
        onWarning: StandardError.write
      )
    else {
      throw InputError(
        run.shown,
        "",
        "the run has no checkpoint yet",
        cure: "Write one: `stepwise ctl \(run.shown) checkpoint`"
      )
    }
    return checkpoint.url
  }
}
