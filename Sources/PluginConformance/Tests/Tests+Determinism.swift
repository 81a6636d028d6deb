import Components
import PluginHost

extension ConformanceTest {
  /// Equal questions, equal answers.
  static let determinism: [ConformanceTest] = [
    ConformanceTest(
      id: "determinism.repeat",
      kinds: [.reward, .dataset],
      summary: "The same instance gives the same answers again."
    ) { component in
      try component.requireDeterminism()
      let live = try component.live()
      component.note("asking the same twice")
      try compare(try live.answers(), try live.answers(), "the second time")
    },
    ConformanceTest(
      id: "determinism.instances",
      kinds: ComponentKind.allCases,
      summary: "Another instance gives the same answers."
    ) { component in
      try component.requireDeterminism()
      let first = try component.live().answers()
      component.note("asking a second instance")
      try compare(first, try component.live().answers(), "from another instance")
    },
    ConformanceTest(
      id: "determinism.processes",
      kinds: ComponentKind.allCases,
      summary: "Another process gives the same answers.",
      processes: 2
    ) { component in
      try component.requireDeterminism()
      component.evidence = try component.live().answers()
    },
  ]

  private static func compare(_ first: String, _ second: String, _ when: String) throws {
    let (a, b) = (first.utf8.split(separator: 10), second.utf8.split(separator: 10))
    for (line, (x, y)) in zip(a, b).enumerated() where !x.elementsEqual(y) {
      throw CheckEnd.failed(
        "answer \(line) is \(Substring(x)), \(when) \(Substring(y))",
        cure: "draw random numbers from host->uniform alone, and read no clock, address or global"
      )
    }
  }
}
