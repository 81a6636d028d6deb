import Foundation
import Testing

/// TRL's numbers through the command line, on the golden models.
@Suite struct ParityTests {
  struct Golden: Decodable {
    struct Forward: Decodable {
      var input_ids: [[Int]]
      var next_token_logprobs: [[Double]]
    }
    var forward: Forward
  }

  struct Norms: Decodable {
    var global: Double
    var per_parameter: [String: Double]
  }

  struct Answer: Decodable {
    var loss: Double
    var grad_norm: Norms
  }

  static let families = ["qwen2", "qwen3"]

  static func folder(_ family: String) -> URL? {
    Stepwise.shared?.appending(path: "golden/models/\(family)")
  }

  @Test(
    .enabled(if: Stepwise.shared != nil, "needs the golden models beside the checkout"),
    arguments: families
  )
  func scoresAreTheModels(family: String) throws {
    let folder = try #require(Self.folder(family))
    let golden = try JSONDecoder().decode(
      Golden.self,
      from: Data(contentsOf: folder.appending(path: "golden.json"))
    )
    let workshop = try Workshop()
    try workshop.write(
      "in.jsonl",
      golden.forward.input_ids.map { "{\"input_ids\": \($0)}\n" }.joined()
    )
    let answer = try workshop.stepwise(
      "score",
      "--model",
      folder.path,
      "--input",
      "in.jsonl",
      "--json"
    )
    #expect(answer.code == 0, "\(answer.error)")
    let rows = try answer.output.split(separator: "\n").map {
      try JSONDecoder().decode([String: [Double]].self, from: Data($0.utf8))["logprobs"] ?? []
    }
    #expect(rows.map(\.count) == golden.forward.next_token_logprobs.map(\.count))
    let worst = zip(rows, golden.forward.next_token_logprobs).flatMap { zip($0, $1) }
      .map { abs($0 - $1) }.max()
    #expect(try #require(worst) <= 1e-4)
  }

  @Test(
    .enabled(if: Stepwise.shared != nil, "needs the golden models beside the checkout"),
    arguments: families
  )
  func objectivesAreTRLs(family: String) throws {
    let folder = try #require(Self.folder(family))
    let bytes = try Data(contentsOf: folder.appending(path: "golden.json"))
    let golden = try #require(JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    let sft = try #require(golden["sft"] as? [String: Any])
    let step = try #require((sft["steps"] as? [[String: Any]])?.first)
    try check(
      sft,
      family,
      "sft",
      loss: step["loss"],
      norms: step["grad_norm_before_clipping"]
    )
    let cases = try #require(golden["grpo"] as? [String: [String: Any]])
    #expect(cases.count >= 18)
    for (name, batch) in cases.sorted(by: { $0.key < $1.key }) {
      let micro = try #require(batch["micro_batches"] as? [[String: Any]])
      let loss = micro.compactMap { $0["loss"] as? Double }.reduce(0, +)
      try check(batch, family, name, loss: loss, norms: micro.last?["accumulated_grad_norms"])
    }
  }

  private func check(
    _ batch: [String: Any],
    _ family: String,
    _ name: String,
    loss: Any?,
    norms: Any?
  ) throws {
    let workshop = try Workshop()
    try JSONSerialization.data(withJSONObject: batch).write(to: workshop.file("batch.json"))
    let folder = try #require(Self.folder(family))
    let process = try workshop.stepwise(
      "objective",
      "--model",
      folder.path,
      "--batch",
      "batch.json",
      "--json"
    )
    #expect(process.code == 0, "\(name): \(process.error)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(process.output.utf8))
    let expected = try #require(norms as? [String: Any])
    let global = try #require(expected["global"] as? Double)
    let each = try #require(expected["per_parameter"] as? [String: Double])
    #expect(abs(answer.loss - (try #require(loss as? Double))) <= 1e-5, "\(family) \(name)")
    #expect(abs(answer.grad_norm.global - global) <= 1e-4 * global, "\(family) \(name)")
    #expect(Set(answer.grad_norm.per_parameter.keys) == Set(each.keys))
    for (parameter, norm) in each {
      let measured = answer.grad_norm.per_parameter[parameter] ?? .nan
      #expect(abs(measured - norm) <= 1e-4 * norm, "\(family) \(name) \(parameter)")
    }
  }
}
