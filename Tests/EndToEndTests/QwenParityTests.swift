import Foundation
import Testing

/// Tests/Parity/check_qwen_05b.py: the same comparison in miniature wherever there is a Python, and at the real size where
/// STEPWISE_PYTHON names one with torch, transformers and TRL, and STEPWISE_QWEN_05B a folder for 3 GB of checkpoints.
@Suite struct QwenParityTests {
  static let environment = ProcessInfo.processInfo.environment
  static let python = environment["STEPWISE_PYTHON"] ?? "/usr/bin/python3"
  static let folder = environment["STEPWISE_PYTHON"] == nil ? nil : environment["STEPWISE_QWEN_05B"]

  private func run(_ what: String, _ folder: String) throws {
    let report = try run(script: "check_qwen_05b.py", what, folder)
    #expect(report.contains("\"passed\": true"), "\(report)")
  }

  /// - Returns: What the script wrote.
  private func run(script: String, _ arguments: String...) throws -> String {
    let workshop = try Workshop()
    let process = Process()
    process.executableURL = URL(filePath: Self.python)
    process.arguments =
      [Stepwise.repository.appending(path: "Tests/Parity/\(script)").path] + arguments
      + ["--stepwise", Stepwise.executable.path]
    let output = workshop.file("report")
    try Data().write(to: output)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = process.standardOutput
    try process.run()
    process.waitUntilExit()
    let report = try workshop.text("report")
    #expect(process.terminationStatus == 0, "\(report)")
    return report
  }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: python), "there is no \(python)")
  )
  func inMiniature() throws { try run("check", QwenTiny.folder.path) }

  @Test(.enabled(if: folder != nil, "STEPWISE_PYTHON or STEPWISE_QWEN_05B is not set"))
  func atTheRealSize() throws { try run("all", try #require(Self.folder)) }

  /// What a run leaves opens in transformers as it is. The tokenizer of a qwen2 would be taken for Qwen2's own.
  @Test(.enabled(if: environment["STEPWISE_PYTHON"] != nil, "STEPWISE_PYTHON is not set"))
  func aCheckpointOpensInTransformers() throws {
    let workshop = try Workshop()
    let qwen3 = Workshop.tiny.replacingOccurrences(of: "qwen2", with: "qwen3")
    try workshop.write("qwen3.yaml", qwen3)
    let answer = try workshop.stepwise("train", "qwen3.yaml", "output_dir=made", "max_steps=2")
    #expect(answer.code == 0, "\(answer.error)")
    #expect(!answer.error.contains("Qwen2's own"))
    let checkpoint = workshop.file("made/checkpoints/step-00000002")
    _ = try run(script: "check_transformers.py", checkpoint.path)
  }

  @Test func aTokenizerThatTransformersMistakesIsTold() throws {
    let workshop = try Workshop()
    let answer = try workshop.stepwise("train", "tiny.yaml", "output_dir=made", "max_steps=1")
    #expect(answer.code == 0, "\(answer.error)")
    #expect((answer.output + answer.error).contains("set model_type to qwen3 or llama"))
  }
}
