import Components
import Foundation
import PluginHost
import RunStore
import Testing
import Training

@testable import stepwise

@Suite struct SteeringTests {
  private var full: Steering {
    let pin = PluginPins.Pin(id: "a.b", version: "1.0.0", digest: "d", manifestDigest: "m")
    var steering = Steering(
      configuration: "seed: 1\n",
      pins: ["strategy": pin, "rewards.0": pin, "prompts": pin, "demonstrations": pin]
    )
    steering.exchanged = ["prompts", "strategy"]
    steering.ramps = [Steering.Ramp(key: "grpo.beta", from: 0.1, to: 0.3, start: 4, steps: 3)]
    steering.sequence = 7
    steering.entered = 12
    for number in 0..<(Steering.undoLimit + 3) {
      steering.remember(
        Steering.Undo(
          text: "\(number)",
          configuration: "seed: \(number)\n",
          pins: ["strategy": pin],
          exchanged: [],
          ramps: steering.ramps,
          strategy: Data([1, 2, UInt8(number)])
        )
      )
    }
    var comparison = ShadowComparison()
    comparison.addPlan(carriedOut: .sft, planned: .rl)
    comparison.addAdvantage(0.1, -0.7)
    steering.trial = Steering.Trial(
      sequence: 5,
      request: Data("{}".utf8),
      slot: "strategy",
      end: 20,
      followed: 11,
      plan: 2,
      failure: "no",
      state: Data([9]),
      comparison: comparison
    )
    return steering
  }

  @Test func itsBytesAreThoseOfItsValue() throws {
    let bytes = try full.encoded()
    #expect(try Steering(bytes) == full)
    #expect(try Steering([]) == nil)
    // Dictionaries have another order in each process, and in each copy.
    for _ in 0..<8 { #expect(try full.encoded() == bytes) }
    #expect(try #require(try Steering(bytes)).encoded() == bytes)
    #expect(full.undo.count == Steering.undoLimit && full.undo.first?.text == "3")
    #expect(throws: (any Error).self) { try Steering(Array(bytes.dropLast(3))) }
  }

  @Test func rampsGoInALineAndEndExactly() {
    let up = Steering.Ramp(key: "k", from: 0, to: 0.3, start: 10, steps: 3)
    #expect(
      (10...14).map { up.value(at: $0) }.map { ($0 * 1000).rounded() } == [100, 200, 300, 300, 300]
    )
    #expect(up.value(at: 12) == 0.3, "no rounding at the end")
    #expect((9...13).map { up.isOver(at: $0) } == [false, false, false, true, true])
    let down = Steering.Ramp(key: "k", from: 2, to: -1, start: 0, steps: 1)
    #expect(down.value(at: 0) == -1 && down.isOver(at: 0))
  }

