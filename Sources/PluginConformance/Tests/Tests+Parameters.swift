import Components
import PluginHost

extension ConformanceTest {
  /// The manifest's parameters against what the component takes.
  static let parameters: [ConformanceTest] = [
    ConformanceTest(
      id: "parameters.defaults",
      kinds: ComponentKind.allCases,
      summary: "The defaults alone are enough to bring it to life."
    ) { component in
      let schema = component.component.parameters
      let required = schema.parameters.filter { $0.isRequired && $0.defaultValue == nil }
      guard required.isEmpty else {
        let names = required.map(\.name).joined(separator: ", ")
        throw CheckEnd.skipped("there is no default for \(names)")
      }
      component.note("bringing the component to life with its defaults")
      try component.expect { _ = try component.load(.object([])) }
    },
    ConformanceTest(
      id: "parameters.unknown",
      kinds: ComponentKind.allCases,
      summary: "A parameter that the manifest does not have is refused before the plugin sees it."
    ) { component in
      let odd = ParameterValue.object([ParameterEntry("no-such-parameter", .int(1))])
      do {
        _ = try component.load(odd)
      } catch let error as PluginError where error.problem == .parameters {
        return
      }
      throw CheckEnd.failed("it was taken", cure: "list every parameter in the manifest")
    },
    ConformanceTest(
      id: "parameters.bounds",
      kinds: ComponentKind.allCases,
      summary: "Every minimum, maximum and listed value is taken, or refused with a reason.",
      limit: 60
    ) { component in
      var refused: [String] = []
      var isUnnamed = false
      for parameter in component.component.parameters.parameters {
        for value in parameter.borderValues {
          component.note("creating with \(parameter.name) = \(value.json)")
          do {
            _ = try component.load(component.parameters(with: parameter.name, value))
          } catch let error as PluginError where error.isReasonedRefusal {
            refused.append("\(parameter.name) = \(value.json) (\(error.message))")
            isUnnamed = isUnnamed || !error.message.utf8Contains(parameter.name)
          } catch let error as PluginError {
            throw CheckEnd.failed(
              "\(parameter.name) = \(value.json), which the manifest allows: \(error.message)",
              cure:
                "take it, refuse it with STEPWISE_ERROR_ARGUMENT and a reason, or narrow the manifest"
            )
          }
        }
      }
      if isUnnamed {
        throw CheckEnd.warning(
          "refused beside the other values: \(refused.joined(separator: "; "))",
          cure: "name the parameter in the message, and say in the manifest what goes with what"
        )
      }
      if !refused.isEmpty {
        throw CheckEnd.passed("refused with a reason: \(refused.joined(separator: "; "))")
      }
    },
  ]
}

extension CheckedComponent {
  /// The example's parameters with one in another value.
  func parameters(with name: String, _ value: ParameterValue) -> ParameterValue {
    var entries: [ParameterEntry] = []
    if case .object(let given) = reference().parameters { entries = given }
    return .object(entries.filter { $0.key != name } + [ParameterEntry(name, value)])
  }
}
