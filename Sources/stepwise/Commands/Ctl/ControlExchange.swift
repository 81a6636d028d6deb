import ArgumentParser
import Components
import RunControl
import RunStore

/// One request to a run, and what is shown of its answer.
struct ControlExchange {
  let run: RunReference
  let options: ControlOptions
  /// How long is waited where the user does not say: `nil` for any time, as a step boundary may take minutes.
  var patience: Duration?

  init(_ run: RunReference, _ options: ControlOptions, patience: Duration? = nil) {
    self.run = run
    self.options = options
    self.patience = patience
  }

  /// Asks, and shows what is answered: progress on standard error, the answer on standard output.
  ///
  /// - Throws: where the run cannot be reached, or refuses.
  func perform(_ request: ControlRequest) throws {
    let timeout = options.timeout.map { Duration.seconds($0) } ?? patience
    let answer: ControlAnswer
    do throws(ControlError) {
      let client = try ControlClient(run: run.shown, timeout: timeout)
      answer = try client.send(request, timeout: timeout) { StandardError.write($0.printable) }
    } catch {
      guard options.json else { throw error }
      let kind: Record = ["error": .string(error.kind.rawValue)]
      return try show(.refused(error.problem, cure: error.cure, kind))
    }
    try show(answer)
  }

  func show(_ answer: ControlAnswer) throws {
    if options.json {
      try StandardOutput.write(answer.record.json + "\n")
      if !answer.isDone { throw ExitCode(ExitStatus.failed.rawValue) }
    } else {
      guard answer.isDone else { throw ControlRefusal(answer) }
      try StandardOutput.write(answer.text.map { $0 + "\n" }.joined())
    }
  }
}

/// The run was asked and has refused.
struct ControlRefusal: Error, CustomStringConvertible {
  var problem: String
  var cure: String

  init(_ answer: ControlAnswer) {
    problem = answer.problem
    cure = answer.cure
  }

  var description: String { cure.isEmpty ? problem : "\(problem)\n\(cure)" }
}

extension RecordValue {
  /// A parameter as it goes over the socket.
  ///
  /// - Throws: for a number that JSON has no form for.
  init(_ value: ParameterValue) throws(ConfigurationError) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value):
      guard value.isFinite else {
        throw ConfigurationError(
          Origin.commandLine("--param"),
          key: "",
          problem: "\(value) is not a finite number",
          cure: "Give a finite one"
        )
      }
      self = .double(value)
    case .string(let value): self = .string(value)
    case .array(let values):
      self = .array(
        try values.map { (value) throws(ConfigurationError) in try RecordValue(value) }
      )
    case .object(let entries):
      self = .object(
        try entries.map { (entry) throws(ConfigurationError) in
          RecordField(entry.key, try RecordValue(entry.value))
        }
      )
    }
  }
}
