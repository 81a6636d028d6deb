import Components
import PluginHost

extension ConformanceTest {
  /// save and load.
  static let state: [ConformanceTest] = [
    ConformanceTest(
      id: "state.round-trip",
      kinds: ComponentKind.allCases,
      reach: .native,
      summary: "What is saved, loaded and saved again are the same bytes."
    ) { component in
      let (probe, saved) = try component.savedState()
      let again = try component.reloaded(saved.bytes, saved.version, probe)
      guard again == saved.bytes else {
        throw CheckEnd.failed(
          "\(saved.bytes.count) bytes were saved, \(again.count) after loading; they differ at byte "
            + "\(zip(saved.bytes, again).enumerated().first { $1.0 != $1.1 }?.offset ?? min(again.count, saved.bytes.count))",
          cure: "save all that load restores, in a fixed order"
        )
      }
      let second = try component.savedState().1
      guard second.bytes == saved.bytes else {
        throw CheckEnd.failed(
          "two instances with the same history save different bytes",
          cure: "write no address, no unset padding and nothing in the order of a hash table"
        )
      }
    },
    ConformanceTest(
      id: "state.chunks",
      kinds: ComponentKind.allCases,
      reach: .native,
      summary: "A state that is read byte by byte loads as well."
    ) { component in
      let (probe, saved) = try component.savedState()
      for chunk in [1, 3] {
        component.note("loading a state \(chunk) bytes at a time")
        let again: [UInt8]
        do {
          again = try component.reloaded(saved.bytes, saved.version, probe, chunk: chunk)
        } catch let error as PluginError {
          throw CheckEnd.failed(
            "read \(chunk) bytes at a time: \(error.message)",
            cure: "call read until it gives 0; it may give fewer bytes than asked for"
          )
        }
        guard again == saved.bytes else {
          throw CheckEnd.failed(
            "read \(chunk) bytes at a time it becomes another state",
            cure: "call read until it gives 0; it may give fewer bytes than asked for"
          )
        }
      }
    },
    ConformanceTest(
      id: "state.garbage",
      kinds: ComponentKind.allCases,
      reach: .native,
      summary: "Bytes that are no state, or not all of one, are refused, and nothing breaks."
    ) { component in
      let (probe, saved) = try component.savedState()
      var random = SplitMix(3)
      var cases: [(name: String, bytes: [UInt8])] = []
      let bytes = saved.bytes
      if !bytes.isEmpty {
        cases.append(("no bytes at all", []))
        for cut in Set([1, bytes.count / 2, bytes.count - 1]).sorted()
        where cut < bytes.count && cut > 0 {
          cases.append(("the first \(cut) of \(bytes.count) bytes", Array(bytes.prefix(cut))))
        }
      }
      cases.append(("a state with a byte more", bytes + [0]))
      for _ in 0..<3 {
        var noise: [UInt8] = []
        noise.reserveCapacity(1 << 20)
        while noise.count < 1 << 20 {
          withUnsafeBytes(of: random.next() as UInt64) { noise.append(contentsOf: $0) }
        }
        cases.append(("1 MB of random bytes", noise))
      }
      var odd: [String] = []
      for (name, bytes) in cases {
        component.note("loading \(name)")
        let instance = try probe.create()
        do {
          try instance.load(bytes, version: saved.version)
        } catch let error as PluginError {
          if error.problem != .state { odd.append("\(name): \(error.message)") }
          continue
        }
        throw CheckEnd.failed(
          "it takes \(name) for a state",
          cure:
            "check the length and the content, and that read gives 0 at the end; answer STEPWISE_ERROR_STATE"
        )
      }
      component.note("using a new instance after refused states")
      _ = try component.live().answers(amount: 1)
      if let first = odd.first {
        throw CheckEnd.warning(
          "refused, with another status than STEPWISE_ERROR_STATE: \(first)",
          cure: "answer STEPWISE_ERROR_STATE"
        )
      }
    },
  ]
}

extension CheckedComponent {
  /// The plugin's own bytes of a component that has seen something.
  fileprivate func savedState() throws -> (ComponentProbe, (version: UInt32, bytes: [UInt8])) {
    let probe = try probe()
    guard probe.hasState else { throw CheckEnd.skipped("it has no state") }
    let saved: [UInt8]
    switch component.kind {
    case .reward:
      // A reward's state is not part of a run's checkpoint; what a new instance saves is all there is.
      note("saving a state")
      return (probe, (probe.stateVersion, try probe.make().save()))
    case .dataset:
      let dataset = try dataset()
      _ = try dataset.examples(in: 0..<min(dataset.count ?? 40, 40))
      note("saving a state")
      saved = try dataset.saveState()
    case .strategy:
      let strategy = try strategy()
      var run = SimulatedRun(strategy)
      _ = try run.run(40)
      note("saving a state")
      saved = try strategy.saveState()
    }
    return (probe, try probe.payload(of: saved))
  }

  /// What a new instance saves after it loaded these bytes.
  fileprivate func reloaded(
    _ bytes: [UInt8],
    _ version: UInt32,
    _ probe: ComponentProbe,
    chunk: Int = .max
  ) throws -> [UInt8] {
    note("loading a state of \(bytes.count) bytes")
    let instance = try probe.create()
    try instance.load(bytes, version: version, chunk: chunk)
    try instance.start()
    return try instance.save()
  }
}
