import Components
import PluginHost

extension ConformanceTest {
  /// Rows.
  static let datasets: [ConformanceTest] = [
    ConformanceTest(
      id: "dataset.count",
      kinds: [.dataset],
      summary: "There are as many rows as the dataset says."
    ) { component in
      let dataset = try component.dataset()
      guard let count = dataset.count else {
        component.note("reading 200 rows of a stream")
        return try component.expect { _ = try dataset.examples(in: 0..<200) }
      }
      if count == 0 { throw CheckEnd.warning("it is empty", cure: "look at its parameters") }
      component.note("reading the last of \(count) rows")
      try component.expect { _ = try dataset.examples(in: max(0, count - 3)..<count) }
      if count <= 5000 { try component.expect { _ = try dataset.examples(in: 0..<count) } }
    },
    ConformanceTest(
      id: "dataset.ranges",
      kinds: [.dataset],
      summary: "A position gives the same row in whatever range it is read."
    ) { component in
      let count = min(try component.dataset().count ?? 400, 400)
      let rows = try component.dataset().examples(in: 0..<count).map(\.text)
      var random = SplitMix(5)
      var dataset = try component.dataset()
      for _ in 0..<24 {
        let low = random.next(count)
        let range = low..<min(count, low + 1 + random.next(40))
        component.note("reading the rows \(range)")
        let found: [Example]
        do {
          found = try dataset.examples(in: range)
        } catch let error as PluginError where error.hook == "next" {
          // A dataset that can only go forward says so; the next instance starts at 0.
          dataset = try component.dataset()
          found = try dataset.examples(in: range)
        } catch let error as PluginError {
          throw CheckEnd.failed(error.message, cure: error.cure ?? "give the rows of any range")
        }
        for (place, row) in zip(range, found) where row.text != rows[place] {
          throw CheckEnd.failed(
            "row \(place) read within \(range) is \(row.text), before it was \(rows[place])",
            cure: "compute a row from its position alone"
          )
        }
      }
    },
    ConformanceTest(
      id: "dataset.ids",
      kinds: [.dataset],
      summary: "No two of the first 20,000 rows have one id."
    ) { component in
      let dataset = try component.dataset()
      var places: [UInt64: Int] = [:]
      let count = min(dataset.count ?? 20_000, 20_000)
      var start = 0
      while start < count {
        let end = min(count, start + 500)
        component.note("reading the rows \(start)..<\(end)")
        for (place, row) in zip(start..<end, try dataset.examples(in: start..<end)) {
          if let other = places.updateValue(place, forKey: row.id) {
            throw CheckEnd.failed(
              "the rows \(other) and \(place) both have the id \(row.id)",
              cure: "use the position, or something else that no other row has"
            )
          }
        }
        start = end
      }
    },
    ConformanceTest(
      id: "dataset.epochs",
      kinds: [.dataset],
      summary: "An epoch that begins again has the same rows, and the same ids as every other."
    ) { component in
      func rows(_ epochs: [Int]) throws -> [Example] {
        let dataset = try component.dataset()
        for epoch in epochs { try dataset.beginEpoch(epoch) }
        return try dataset.examples(in: 0..<min(dataset.count ?? 100, 100))
      }
      component.note("beginning epochs")
      let first = try rows([0])
      let second = try rows([0, 1])
      let again = try rows([1])
      guard second.map(\.text) == again.map(\.text) else {
        throw CheckEnd.failed(
          "epoch 1 has other rows when epoch 0 was not begun before it",
          cure: "derive an epoch's rows from its number: a resumed run begins with that one"
        )
      }
      guard first.map(\.text) == second.map(\.text) else {
        throw CheckEnd.warning(
          "epoch 1 has other rows than epoch 0",
          cure: "say so in the dataset's documentation"
        )
      }
    },
    ConformanceTest(
      id: "dataset.resume",
      kinds: [.dataset],
      summary: "A dataset that is saved and loaded goes on as one that was never stopped."
    ) { component in
      let whole = try component.dataset()
      let count = min(whole.count ?? 60, 60)
      let half = count / 2
      try whole.beginEpoch(0)
      _ = try whole.examples(in: 0..<half)
      component.note("saving")
      let saved = try whole.saveState()
      guard try whole.saveState() == saved else {
        throw CheckEnd.failed("saving twice gives other bytes", cure: "saving must change nothing")
      }
      let expected = try whole.examples(in: half..<count).map(\.text)
      let resumed = try component.dataset()
      component.note("loading")
      try component.expect { try resumed.loadState(saved) }
      let found = try resumed.examples(in: half..<count).map(\.text)
      guard found == expected else {
        throw CheckEnd.failed(
          "after loading, the rows from \(half) on are others",
          cure: "save where it stands, or compute rows from their positions alone"
        )
      }
    },
  ]
}
