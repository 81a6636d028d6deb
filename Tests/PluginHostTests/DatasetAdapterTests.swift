import Components
import Foundation
import PluginHost
import Testing

@Suite struct DatasetAdapterTests {
  private func expected(_ index: Int, epoch: Int = 0) -> Example {
    Example(
      id: 1000 + UInt64(index),
      prompt: .text("Is it?"),
      completion: .text("so it is"),
      difficulty: index % 2 == 0 ? 2.5 : nil,
      stepBoundaries: [0, 2, 5],
      columns: [
        Column("nothing", .null),
        Column("integer", .int(.min + Int64(index))),
        Column("real", .real(-.infinity)),
        Column("text", .text("café")),
        Column("list", .list([.list([.text("deep"), .null]), .real(0.5)])),
        Column(
          "turns",
          .messages([
            Message(role: "user", content: "Why?"), Message(role: "assistant", content: "no\0w"),
          ])
        ),
        Column("epoch", .int(Int64(epoch))),
      ]
    )
  }

  @Test func everyColumnTypeCrosses() throws {
    let dataset = try Fixture("dataset", .dataset).dataset()
    #expect(dataset.count == 10)
    #expect(try dataset.examples(in: 3..<6) == [expected(3), expected(4), expected(5)])
    #expect(try dataset.examples(in: 4..<4) == [])
    #expect(pluginError { _ = try dataset.examples(in: 8..<11) } != nil)
    try dataset.beginEpoch(2)
    #expect(try dataset.examples(in: 0..<1) == [expected(0, epoch: 2)])
  }

  @Test func epochSurvivesAResume() throws {
    let fixture = try Fixture("dataset", .dataset)
    let first = try fixture.dataset()
    try first.beginEpoch(3)
    let second = try fixture.dataset()
    try second.loadState(try first.saveState())
    #expect(try second.examples(in: 1..<2) == [expected(1, epoch: 3)])
  }

  static let faults: [(String, String)] = [
    ("ROW_MISSING", "gave 2 rows for the positions 2..<5, 3 rows"),
    ("ROW_TOO_MANY", "more than the 3 rows"),
    ("BAD_UTF8", "row 2: 'text' is not UTF-8 text"),
    ("NO_PROMPT", "row 2: 'prompt' is null"),
    ("INTEGER_PROMPT", "row 2: 'prompt' is neither text nor messages"),
    ("UNKNOWN_TYPE", "row 2: 'epoch' has the unknown type 77"),
    ("COLUMN_TWICE", "row 2: 'real' is there twice"),
    ("COLUMN_UNNAMED", "row 2: 'columns[3]' has no name"),
    ("BOUNDARIES_DESCEND", "row 2: 'step_boundaries' has 0 at 1"),
    ("BOUNDARY_OUTSIDE", "row 2: 'step_boundaries' has 9 at 2"),
    ("INFINITE_DIFFICULTY", "row 2: 'difficulty' is infinite"),
    ("DEEP_LIST", "row 2: 'deep' nests deeper than 32 lists"),
    ("NULL_ROW", "row 2 is NULL"),
    ("SHORT_ROW", "row 2: 'struct_size' is 16"),
  ]

  @Test(arguments: faults) func refusesWrongRows(fault: String, word: String) throws {
    let dataset = try Fixture("dataset", .dataset, defines: ["FAULT=\(fault)"]).dataset()
    let error = try #require(pluginError { _ = try dataset.examples(in: 2..<5) })
    #expect(error.hook == "read")
    #expect(error.description.contains(word), "\(error)")
  }

  @Test func streamsGoForwardWithoutSeek() throws {
    let dataset = try Fixture("dataset", .dataset, defines: ["SEQUENTIAL"]).dataset()
    #expect(dataset.count == nil)
    #expect(try dataset.examples(in: 0..<2).map(\.id) == [1000, 1001])
    #expect(try dataset.examples(in: 2..<3).map(\.id) == [1002])
    #expect(try dataset.examples(in: 5000..<5001).map(\.id) == [6000])
    let error = try #require(pluginError { _ = try dataset.examples(in: 7..<8) })
    #expect(error.description.contains("can only go forward"))
  }

  @Test func streamsWithSeekGoAnywhere() throws {
    let dataset = try Fixture("dataset", .dataset, defines: ["SEQUENTIAL", "SEEK"]).dataset()
    #expect(try dataset.examples(in: (1 << 40)..<((1 << 40) + 1)).map(\.id) == [1000 + (1 << 40)])
    #expect(try dataset.examples(in: 7..<9).map(\.id) == [1007, 1008])
  }
}
