import Foundation
import Tensors
import Testing

@testable import LanguageModels

/// Adapter directories: written, read back, and refused with the name and the cure.
@Suite struct AdapterFileTests {
  @Test func whatIsWrittenIsReadBack() throws {
    let backend = try makeBackend()
    let model = try smallAdapted(backend: backend)
    let adapter = try #require(model.adapter)
    let folder = try TemporaryFolder()
    let base = folder.url.appendingPathComponent("base")
    try model.saveBase(to: base)
    adapter.base = try BaseIdentity(directory: base) { $0.lastPathComponent }
    let target = folder.url.appendingPathComponent("adapter")
    try adapter.save(to: target)
    let read = try AdapterDirectory(target)
    var configuration = adapter.configuration
    configuration.targetModules.sort()
    #expect(read.configuration == configuration)
    #expect(read.basePath == base.path && read.base == adapter.base)
    #expect(try read.baseDirectory().path == base.path)
    #expect(AdapterDirectory.isAdapter(target) && !AdapterDirectory.isAdapter(base))
    let ids = [someTokens(20, below: 61)]
    #expect(try adapted(target).nextTokenLogProbs(ids) == model.nextTokenLogProbs(ids))
    // The keys that PEFT itself wrote for a fixture, and no other.
    func keys(_ url: URL) throws -> Set<String> {
      let file = url.appendingPathComponent("adapter_config.json")
      let value = try JSONValue(parsing: Data(contentsOf: file))
      guard case .object(let members) = value else { return [] }
      return Set(members.keys)
    }
    let theirs = try keys(fixtures.appendingPathComponent("lora-all-linear"))
    #expect(try keys(target).isSubset(of: theirs))
  }

  @Test func tensorsOfPEFTSurviveUnchanged() throws {
    let folder = try TemporaryFolder()
    for name in fixtureAdapters {
      let adapter = try #require(try adapted(name).adapter)
      let target = folder.url.appendingPathComponent(name)
      try adapter.save(to: target)
      let ours = try SafetensorsFile(
        path: target.appendingPathComponent("adapter_model.safetensors").path
      )
      let theirs = try SafetensorsFile(
        path: fixtures.appendingPathComponent("\(name)/adapter_model.safetensors").path
      )
      #expect(Set(ours.entries.map(\.name)) == Set(theirs.entries.map(\.name)))
      #expect(ours.metadata == ["format": "pt"])
      for entry in theirs.entries {
        #expect(try ours.load(entry.name) == theirs.load(entry.name), "\(entry.name)")
      }
    }
  }

