import Foundation
import Testing

/// Adapters from the command line.
@Suite struct AdapterTests {
  static let lora = ["use_peft=true", "lora_r=4", "lora_target_modules=all-linear", "max_steps=4"]

  private func train(_ workshop: Workshop, _ more: String...) throws -> Stepwise.Answer {
    try Stepwise.run(["train", "tiny.yaml"] + Self.lora + more, in: workshop.url)
  }

  private func score(_ workshop: Workshop, _ names: String...) throws -> [[Double]] {
    try score(workshop, names)
  }

  private func score(_ workshop: Workshop, _ names: [String]) throws -> [[Double]] {
    let answer = try Stepwise.run(
      ["score", "--input", "in.jsonl", "--json"] + names,
      in: workshop.url
    )
    try #require(answer.code == 0, "\(names): \(answer.error)")
    return try answer.output.split(separator: "\n").map {
      try JSONDecoder().decode([String: [Double]].self, from: Data($0.utf8))["logprobs"] ?? []
    }
  }

  @Test func anAdapterIsTrainedAskedAndMerged() throws {
    let workshop = try Workshop()
    try workshop.write("in.jsonl", "{\"input_ids\": [4, 9, 12, 5, 7, 20, 3]}\n")
    let answer = try train(
      workshop,
      "evaluation={prompts: {plugin: knights-and-knaves, parameters: {people: 2, form: terse, split: test, size: 8, names: 4}}, max_prompts: 8}"
    )
    #expect(answer.code == 0, "\(answer.error)")
    #expect(answer.error.contains("LoRA of rank 4"), "\(answer.error)")
    for name in [
      "adapter/adapter_config.json", "adapter/adapter_model.safetensors", "adapter/tokenizer.json",
      "base/model.safetensors", "checkpoints/step-00000004/adapter_model.safetensors",
    ] {
      #expect(workshop.exists("runs/tiny/\(name)"), "\(name)")
    }
    #expect(!workshop.exists("runs/tiny/checkpoints/step-00000004/model.safetensors"))

    // The same model by each of its names.
    let adapter = try score(workshop, "--adapter", "runs/tiny/adapter")
    let base = try score(workshop, "--model", "runs/tiny/base")
    #expect(adapter != base)
    for names in [
      ["--model", "runs/tiny/checkpoints/step-00000004"], ["--model", "runs/tiny/adapter"],
      ["--model", "runs/tiny/base", "--adapter", "runs/tiny/adapter"],
    ] {
      #expect(try score(workshop, names) == adapter, "\(names)")
    }

    // Merged: one model, the same up to rounding; the exported adapter is the run's.
    #expect(
      try workshop.stepwise("export", "runs/tiny", "--merge", "--output", "merged").code == 0
    )
    let merged = try score(workshop, "--model", "merged")
    #expect(zip(merged[0], adapter[0]).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(
      try workshop.stepwise("export", "runs/tiny/adapter", "--output", "copy").code == 0
    )
    #expect(try score(workshop, "--adapter", "copy") == adapter)
    #expect(
      try workshop.stepwise(
        "export",
        "runs/tiny",
        "--merge",
        "--dtype",
        "bfloat16",
        "--output",
        "half"
      ).code == 0
    )
    #expect(try workshop.text("half/config.json").contains("\"dtype\": \"bfloat16\""))

    let generated = try workshop.stepwise(
      "generate",
      "--adapter",
      "runs/tiny/adapter",
      "--prompt",
      "Emma says Liam knight ;",
      "--max-completion-length",
      "4"
    )
    #expect(generated.code == 0, "\(generated.error)")
    #expect(try workshop.stepwise("eval", "runs/tiny").code == 0)
    #expect(try workshop.stepwise("eval", "runs/tiny", "--adapter", "runs/tiny/adapter").code == 0)
    #expect(try workshop.stepwise("runs", "show", "runs/tiny").code == 0)
  }

  @Test func adapterRunsResumeBranchAndStartFromAdapters() throws {
    let workshop = try Workshop()
    let proof = try Stepwise.run(
      ["runs", "verify-resume", "tiny.yaml"] + Self.lora.dropLast()
        + ["--steps", "4", "--kill-at", "2"],
      in: workshop.url
    )
    #expect(proof.code == 0, "\(proof.output)\(proof.error)")
    #expect(try train(workshop, "save_steps=2").code == 0)
    let branch = try workshop.stepwise("runs", "branch", "runs/tiny", "--at", "2", "-o", "branch")
    #expect(branch.code == 0, "\(branch.error)")
    let file = "checkpoints/step-00000004/adapter_model.safetensors"
    #expect(
      try Data(contentsOf: workshop.file("branch/\(file)"))
        == Data(contentsOf: workshop.file("runs/tiny/\(file)"))
    )
    let replay = try workshop.stepwise("runs", "replay", "runs/tiny", "-o", "replay")
    #expect(replay.code == 0, "\(replay.output)\(replay.error)")

    // On from an adapter, over the same base.
    try workshop.write(
      "on.yaml",
      try workshop.text("tiny.yaml").replacing(
        #/model:\n  config: .*\ntokenizer: word_level\n/#,
        with: "model_name_or_path: runs/tiny/base\ntokenizer: runs/tiny/tokenizer\n"
      ) + "use_peft: true\nadapter_name_or_path: runs/tiny/adapter\n"
    )
    let on = try workshop.stepwise("train", "on.yaml", "max_steps=2")
    #expect(on.code == 0, "\(on.error)")
    #expect(try workshop.text("runs/on/config.yaml").contains("lora_r: 4"))
    let other = try workshop.stepwise("train", "on.yaml", "lora_r=8")
    #expect(other.code == 64)
    #expect(
      other.error.contains("lora_r: 8 is not what the adapter runs/tiny/adapter has: 4"),
      "\(other.error)"
    )
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let workshop = try Workshop()
    let unknown = try Stepwise.run(
      ["train", "tiny.yaml", "use_peft=true", "lora_target_modules=[q_prj]"],
      in: workshop.url
    )
    #expect(unknown.code == 64, "\(unknown.error)")
    #expect(unknown.error.contains("target module 'q_prj'"), "\(unknown.error)")
    #expect(!workshop.exists("runs/tiny"))
    #expect(try train(workshop).code == 0)
    // The base is not the one that the adapter was trained on.
    #expect(
      try workshop.stepwise("train", "tiny.yaml", "max_steps=2", "output_dir=whole").code == 0
    )
    let foreign = try workshop.stepwise(
      "generate",
      "--model",
      "whole/checkpoints/step-00000002",
      "--adapter",
      "runs/tiny/adapter",
      "--prompt",
      "A"
    )
    #expect(foreign.code != 0)
    #expect(foreign.error.contains("was trained on another model than"), "\(foreign.error)")
    // Nor does an adapter go on over another base.
    try workshop.write(
      "on.yaml",
      try workshop.text("tiny.yaml").replacing(
        #/model:\n  config: .*\ntokenizer: word_level\n/#,
        with: "model_name_or_path: whole/checkpoints/step-00000002\n"
          + "tokenizer: runs/tiny/tokenizer\n"
      ) + "use_peft: true\nadapter_name_or_path: runs/tiny/adapter\n"
    )
    let on = try workshop.stepwise("train", "on.yaml", "output_dir=on")
    #expect(on.code == 64, "\(on.error)")
    #expect(on.error.contains("was trained on another model than"), "\(on.error)")
    #expect(!workshop.exists("on"))
    for (arguments, message) in [
      (["export", "whole", "--merge", "-o", "x"], "is a whole model"),
      (["export", "runs/tiny", "--dtype", "bfloat16", "-o", "x"], "Add --merge"),
      (["export", "runs/tiny", "-o", "whole"], "holds files already"),
      (
        ["train", "tiny.yaml", "model=null", "model_name_or_path=runs/tiny/adapter"],
        "holds an adapter and no model"
      ),
      (["score", "--input", "x"], "Name a model with --model, or an adapter with --adapter"),
    ] {
      let answer = try Stepwise.run(arguments, in: workshop.url)
      #expect(answer.code != 0 && answer.error.contains(message), "\(arguments): \(answer.error)")
    }
  }
}
