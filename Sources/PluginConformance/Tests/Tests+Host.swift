import Components
import PluginHost

extension ConformanceTest {
  /// What the host tells a plugin while it works.
  static let host: [ConformanceTest] = [
    ConformanceTest(
      id: "host.cancellation",
      kinds: ComponentKind.allCases,
      summary: "Once the user wants to stop, a call ends soon: with answers or ERROR_CANCELLED."
    ) { component in
      var services = HostServices.forChecks
      services.isCancelled = { true }
      // STEPWISE_ERROR_CANCELLED
      try component.ask(services, allowing: -6, "while the user wants to stop")
    },
    ConformanceTest(
      id: "host.deadline",
      kinds: ComponentKind.allCases,
      // In a process of its own it would be killed, not asked.
      reach: .inProcess,
      summary: "Without time left, a call ends soon: with answers or ERROR_DEADLINE."
    ) { component in
      var services = HostServices.forChecks
      services.callBudget = .zero
      // STEPWISE_ERROR_DEADLINE
      try component.ask(services, allowing: -7, "with no time left")
    },
    ConformanceTest(
      id: "host.no-services",
      kinds: ComponentKind.allCases,
      summary: "Without the optional services it works, or says what it misses."
    ) { component in
      var services = HostServices.forChecks
      services.encode = nil
      services.decode = nil
      services.logProbabilities = nil
      do {
        _ = try component.live(services: services).answers(amount: 1)
      } catch let error as PluginError {
        guard case .refused = error.problem, !error.message.utf8Contains("without a message") else {
          throw error
        }
        throw CheckEnd.passed("it says: \(error.message)")
      }
    },
  ]
}

extension CheckedComponent {
  fileprivate func ask(_ services: HostServices, allowing code: Int32, _ when: String) throws {
    do {
      let live = try live(services: services)
      note("asking \(when)")
      _ = try live.answers()
    } catch let error as PluginError {
      guard case .refused(let status) = error.problem else { throw error }
      guard status == code else {
        throw CheckEnd.failed(
          "\(when) it answers the status \(status): \(error.message)",
          cure:
            "answer the usual outcomes, or STEPWISE_ERROR_\(code == -6 ? "CANCELLED" : "DEADLINE")"
        )
      }
    }
  }
}