  @Test(arguments: [
    (#""peft_type": "LORA""#, #""peft_type": "IA3""#, "key 'peft_type'"),
    (#""task_type": "CAUSAL_LM""#, #""task_type": "SEQ_CLS""#, "key 'task_type'"),
    (#""use_dora": false"#, #""use_dora": true"#, "key 'use_dora'"),
    (#""bias": "none""#, #""bias": "all""#, "supported: none"),
    (#""fan_in_fan_out": false"#, #""fan_in_fan_out": true"#, "key 'fan_in_fan_out'"),
    (
      #""modules_to_save": null"#, #""modules_to_save": ["lm_head"]"#,
      "key 'modules_to_save' has the unsupported value"
    ),
    (#""rank_pattern": {}"#, #""rank_pattern": {"q_proj": 2}"#, "key 'rank_pattern'"),
    (#""init_lora_weights": true"#, #""init_lora_weights": "pissa""#, "supported: true, false"),
    (#""use_bdlora": null"#, #""use_some_new_thing": true"#, "key 'use_some_new_thing'"),
    (#""r": 4"#, #""r": 0"#, "key 'r' is 0, expected 1 to 65536"),
    (#""r": 4"#, #""r": 65537"#, "key 'r' is 65537, expected 1 to 65536"),
    (#""lora_alpha": 6"#, #""lora_alpha": 1e300"#, "expected a number that FP32 holds"),
    (#""r": 4"#, #""r": "4""#, "key 'r' must be an integer"),
    (#""r": 4"#, #""r": 5"#, "ask for [5, 24]"),
    (#""r": 4"#, #""r": 60000"#, "ask for [60000, 24]"),
    (
      #""model.layers.0.mlp.up_proj""#, #""lm_head""#,
      "target module 'lm_head': the head and the embedding are not adapted; name some of q_proj"
    ),
    (#""model.layers.0.mlp.up_proj""#, #""c_attn""#, "no projection of that name"),
    (
      #""model.layers.0.mlp.up_proj""#, #""model.layers.0.mlp.down_proj""#,
      "holds 'base_model.model.model.layers.0.mlp.up_proj.lora_A.weight'"
    ),
  ])
  func configurationsThatCannotBeUsedAreNamed(
    _ old: String,
    _ new: String,
    _ message: String
  ) throws {
    let folder = try TemporaryFolder()
    let target = try folder.copy("lora-all-linear")
    let file = target.appendingPathComponent("adapter_config.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    try #require(text.contains(old), "\(old)")
    try text.replacingOccurrences(of: old, with: new)
      .write(to: file, atomically: true, encoding: .utf8)
    try expect(message) { try self.load(target, base: "qwen2-f16") }
  }

  @Test func patternsOfModulesAreRefused() throws {
    let text = #"{"peft_type": "LORA", "r": 2, "target_modules": ".*q_proj"}"#
    try expect("supported: a list of module names") {
      _ = try LoRAConfiguration.read(Data(text.utf8), source: "adapter_config.json")
    }
  }

  @Test func allLinearIsEveryProjection() throws {
    let text = #"{"peft_type": "LORA", "r": 2, "target_modules": "all-linear"}"#
    let read = try LoRAConfiguration.read(Data(text.utf8), source: "adapter_config.json")
    #expect(read.configuration.targetModules == LoRAConfiguration.allLinear.sorted())
  }

  /// Some tools copy the base's `config.json` to the adapter.
  @Test func aConfigurationBesideAnAdapterMakesNoModel() throws {
    let folder = try TemporaryFolder()
    let target = try folder.copy("lora-all-linear")
    let base = try folder.copy("qwen2-f16")
    func copy(_ name: String, from source: URL, to directory: URL) throws {
      try FileManager.default.copyItem(
        at: source.appendingPathComponent(name),
        to: directory.appendingPathComponent(name)
      )
    }
    try copy("config.json", from: base, to: target)
    #expect(AdapterDirectory.isAdapter(target))
    try copy("adapter_config.json", from: target, to: base)
    #expect(!AdapterDirectory.isAdapter(base))
  }

  @Test func adaptersOfOtherModelsAreRefused() throws {
    try expect("use the base model that the adapter was trained on") {
      try self.load(fixtures.appendingPathComponent("rslora-llama"), base: "qwen2-f16")
    }
    try expect("target module 'model.layers.1.") {
      var one = smallConfiguration(.llama)
      one.layerCount = 1
      _ = try AdapterDirectory(fixtures.appendingPathComponent("lora-all-linear"))
        .load(for: one, backend: makeBackend(), trainable: false)
    }
  }

  @Test func filesThatDoNotBelongTogetherAreNamed() throws {
    let folder = try TemporaryFolder()
    let target = try folder.copy("lora-all-linear")
    let tensors = target.appendingPathComponent("adapter_model.safetensors")
    let file = try SafetensorsFile(path: tensors.path)
    let all = try file.entries.map { entry in
      let values: [Float] = try file.load(entry.name)
      return SafetensorsTensor(name: entry.name, shape: entry.shape) { values }
    }
    try writeSafetensors(to: tensors.path, tensors: Array(all.dropFirst()))
    try expect("lacks '\(all[0].name)'") { try self.load(target, base: "qwen2-f16") }
    let stranger = SafetensorsTensor(
      name: "base_model.model.model.layers.0.mlp.up_proj.lora_magnitude_vector",
      shape: [1]
    ) { [0] }
    try writeSafetensors(to: tensors.path, tensors: all + [stranger])
    try expect("holds '\(stranger.name)'") { try self.load(target, base: "qwen2-f16") }
    try Data(repeating: 7, count: 30).write(to: tensors)
    #expect(throws: SafetensorsError.self) { try self.load(target, base: "qwen2-f16") }
    try FileManager.default.removeItem(at: tensors)
    try folder.write("x", "lora-all-linear/adapter_model.bin")
    try expect("it holds adapter_model.bin: save the adapter as safetensors") {
      try self.load(target, base: "qwen2-f16")
    }
    try expect("no adapter_config.json") { _ = try AdapterDirectory(folder.url) }
  }

  @Test func basesAreLookedForAndCompared() throws {
    let folder = try TemporaryFolder()
    let target = try folder.copy("lora-all-linear")
    try expect("its base model ../qwen2-f16 is not a directory here; give") {
      _ = try AdapterDirectory(target).baseDirectory()
    }
    let base = try folder.copy("qwen2-f16")
    #expect(try AdapterDirectory(target).baseDirectory().lastPathComponent == "qwen2-f16")
    let known = try BaseIdentity(directory: base) { _ in "aaaa" }
    try known.requireSame(as: known, adapter: "adapter")
    let other = try BaseIdentity(directory: base) { _ in "bbbb" }
    try expect("model.safetensors has SHA-256 bbbb, not aaaa; give the base model's directory") {
      try known.requireSame(as: other, adapter: "adapter")
    }
    try known.save(to: target)
    #expect(try AdapterDirectory(target).base == known)
    try folder.write("{", "lora-all-linear/base_model.json")
    try expect("remove it to use the adapter without it") { _ = try AdapterDirectory(target) }
  }

  private func load(_ adapter: URL, base: String) throws {
    let model = try DecoderModel(
      directory: fixtures.appendingPathComponent(base),
      backend: makeBackend(threads: 1),
      trainable: false
    )
    let before = model.store.backend.read(model.store.valueBuffer)
    defer { #expect(model.store.backend.read(model.store.valueBuffer) == before) }
    model.attach(
      try AdapterDirectory(adapter)
        .load(for: model.configuration, backend: model.backend, trainable: false)
    )
  }

  private func expect(_ message: String, _ body: () throws -> Void) throws {
    do {
      try body()
      Issue.record("nothing was refused; expected: \(message)")
    } catch {
      #expect("\(error)".contains(message), "\(error)")
    }
  }
}
