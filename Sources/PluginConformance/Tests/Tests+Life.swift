import Components
import PluginHost

extension ConformanceTest {
  /// Instances side by side, destroy, reconfigure.
  static let life: [ConformanceTest] = [
    ConformanceTest(
      id: "life.instances",
      kinds: ComponentKind.allCases,
      summary: "Many instances live at once, each by itself, and end in any order."
    ) { component in
      let count = component.isNative ? 32 : 3
      let expected = try component.live().answers(amount: 1)
      var instances: [CheckedComponent.Live] = []
      for _ in 0..<count { instances.append(try component.live()) }
      component.note("asking \(count) instances that live at once")
      for (index, instance) in instances.enumerated() {
        let found = try instance.answers(amount: 1)
        guard found == expected || component.manifest.determinism == .none else {
          throw CheckEnd.failed(
            "instance \(index) of \(count) answers other than one that lives alone",
            cure: "keep what belongs to an instance in the instance, not in globals"
          )
        }
      }
      component.note("destroying \(count) instances, every second one first")
      for index in stride(from: 0, to: count, by: 2).reversed() { instances.remove(at: index) }
      component.note("asking an instance after half of the others ended")
      _ = try instances.last?.answers(amount: 1)
      instances = []
      _ = try component.live().answers(amount: 1)
    },
    ConformanceTest(
      id: "life.destroy",
      kinds: ComponentKind.allCases,
      reach: .inProcess,
      summary: "destroy gives everything back: memory, descriptors and threads."
    ) { component in
      func cycle(_ count: Int) throws {
        for _ in 0..<count { _ = try component.live().answers(amount: 1) }
      }
      component.note("creating and destroying instances")
      try cycle(10)
      // The allocator's caches count as held and fill up for a while: only what grows every time grows with the instances.
      for time in 1...3 {
        let before = ProcessUse()
        try cycle(100)
        do {
          try ProcessUse().expectNoGrowth(since: before, over: 100, unit: "instance")
          return
        } catch  where time < 3 {}
      }
    },
    ConformanceTest(
      id: "life.reconfigure",
      kinds: ComponentKind.allCases,
      summary: "Changeable parameters can be changed, and the component goes on."
    ) { component in
      let changeable = component.component.parameters.parameters.filter(\.isChangeable)
      guard !changeable.isEmpty else { throw CheckEnd.skipped("no parameter is changeable") }
      if component.isNative, try !component.probe().canReconfigure {
        throw CheckEnd.failed(
          "\(changeable[0].name) is changeable, and the library has no reconfigure",
          cure: "fill in reconfigure, or take 'changeable' off"
        )
      }
      for parameter in changeable {
        for value in parameter.borderValues {
          component.note("changing \(parameter.name) to \(value.json)")
          let change = ParameterValue.object([ParameterEntry(parameter.name, value)])
          try component.reconfigured(change)
        }
      }
    },
  ]
}

extension CheckedComponent {
  /// Brings the component to life, changes parameters while it lives, and asks it again.
  fileprivate func reconfigured(_ change: ParameterValue) throws {
    func check(_ part: AnyObject, _ reconfigure: (ParameterValue) throws -> Void) throws {
      let live = Live(self, part)
      _ = try live.answers(amount: 1)
      do {
        try reconfigure(change)
      } catch let error as PluginError {
        // A combination may be refused, with a reason; the old values hold then.
        guard error.isReasonedRefusal else {
          throw CheckEnd.failed(
            "\(change.json): \(error.message)",
            cure: "take every value that the manifest allows, or say why not (ERROR_ARGUMENT)"
          )
        }
      }
      do {
        _ = try live.answers(amount: 1)
      } catch let error as PluginError {
        throw CheckEnd.failed(
          "after \(change.json): \(error.message)",
          cure: "leave a working instance behind, whether the change was taken or not"
        )
      }
    }
    switch component.kind {
    case .reward:
      let loaded = try reward()
      try check(loaded.part) { try loaded.reconfigure($0) }
    case .dataset:
      let loaded = try catalog.loadDataset(reference(), services: .forChecks)
      try check(loaded.part) { try loaded.reconfigure($0) }
    case .strategy:
      let loaded = try catalog.loadStrategy(reference(), services: .forChecks)
      try check(loaded.part) { try loaded.reconfigure($0) }
    }
  }
}

extension PluginError {
  /// Whether the plugin said with words that an argument is wrong.
  var isReasonedRefusal: Bool {
    guard case .refused(let status) = problem else { return false }
    // STEPWISE_ERROR_ARGUMENT
    return status == -2 && !message.utf8Contains("without a message")
  }
}

extension ParameterSchema.Parameter {
  /// The values at the borders of what it takes.
  var borderValues: [ParameterValue] {
    if !allowed.isEmpty { return allowed }
    switch type {
    case .boolean: return [.bool(false), .bool(true)]
    case .integer: return [minimum, maximum].compactMap { $0 }.map { .int(Int64($0)) }
    case .number: return [minimum, maximum].compactMap { $0 }.map { .double($0) }
    default: return []
    }
  }
}
