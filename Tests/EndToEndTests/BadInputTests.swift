import Foundation
import Testing

/// Each mistake ends in one clear message with file, key, value and cure, a code other than 0, and nothing lost.
@Suite struct BadInputTests {
  struct Mistake: CustomTestStringConvertible, Sendable {
    var name: String
    /// Makes it, in a folder with `tiny.yaml`, `sft.yaml` and `model/`.
    var make: @Sendable (Workshop) throws -> Void = { _ in }
    var arguments: [String]
    var code: Int32
    /// What the message must hold.
    var words: [String]
    var testDescription: String { name }
  }

  static let checkpoints: [Mistake] = [
    Mistake(
      name: "missing model",
      arguments: ["sft.yaml", "model_name_or_path=nowhere"],
      code: 64,
      words: ["model_name_or_path", "nowhere", "not a directory", "Hugging Face"]
    ),
    Mistake(
      name: "missing weights",
      make: { try FileManager.default.removeItem(at: $0.file("model/model.safetensors")) },
      arguments: ["sft.yaml"],
      code: 1,
      words: ["model", "safetensors"]
    ),
    Mistake(
      name: "truncated weights",
      make: {
        let file = $0.file("model/model.safetensors")
        try Data(contentsOf: file).dropLast(5000).write(to: file)
      },
      arguments: ["sft.yaml"],
      code: 1,
      words: ["model/model.safetensors", "truncated", "copy or download it again"]
    ),
    Mistake(
      name: "wrong shape",
      make: { try $0.edit("model/config.json", "32", "64") },
      arguments: ["sft.yaml"],
      code: 1,
      words: ["model/model.safetensors", "model.embed_tokens.weight", "32]", "64]", "config.json"]
    ),
    Mistake(
      name: "wrong dtype",
      make: { try $0.editBytes("model/model.safetensors", "F32", "I32") },
      arguments: ["sft.yaml"],
      code: 1,
      words: ["model/model.safetensors", "dtype I32", "F32, BF16, F16"]
    ),
    Mistake(
      name: "unknown architecture",
      make: { try $0.edit("model/config.json", "\"qwen2\"", "\"perceptron\"") },
      arguments: ["sft.yaml"],
      code: 1,
      words: ["model/config.json", "model_type", "perceptron", "qwen2, qwen3, llama"]
    ),
    Mistake(
      name: "missing tokenizer",
      make: { try FileManager.default.removeItem(at: $0.file("model/tokenizer.json")) },
      arguments: ["sft.yaml"],
      code: 1,
      words: ["tokenizer.json", "does not exist", "Name a"]
    ),
  ]

  static let configurations: [Mistake] = [
    Mistake(
      name: "no such file",
      arguments: ["nothing.yaml"],
      code: 1,
      words: ["nothing.yaml", "No such file", "Check the path"]
    ),
    Mistake(
      name: "malformed YAML",
      make: { try $0.write("bad.yaml", "seed: 1\nsft: {a: [1, 2}\n") },
      arguments: ["bad.yaml"],
      code: 64,
      words: ["bad.yaml:2", "not YAML", "brackets"]
    ),
    Mistake(
      name: "unknown key",
      arguments: ["tiny.yaml", "grpo.num_generation=4"],
      code: 64,
      words: ["grpo.num_generation", "unknown key", "Did you mean grpo.num_generations?"]
    ),
    Mistake(
      name: "wrong type",
      make: { try $0.edit("tiny.yaml", "max_steps: 12", "max_steps: twelve") },
      arguments: ["tiny.yaml"],
      code: 64,
      words: ["tiny.yaml:5:12", "max_steps", "\"twelve\"", "whole number"]
    ),
    Mistake(
      name: "a batch that does not divide",
      arguments: ["tiny.yaml", "grpo.per_device_train_batch_size=6"],
      code: 64,
      words: ["grpo.num_generations", "generation batch of 6", "to 3 or 6", "4 or 8"]
    ),
    Mistake(
      name: "unknown model key",
      arguments: ["tiny.yaml", "model.config.hiden_size=8"],
      code: 64,
      words: ["model.config", "hiden_size", "did you mean 'hidden_size'?"]
    ),
    Mistake(
      name: "a model for another machine",
      arguments: [
        "tiny.yaml", "model.config.hidden_size=65536", "model.config.num_hidden_layers=1000",
        "model.config.intermediate_size=131072",
      ],
      code: 1,
      words: ["tiny.yaml", "GiB are needed", "billion parameters", "use_peft: true"]
    ),
    Mistake(
      name: "unknown plugin",
      arguments: ["tiny.yaml", "strategy.plugin=statik"],
      code: 64,
      words: ["strategy", "statik", "did you mean 'static'?"]
    ),
    Mistake(
      name: "unknown parameter",
      arguments: ["tiny.yaml", "strategy.parameters.muu=1"],
      code: 64,
      words: ["tiny.yaml:8", "strategy", "'muu'", "did you mean 'mu'?"]
    ),
    Mistake(
      name: "parameter out of range",
      arguments: ["tiny.yaml", "prompts.parameters.people=1"],
      code: 64,
      words: ["prompts", "'people' is 1", "2 to 51"]
    ),
    Mistake(
      name: "a strategy without its data",
      arguments: ["sft.yaml", "strategy=grpo"],
      code: 1,
      words: ["strategy org.stepwise.strategy.grpo", "no prompts", "Add a prompts:"]
    ),
    Mistake(
      name: "no tokenizer",
      arguments: ["tiny.yaml", "tokenizer=null"],
      code: 64,
      words: ["tokenizer", "word_level"]
    ),
  ]

