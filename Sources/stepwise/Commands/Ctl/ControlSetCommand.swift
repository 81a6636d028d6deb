import ArgumentParser
import RunControl
import RunStore

/// `stepwise ctl RUN set KEY=VALUE`.
struct ControlSetCommand: ControlVerb {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Change a value at the next step boundary, at once or as a ramp.",
    discussion: """
      KEY is a key of the configuration that may change while a run goes, for example grpo.learning_rate, \
      grpo.beta, grpo.temperature, the weight of a reward, or a parameter of the strategy; VALUE has YAML's \
      syntax. The run says which keys those are when another is given.
      """
  )

  @Argument(help: ArgumentHelp("What becomes what.", valueName: "key=value"))
  var assignment: String

  @Option(help: ArgumentHelp("Go there in equal parts over so many steps.", valueName: "steps"))
  var over: Int?

  @OptionGroup var options: ControlOptions

  func validate() throws {
    if let over, over < 1 { throw ValidationError("--over: \(over) is not above 0.") }
    let parts = parts
    if parts.key.isEmpty || parts.value == nil {
      throw ValidationError(
        "\(assignment) is not of the form KEY=VALUE, for example grpo.learning_rate=1e-5."
      )
    }
    do throws(ConfigurationError) {
      _ = try YAMLReader.read(parts.value ?? "", from: .argument(assignment))
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func perform(on run: RunReference) throws {
    var fields: Record = ["key": .string(parts.key), "value": RecordValue(parts.value)]
    if let over { fields["over"] = RecordValue(over) }
    try ControlExchange(run, options).perform(ControlRequest("set", fields))
  }

  private var parts: (key: String, value: String?) {
    guard let equals = assignment.firstIndex(of: "=") else { return (assignment, nil) }
    return (
      String(assignment[..<equals]), String(assignment[assignment.index(after: equals)...])
    )
  }
}
