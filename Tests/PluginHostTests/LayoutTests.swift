import Foundation
import Testing

@testable import PluginHost

/// Plugins out there were compiled with the structs as they were: members stay where they are.
@Suite struct LayoutTests {
  private func compile(headers: String, language: String = "c") throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "cc", "-x", language, "-fsyntax-only", "-I", headers,
      Fixture.root.appending(path: "Tests/Fixtures/abi/layout-1.0.c").path(),
    ]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? "good" : String(decoding: text, as: UTF8.self)
  }

  private static let headers = Fixture.root.appending(path: "Sources/CStepwisePlugin/include")

  @Test(arguments: ["c", "c++"]) func layoutOfABI1(language: String) throws {
    #expect(try compile(headers: Self.headers.path(), language: language) == "good")
  }

  @Test func aMemberInTheMiddleIsNoticed() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "abi-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let copy = folder.appending(path: "stepwise")
    try FileManager.default.copyItem(at: Self.headers.appending(path: "stepwise"), to: copy)
    let file = copy.appending(path: "reward.h")
    let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    let changed = text.replacing("  double minimum;", with: "  double newcomer;\n  double minimum;")
    #expect(changed != text)
    try Data(changed.utf8).write(to: file)
    let message = try compile(headers: folder.path())
    #expect(message.contains("stepwise_reward_description.minimum has moved"), "\(message)")
    #expect(message.contains("the size of stepwise_reward_description has changed"))
  }
}