  @Test(arguments: checkpoints + configurations)
  func isNamedWithItsCure(mistake: Mistake) throws {
    let workshop = try Workshop()
    try workshop.makeModel()
    try mistake.make(workshop)
    let arguments = ["train"] + mistake.arguments + ["output_dir=out"]
    let answer = try Stepwise.run(arguments, in: workshop.url)
    #expect(answer.code == mistake.code, "\(answer)")
    #expect(!answer.wasKilled)
    #expect(answer.error.hasPrefix("stepwise: "))
    for word in mistake.words { #expect(answer.error.contains(word), "\(answer.error)") }
    #expect(!workshop.exists("out"), "the place must stay free for the corrected command")
  }

  @Test func aRunIsNeverMixedWithAnother() throws {
    let workshop = try Workshop()
    #expect(try workshop.stepwise("train", "tiny.yaml", "output_dir=out").code == 0)
    let before = try workshop.weights("out")
    let answer = try workshop.stepwise("train", "tiny.yaml", "output_dir=out")
    #expect(answer.code == 64)
    #expect(answer.error.contains("--resume") && answer.error.contains("not empty"))
    #expect(try workshop.weights("out") == before)
  }

  @Test func aDivergedLossKeepsTheStateBeforeIt() throws {
    let workshop = try Workshop()
    let answer = try workshop.stepwise(
      "train",
      "tiny.yaml",
      "output_dir=out",
      "strategy=sft",
      "sft.learning_rate=1e30",
      "max_grad_norm=0"
    )
    #expect(answer.code == 1)
    #expect(answer.error.contains("loss is") && answer.error.contains("Lower the learning rate"))
    #expect(answer.error.contains("stepwise train --resume out"))
    #expect(workshop.exists("out/checkpoints"))
  }

  @Test func aFullDiskStopsTheRunAndKeepsIt() throws {
    let workshop = try Workshop()
    let start = try workshop.stepwise("train", "tiny.yaml", "output_dir=out", "max_steps=3")
    #expect(start.code == 0, "\(start.error)")
    let before = try workshop.weights("out")
    // 40 KiB: less than the optimizer's moments need.
    let answer = try workshop.stepwise(
      "train",
      "--resume",
      "out",
      "max_steps=12",
      fileSizeLimit: 40
    )
    #expect(answer.code == 70, "\(answer)")
    #expect(answer.error.contains("out/"), "\(answer.error)")
    #expect(answer.error.contains("ulimit -f"), "\(answer.error)")
    #expect(try workshop.weights("out") == before)
    let again = try workshop.stepwise("train", "--resume", "out", "max_steps=12")
    #expect(again.code == 0, "\(again.error)")
    #expect(workshop.exists("out/checkpoints/step-00000012"))
  }

  @Test func aDamagedCheckpointIsNamedAndTheOneBeforeUsed() throws {
    let workshop = try Workshop()
    #expect(try workshop.stepwise("train", "tiny.yaml", "output_dir=out").code == 0)
    let good = try workshop.weights("out")
    try workshop.editBytes("out/checkpoints/step-00000012/model.safetensors", "F32", "F16")
    let answer = try workshop.stepwise("train", "--resume", "out")
    #expect(answer.code == 0, "\(answer.error)")
    #expect(answer.error.contains("step-00000012"), "\(answer.error)")
    #expect(answer.error.contains("model.safetensors has another SHA-256"))
    #expect(answer.output.contains("going on at step 9"))
    #expect(try workshop.weights("out") == good)
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func aSignalEndsInACheckpointThatGoesOn(signal: Int32) throws {
    let workshop = try Workshop()
    #expect(
      try workshop.stepwise("train", "tiny.yaml", "output_dir=whole", "max_steps=400").code == 0
    )
    let run = try workshop.start("train", "tiny.yaml", "output_dir=out", "max_steps=400")
    while run.process.isRunning, !run.outputSoFar.contains("step 4/400") { usleep(2000) }
    run.signal(signal)
    let answer = try run.wait()
    #expect(answer.code == 130, "\(answer.error)")
    #expect(answer.error.contains("stepwise train --resume out"), "\(answer.error)")
    let again = try workshop.stepwise("train", "--resume", "out")
    #expect(again.code == 0, "\(again.error)")
    #expect(try workshop.weights("out") == workshop.weights("whole"))
  }
}

extension Workshop {
  /// Replaces text that must be there.
  func edit(_ name: String, _ old: String, _ new: String) throws {
    let before = try text(name)
    try #require(before.contains(old), "\(old) is not in \(name): \(before)")
    try write(name, before.replacing(old, with: new))
  }

  /// Replaces the first occurrence of bytes of the same length.
  func editBytes(_ name: String, _ old: String, _ new: String) throws {
    var data = try Data(contentsOf: file(name))
    let range = try #require(data.range(of: Data(old.utf8)))
    data.replaceSubrange(range, with: Data(new.utf8))
    try data.write(to: file(name))
  }
}
