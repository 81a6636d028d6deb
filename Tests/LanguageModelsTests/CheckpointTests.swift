import Foundation
import Tensors
import Testing

@testable import LanguageModels

/// Loading, saving, and every way in which a checkpoint can be wrong.
@Suite struct CheckpointTests {
  func load(_ directory: URL) throws -> DecoderModel {
    try DecoderModel(directory: directory, backend: makeBackend(threads: 1))
  }

  /// Rewrites a model's weights in one file; `nil` leaves a parameter out.
  func rewrite(
    _ directory: URL,
    adding extra: [SafetensorsTensor] = [],
    _ change: (SafetensorsTensor) -> SafetensorsTensor? = { $0 }
  ) throws {
    let files = try CheckpointFiles(directory)
    let names = files.files.flatMap { CheckpointFiles.names(in: $0) }
    let tensors = try names.map { name in
      let file = try #require(files.file(of: name))
      let shape = try #require(file[name]).shape
      let values: [Float] = try file.load(name)
      return SafetensorsTensor(name: name, shape: shape) { values }
    }
    let single = directory.appendingPathComponent("model.safetensors")
    try writeSafetensors(to: single.path, tensors: tensors.compactMap(change) + extra)
  }

  @Test(arguments: fixtureModels)
  func savedModelsAreTheSameModels(_ name: String) throws {
    let folder = try TemporaryFolder()
    let model = try load(fixtures.appendingPathComponent(name))
    model.generation.temperature = 0.6
    let target = folder.url.appendingPathComponent("a/b")
    try model.save(to: target)
    let again = try load(target)
    #expect(again.configuration == model.configuration)
    #expect(again.generation == model.generation)
    for (a, b) in zip(model.store.parameters, again.store.parameters) {
      #expect(a.name == b.name && a.value.array == b.value.array)
    }
    // Nothing is left of the temporary files, and saving over a model replaces it.
    try model.save(to: target)
    let names = try FileManager.default.contentsOfDirectory(atPath: target.path).sorted()
    #expect(names == ["config.json", "generation_config.json", "model.safetensors"])
  }

  @Test func bf16RoundsToTheNearest() throws {
    let folder = try TemporaryFolder()
    let backend = try makeBackend()
    let model = DecoderModel(configuration: smallConfiguration(.qwen2), backend: backend, seed: 4)
    try model.save(to: folder.url, weightType: .bfloat16)
    let again = try load(folder.url)
    for (a, b) in zip(model.store.parameters, again.store.parameters) {
      let rounded = a.value.array.map { value -> Float in
        let bits = value.bitPattern
        return Float(bitPattern: (bits + 0x7FFF + (bits >> 16) & 1) & 0xFFFF_0000)
      }
      #expect(b.value.array == rounded, "\(a.name)")
    }
    // What is BF16 already survives a second trip bit for bit.
    let exact = folder.url.appendingPathComponent("exact")
    try again.save(to: exact, weightType: .bfloat16)
    let third = try load(exact)
    #expect(third.store.parameters.map(\.value.array) == again.store.parameters.map(\.value.array))
  }

  @Test func parametersAreExchangedInPlace() throws {
    let folder = try TemporaryFolder()
    let backend = try makeBackend()
    let configuration = smallConfiguration(.llama)
    let first = DecoderModel(configuration: configuration, backend: backend, seed: 1)
    let second = DecoderModel(configuration: configuration, backend: backend, seed: 2)
    let file = folder.url.appendingPathComponent("weights.safetensors")
    try first.saveParameters(to: file)
    try second.loadParameters(from: file)
    #expect(second.store.parameters.map(\.value.array) == first.store.parameters.map(\.value.array))
    // A checkpoint of another shape changes nothing.
    var other = configuration
    other.intermediateSize = 16
    try DecoderModel(configuration: other, backend: backend, seed: 3).saveParameters(to: file)
    #expect(throws: CheckpointError.self) { try second.loadParameters(from: file) }
    #expect(second.store.parameters.map(\.value.array) == first.store.parameters.map(\.value.array))
  }

