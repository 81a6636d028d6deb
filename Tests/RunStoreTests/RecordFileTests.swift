import FoundationEssentials
import Testing

@testable import RunStore

/// Reading runs that another process may be writing.
@Suite struct RecordFileTests {
  let temporary: TemporaryDirectory
  init() throws { temporary = try TemporaryDirectory() }

  private func write(_ text: String) throws -> String {
    let file = temporary.file("x.jsonl")
    try overwrite(file, with: Array(text.utf8))
    return file.path
  }

  @Test func aLineThatIsBeingWrittenIsLeftOut() throws {
    let path = try write("{\"step\":1}\n{\"step\":2}\n{\"st")
    #expect(try RecordFile.records(at: path) == [["step": 1], ["step": 2]])
    #expect(try RecordFile.lastRecord(at: path) == ["step": 2])
    let torn = try write("{\"st")
    #expect(try RecordFile.records(at: torn) == [])
    #expect(try RecordFile.lastRecord(at: torn) == nil)
    #expect(try RecordFile.records(at: temporary.file("none").path) == nil)
    #expect(try RecordFile.lastRecord(at: temporary.file("none").path) == nil)
  }

  @Test func aDamagedLineIsNamed() throws {
    let path = try write("{\"step\":1}\n{\"step\":\n{\"step\":3}\n")
    #expect {
      try RecordFile.records(at: path)
    } throws: {
      "\($0)".contains(path) && "\($0)".contains("line 2")
    }
  }

  @Test(arguments: [1, 10, 20_000, 100_000])
  func theLastRecordIsFoundWhateverItsLength(length: Int) throws {
    let lines = (0..<40).map { step in
      (["step": RecordValue(step), "text": .string(String(repeating: "é", count: length))] as Record)
        .json
    }
    let path = try write(lines.joined(separator: "\n") + "\n")
    #expect(try RecordFile.lastRecord(at: path) == RecordFile.records(at: path)?.last)
    #expect(try RecordFile.lastRecord(at: path)?["step"] == 39)
  }

  @Test func severalRecordsAreOneWriteAndRewindCoversThem() throws {
    let run = try RunDirectory.create(at: temporary.directory("run"))
    try run.append([["step": 0, "n": 1], ["step": 0, "n": 2]], to: .rollouts)
    let checkpoint = try run.checkpoint(step: 1, keeping: 1) { _ in }
    try run.append([["step": 1, "n": 3], ["step": 1, "n": 4]], to: .rollouts)
    try run.append([], to: .rollouts)
    #expect(try run.records(in: .rollouts).count == 4)
    try run.rewind(to: checkpoint)
    #expect(try run.records(in: .rollouts).map { $0["n"] } == [1, 2])
  }

  /// Where somebody edited the stream, the records' own steps decide: a rollout's step is 0-based.
  @Test func anEditedStreamOfRolloutsIsCutByItsSteps() throws {
    let run = try RunDirectory.create(at: temporary.directory("run"))
    try run.append([["step": 0], ["step": 0], ["step": 1]], to: .rollouts)
    let checkpoint = try run.checkpoint(step: 2, keeping: 1) { _ in }
    try overwrite(
      run.url.appending(path: "rollouts.jsonl"),
      with: Array("{\"step\": 0, \"edited\": true}\n{\"step\": 1}\n{\"step\": 2}\n".utf8)
    )
    try run.rewind(to: checkpoint)
    #expect(try run.records(in: .rollouts).map { $0["step"] } == [0, 1])
  }

  @Test func lookingAtARunDoesNotDisturbIt() throws {
    let place = temporary.directory("run")
    #expect(!RunDirectory.isInUse(place))
    do {
      let run = try RunDirectory.create(at: place)
      #expect(RunDirectory.isInUse(place))
      _ = try run.checkpoint(step: 3, keeping: 2) { directory in
        try overwrite(directory.appending(path: "x"), with: Array(repeating: 7, count: 100_000))
      }
      _ = try run.checkpoint(step: 12, keeping: 2) { _ in }
      #expect(RunDirectory.checkpoints(of: place).map(\.step) == [3, 12])
      #expect(RunDirectory.sizeOnDisk(place) >= 100_000)
    }
    #expect(!RunDirectory.isInUse(place))
    #expect(RunDirectory.checkpoints(of: temporary.directory("none")) == [])
  }
}
