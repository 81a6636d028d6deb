import Foundation
import Testing

@testable import LanguageModels
@testable import stepwise

/// How far the loading of a large checkpoint is.
@Suite struct LoadingLineTests {
  private func shown(isTerminal: Bool, totalBytes: Int) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try Data().write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let handle = try FileHandle(forWritingTo: file)
    let line = LoadingLine(
      device: TerminalDevice(
        descriptor: handle.fileDescriptor,
        environment: { $0 == "TERM" ? "xterm" : nil },
        isTerminal: isTerminal
      )
    )
    for bytes in [totalBytes / 4, totalBytes] {
      line.show(
        LoadingProgress(file: "/a/model.safetensors", bytes: bytes, totalBytes: totalBytes)
      )
    }
    line.clear()
    line.clear()
    return try String(contentsOf: file, encoding: .utf8)
  }

  @Test func aLargeOneHasALineThatGoes() throws {
    let text = try shown(isTerminal: true, totalBytes: 2_000_000_000)
    #expect(text.contains("\rloading model.safetensors: 500.0 MB of 2.00 GB, 25 %"))
    #expect(text.hasSuffix("100 %\u{1B}[K\r\u{1B}[K"))
  }

  @Test func othersHaveNone() throws {
    #expect(try shown(isTerminal: true, totalBytes: 400_000_000).isEmpty)
    #expect(try shown(isTerminal: false, totalBytes: 2_000_000_000).isEmpty)
  }
}
