import FoundationEssentials
import Testing

@testable import RunStore

@Suite struct JournalTests {
  let temporary: TemporaryDirectory
  init() throws { temporary = try TemporaryDirectory() }

  private var path: String { temporary.file(Journal.fileName).path }

  @Test func recordsAreNumberedFromOneAndOnTheDiskAtOnce() throws {
    let journal = try Journal(path: path)
    let first = try journal.append(["action": "set", "step": 3])
    #expect(first["seq"] == 1 && first["time"]?.text?.hasSuffix("Z") == true)
    #expect(first.fields.map(\.name) == ["seq", "time", "action", "step"])
    try journal.append(["action": "rollback"])
    #expect(journal.records.map { $0["seq"] } == [1, 2])
    let folder = temporary.file("")
    #expect(try Journal.records(of: folder) == journal.records)
    let again = try Journal(path: path)
    #expect(again.records == journal.records)
    #expect(try again.append(["action": "drop"])["seq"] == 3)
  }

  @Test func aTornLineWasNeverUsed() throws {
    let whole = #"{"seq":1,"action":"set"}"# + "\n" + #"{"seq":4,"action":"drop"}"# + "\n"
    try overwrite(temporary.file(Journal.fileName), with: Array((whole + #"{"seq":5,"act"#).utf8))
    #expect(try Journal.records(of: temporary.file("")).map { $0["seq"] } == [1, 4])
    let journal = try Journal(path: path)
    #expect(journal.records.map { $0["seq"] } == [1, 4])
    #expect(try Files.read(path).elementsEqual(whole.utf8), "the torn line is gone")
    // A branch leaves gaps; a number is never given twice.
    #expect(try journal.append(["action": "set"])["seq"] == 5)
  }

  @Test func manyThreadsGetNumbersOfTheirOwn() async throws {
    let journal = try Journal(path: path)
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<20 {
        group.addTask { _ = try? journal.append(["index": .int(Int64(index))]) }
      }
    }
    let records = try Journal.records(of: temporary.file(""))
    #expect(records.map { $0["seq"]?.number } == (1...20).map(Double.init))
    #expect(Set(records.compactMap { $0["index"]?.number }).count == 20)
  }

  @Test func outcomesGoBack() throws {
    let log = try OutcomeLog(path: temporary.file("outcomes.jsonl").path)
    try log.append(["step": 1])
    let length = log.length
    try log.append(["step": 2])
    try log.rewind(to: length)
    try log.append(["step": 3])
    let again = try OutcomeLog(path: temporary.file("outcomes.jsonl").path)
    #expect(again.records == [["step": 1], ["step": 3]])
  }
}