  @Test func aTiedModelMayHoldItsHead() throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy("qwen2-f16")
    let model = try load(directory)
    let table = model.embedding.value.array
    let shape = model.embedding.shape
    func head(_ values: [Float]) -> SafetensorsTensor {
      SafetensorsTensor(name: "lm_head.weight", shape: shape) { values }
    }
    // Equal: the same parameter.
    try rewrite(directory, adding: [head(table)])
    let equal = try load(directory)
    #expect(equal.configuration.tieWordEmbeddings && equal.embedding === equal.head)
    // Different: transformers does not tie.
    try rewrite(directory) { $0.name == "lm_head.weight" ? head(table.map { $0 * 2 }) : $0 }
    let different = try load(directory)
    #expect(!different.configuration.tieWordEmbeddings)
    #expect(different.head.value.array == table.map { $0 * 2 })
    #expect(different.embedding.value.array == table)
    #expect(throws: CheckpointError.untiedHead(file: directory.path)) {
      try model.loadParameters(from: directory)
    }
    // Alone: it stands for both.
    try rewrite(directory) { $0.name == ParameterName.embedding ? nil : $0 }
    let alone = try load(directory)
    #expect(alone.configuration.tieWordEmbeddings)
    #expect(alone.embedding.value.array == table.map { $0 * 2 })
  }

  @Test(arguments: [Float.nan, .infinity])
  func weightsThatAreNoNumbersAreNamed(_ value: Float) throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy(Self.sharded)
    let name = "model.layers.1.mlp.up_proj.weight"
    try rewrite(directory) { tensor in
      guard tensor.name == name else { return tensor }
      return SafetensorsTensor(name: name, shape: [56, 40]) {
        var values = [Float](repeating: 0.5, count: 56 * 40)
        values[3 * 40 + 17] = value
        return values
      }
    }
    let error = SafetensorsError(
      file: directory.appendingPathComponent("model.safetensors").path,
      fault: .notFinite(tensor: name, index: [3, 17], value: value.description)
    )
    #expect(throws: error) { try load(directory) }
    let model = try load(fixtures.appendingPathComponent(Self.sharded))
    #expect(throws: error) { try model.loadParameters(from: directory) }
  }

  @Test func loadingSaysHowFarItIs() throws {
    var seen: [LoadingProgress] = []
    let directory = fixtures.appendingPathComponent(Self.sharded)
    let model = try DecoderModel(
      directory: directory,
      backend: makeBackend(threads: 1),
      progress: { seen.append($0) }
    )
    #expect(seen.count == model.store.parameters.count)
    #expect(seen.allSatisfy { $0.totalBytes == 4 * model.parameterCount })
    #expect(seen.last?.bytes == seen.last?.totalBytes)
    #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.bytes < $1.bytes })
    #expect(Set(seen.map(\.file)).count == 4)
  }

  @Test func missingParametersAreNamed() throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy("qwen3-bf16")
    let gone = ["model.layers.1.self_attn.k_norm.weight", "lm_head.weight"]
    try rewrite(directory) { gone.contains($0.name) ? nil : $0 }
    #expect(
      throws: CheckpointError.missingParameters(directory: directory.path, names: gone)
    ) { try load(directory) }
  }

  @Test func unknownParametersAreNamed() throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy("qwen3-bf16")
    let file = directory.appendingPathComponent("model.safetensors").path
    let bias = SafetensorsTensor(name: "model.layers.0.mlp.up_proj.bias", shape: [2]) { [1, 2] }
    try rewrite(directory, adding: [bias])
    #expect(
      throws: CheckpointError.unknownParameters(file: file, names: [bias.name])
    ) { try load(directory) }
    // Except for a buffer that old versions stored.
    let buffer = SafetensorsTensor(
      name: "model.layers.0.self_attn.rotary_emb.inv_freq",
      shape: [2]
    ) { [1, 2] }
    try rewrite(directory, adding: [buffer]) { $0.name == bias.name ? nil : $0 }
    _ = try load(directory)
  }

  @Test func wrongShapesShowBoth() throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy("qwen3-bf16")
    let name = "model.layers.0.self_attn.q_proj.weight"
    try rewrite(directory) { tensor in
      guard tensor.name == name else { return tensor }
      return SafetensorsTensor(name: name, shape: [24, 64]) {
        [Float](repeating: 0, count: 24 * 64)
      }
    }
    #expect(
      throws: CheckpointError.wrongShape(
        file: directory.appendingPathComponent("model.safetensors").path,
        name: name,
        expected: [64, 24],
        found: [24, 64]
      )
    ) { try load(directory) }
  }

  @Test func truncatedFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy("qwen2-f16")
    let file = directory.appendingPathComponent("model.safetensors")
    let bytes = try Data(contentsOf: file)
    for count in [0, 7, 100, bytes.count / 2, bytes.count - 1] {
      try bytes.prefix(count).write(to: file)
      #expect(throws: SafetensorsError.self, "\(count) bytes") { try load(directory) }
    }
  }

  @Test func directoriesWithoutWeightsAreNamed() throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy("qwen2-f16")
    try FileManager.default.removeItem(
      at: directory.appendingPathComponent("model.safetensors")
    )
    #expect(
      throws: CheckpointError.missingWeights(directory: directory.path, found: nil)
    ) { try load(directory) }
    try Data([1]).write(to: directory.appendingPathComponent("pytorch_model.bin"))
    #expect(
      throws: CheckpointError.missingWeights(
        directory: directory.path,
        found: "pytorch_model.bin"
      )
    ) { try load(directory) }
  }

  // MARK: Shards

  static let sharded = "llama-f32-sharded"

  func index(_ directory: URL) -> URL {
    directory.appendingPathComponent("model.safetensors.index.json")
  }

  /// Above the limit, weights go to several files; what an earlier save left does not stay to be read in their place.
  @Test func largeModelsAreSavedInSeveralFiles() throws {
    let folder = try TemporaryFolder()
    let model = try load(fixtures.appendingPathComponent("qwen3-bf16"))
    func names() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        .filter { $0.hasPrefix("model") }.sorted()
    }
    let two = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    try model.save(to: folder.url)
    #expect(try names() == ["model.safetensors"])
    // Half of the values in BF16, and the largest matrix: so much that two files do.
    let largest = model.store.parameters.map(\.range.count).max() ?? 0
    let limit = model.parameterCount + 2 * largest
    try model.save(to: folder.url, weightType: .bfloat16, maxShardSize: limit)
    #expect(try names() == two + ["model.safetensors.index.json"])
    #expect(WeightsFile.all(in: folder.url).map(\.lastPathComponent) == two)
    let sizes = try WeightsFile.all(in: folder.url).map { file in
      try SafetensorsFile(path: file.path).entries.reduce(0) { $0 + $1.range.count }
    }
    #expect(sizes.allSatisfy { $0 <= limit } && sizes.reduce(0, +) == 2 * model.parameterCount)
    let index = try JSONSerialization.jsonObject(
      with: Data(contentsOf: index(folder.url))
    )
    let metadata = (index as? [String: Any])?["metadata"] as? [String: Any]
    #expect(metadata?["total_size"] as? Int == 2 * model.parameterCount)
    // The fixture is BF16: nothing was lost.
    let again = try load(folder.url)
    #expect(again.store.parameters.map(\.value.array) == model.store.parameters.map(\.value.array))
    // Every parameter in a file of its own, then one file again.
    try model.save(to: folder.url, maxShardSize: 1)
    #expect(try names().count == model.store.parameters.count + 1)
    #expect(
      try load(folder.url).store.parameters.map(\.value.array)
        == model.store.parameters.map(\.value.array)
    )
    try folder.write("mine", "model-card.md")
    try model.save(to: folder.url)
    #expect(try names() == ["model-card.md", "model.safetensors"])
  }

  /// Other tools give shards other names; what the index does not name is not part of the model.
  @Test func theIndexNamesTheFiles() throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy(Self.sharded)
    let text = try String(contentsOf: index(directory), encoding: .utf8)
      .replacingOccurrences(of: "model-0000", with: "part-")
    try Data(text.utf8).write(to: index(directory))
    let parts = (1...4).map { "part-\($0)-of-00004.safetensors" }
    for (number, part) in parts.enumerated() {
      try FileManager.default.moveItem(
        at: directory.appendingPathComponent("model-0000\(number + 1)-of-00004.safetensors"),
        to: directory.appendingPathComponent(part)
      )
    }
    try folder.write("of another save", "\(Self.sharded)/model-00001-of-00002.safetensors")
    #expect(WeightsFile.all(in: directory).map(\.lastPathComponent) == parts)
    let identity = try BaseIdentity(directory: directory) { $0.lastPathComponent }
    #expect(identity.files.map(\.sha256) == parts)
    let whole = try load(fixtures.appendingPathComponent(Self.sharded))
    #expect(
      try load(directory).store.parameters.map(\.value.array)
        == whole.store.parameters.map(\.value.array)
    )
  }

  @Test func aMissingShardIsNamed() throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy(Self.sharded)
    let shard = "model-00002-of-00004.safetensors"
    try FileManager.default.removeItem(at: directory.appendingPathComponent(shard))
    #expect(
      throws: CheckpointError.missingShard(index: index(directory).path, shard: shard)
    ) { try load(directory) }
  }

  @Test func anIndexThatLiesIsNamed() throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy(Self.sharded)
    let text = try String(contentsOf: index(directory), encoding: .utf8)
    // A file that is there, but does not hold the parameter.
    let moved = text.replacingOccurrences(
      of: "\"lm_head.weight\": \"model-00004",
      with: "\"lm_head.weight\": \"model-00002"
    )
    #expect(moved != text)
    try Data(moved.utf8).write(to: index(directory))
    #expect(
      throws: CheckpointError.indexMismatch(
        index: index(directory).path,
        name: "lm_head.weight",
        shard: "model-00002-of-00004.safetensors"
      )
    ) { try load(directory) }
  }

  @Test(arguments: [
    "", "[]", "{}", "{\"weight_map\": {}}", "{\"weight_map\": {\"a\": 1}}",
    "{\"weight_map\": {\"a\": \"../../etc/passwd\"}}", "{\"weight_map\": {\"a\": \"..\"}}",
  ])
  func brokenIndicesAreNamed(_ text: String) throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy(Self.sharded)
    try Data(text.utf8).write(to: index(directory))
    do {
      _ = try load(directory)
      Issue.record("accepted")
    } catch let error as CheckpointError {
      guard case .malformedIndex(index(directory).path, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func aParameterInTwoShardsIsNamed() throws {
    let folder = try TemporaryFolder()
    let directory = try folder.copy(Self.sharded)
    let shard = directory.appendingPathComponent("model-00003-of-00004.safetensors")
    let file = try SafetensorsFile(path: shard.path)
    var tensors = try file.entries.map { entry in
      let values: [Float] = try file.load(entry.name)
      return SafetensorsTensor(name: entry.name, shape: entry.shape) { values }
    }
    tensors.append(SafetensorsTensor(name: "lm_head.weight", shape: [1]) { [0] })
    try writeSafetensors(to: shard.path, tensors: tensors)
    #expect(throws: CheckpointError.self) { try load(directory) }
  }

  @Test func unwritableDirectoriesAreNamed() throws {
    let folder = try TemporaryFolder()
    try folder.write("not a directory", "file")
    let model = try load(fixtures.appendingPathComponent("qwen2-f16"))
    #expect(throws: CheckpointError.self) {
      try model.save(to: folder.url.appendingPathComponent("file/model"))
    }
  }

  @Test(.enabled(if: python != nil, "STEPWISE_PYTHON names no Python with transformers"))
  func savedModelsOpenInTransformers() throws {
    let folder = try TemporaryFolder()
    var cases: [(String, DecoderModel, DecoderConfiguration.WeightType)] = []
    for name in fixtureModels {
      cases.append((name, try load(fixtures.appendingPathComponent(name)), .float32))
    }
    for family in ModelFamily.allCases {
      let model = DecoderModel(
        configuration: smallConfiguration(family),
        backend: try makeBackend(),
        seed: 11
      )
      cases.append((family.rawValue + "-bf16", model, .bfloat16))
    }
    let script = fixtures.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Parity/check_transformers.py")
    for (name, model, weightType) in cases {
      let directory = folder.url.appendingPathComponent(name)
      // One file, or several.
      let limit = weightType == .bfloat16 ? 20_000 : DecoderModel.largestShard
      try model.save(to: directory, weightType: weightType, maxShardSize: limit)
      let vocabulary = model.configuration.vocabSize
      let ids = [someTokens(30, below: vocabulary), someTokens(2, below: vocabulary, salt: 5)]
      // From the disk again: BF16 rounds.
      let logProbs = try load(directory).nextTokenLogProbs(ids)
      let expected = folder.url.appendingPathComponent(name + ".json")
      try Data("{\"input_ids\": \(ids), \"next_token_logprobs\": \(logProbs)}".utf8)
        .write(to: expected)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: try #require(python))
      process.arguments = [script.path, directory.path, expected.path, "--tolerance", "1e-4"]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = output
      try process.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(name): \(text)")
    }
  }
}

/// A Python with torch and transformers, for the checks that need the original.
let python = ProcessInfo.processInfo.environment["STEPWISE_PYTHON"]