  /// Against sums done by hand: x = 1 2 4, y = 2 1 5.
  @Test func theComparisonIsPearsons() throws {
    var comparison = ShadowComparison()
    for (x, y) in [(1.0, 2.0), (2, 1), (4, 5)] { comparison.addAdvantage(x, y) }
    // means 7/3 and 8/3; sum of products 24 - 56/3 = 16/3; of squares 21 - 49/3 = 14/3 and 30 - 64/3 = 26/3.
    let expected = (16.0 / 3) / ((14.0 / 3) * (26.0 / 3)).squareRoot()
    #expect(abs(try #require(comparison.advantages.correlation) - expected) < 1e-12)
    #expect(comparison.changedSigns == 0)
    comparison.addAdvantage(1, -1)
    comparison.addAdvantage(-1, 0)
    comparison.addAdvantage(-2, 1)
    #expect(comparison.changedSigns == 2, "zero has no sign")
    var flat = ShadowComparison.Sums()
    for value in [1.0, 2, 3] { flat.add(value, 0.1) }
    #expect(flat.correlation == nil)
    var one = ShadowComparison.Sums()
    one.add(1, 1)
    #expect(one.correlation == nil && ShadowComparison.Sums().means == nil)

    comparison.addPlan(carriedOut: .sft, planned: .sft)
    comparison.addPlan(carriedOut: .both, planned: .sft)
    comparison.addPlan(carriedOut: .both, planned: .sft)
    let lines = comparison.lines(of: "new")
    #expect(lines[0] == "new would have planned 1 of 3 steps alike")
    #expect(lines[1] == "  sft where the run did both: 2")
    #expect(
      lines[2].contains("over 6 completions") && lines[2].contains("changed signs 2 (33.3 %)")
    )
    #expect(comparison.record.json.contains(#""plans":{"both>sft":2,"sft>sft":1}"#))
    #expect(ShadowComparison().lines(of: "new") == ["new was asked for nothing"])
  }

  // MARK: - Interventions

  private static var swap: Intervention.Swap {
    var component = ComponentConfiguration(plugin: "hpt")
    component.parameters = .object([
      ParameterEntry("a", .double(0.1)),
      ParameterEntry("b", .array([.int(1), .null, .string("x")])),
    ])
    component.isolation = .process
    component.timeout = 2.5
    return Intervention.Swap(
      slot: "strategy",
      component: component,
      shadow: 20,
      ending: .drop,
      isReload: true,
      pin: PluginPins.Pin(id: "a.hpt", version: "1.0.0", digest: "d", manifestDigest: "m")
    )
  }

  static let all: [Intervention] = [
    .swap(swap), .swap(Intervention.Swap(slot: "rewards/x", component: .init(plugin: "./p"))),
    .set(.init(key: "grpo.beta", value: "1e-3", over: 5)), .set(.init(key: "a", value: "")),
    .configure(["a=1", "b={c: d}"]), .rollback, .drop,
  ]

  @Test(arguments: all)
  func aJournalHoldsAll(intervention: Intervention) throws {
    let text = Record(intervention.fields).json
    let record = try #require(Record(json: Array(text.utf8)))
    #expect(try Intervention(intervention.action, record) == intervention)
  }

  @Test func otherRecordsAreNone() throws {
    for action in ["pause", "revert", "commit", "dropped", "nonsense"] {
      #expect(try Intervention(action, [:]) == nil)
    }
    for (action, record) in [
      ("swap", [:]), ("swap", ["slot": "strategy"]), ("set", ["key": "a"]),
      ("set", ["key": "a", "value": 1]),
      ("swap", ["slot": "a", "plugin": "b", "shadow": -1]),
      ("swap", ["slot": "a", "plugin": "b", "isolation": "jail"]),
      ("swap", ["slot": "a", "plugin": "b", "then": "wait"]),
      ("swap", ["slot": "a", "plugin": "b", "parameters": [1]]),
      ("set", ["key": "a", "value": "1", "over": "2"]),
    ] as [(String, Record)] {
      #expect(throws: ControlProblem.self) { try Intervention(action, record) }
    }
  }

  @Test func aJournalBecomesAScript() throws {
    func record(_ number: Int64, _ action: String, _ more: Record = [:]) -> Record {
      var record: Record = [
        "seq": .int(number), "step": .int(number * 10), "action": .string(action),
        "outcome": "done",
      ]
      for field in more.fields { record[field.name] = field.value }
      return record
    }
    let swap: Record = ["slot": "strategy", "plugin": "a", "shadow": 3, "then": "commit"]
    let journal = [
      record(1, "set", ["key": "a", "value": "1"]), record(2, "pause"),
      record(3, "set", ["key": "b", "value": "1", "outcome": "refused"]),
      record(4, "swap", ["slot": "strategy", "plugin": "a"]), record(5, "revert", ["of": 4]),
      record(6, "shadow", swap), record(7, "dropped", ["of": 6]), record(8, "rollback"),
    ]
    let script = try RunController.script(journal, after: 0)
    #expect(script.map(\.sequence) == [1, 6, 7, 8])
    guard case .swap(let trial) = script[1].intervention else {
      Issue.record("\(script[1])")
      return
    }
    // It went before its end; its end comes where the journal has it.
    #expect(trial.ending == .drop && script[2].trial == 6 && script[2].step == 70)
    #expect(try RunController.script(journal, after: 6).map(\.sequence) == [7, 8])
  }
}
