import CStepwisePlugin

/// Turns what goes wrong in an interpreter into the errors that all plugins have.
enum PythonFailures {
  /// What the interpreter reports: an exception with its whole traceback, or an answer that breaks the contract.
  static func reported(
    _ report: JSONTree,
    hook: String,
    _ request: ComponentRequest
  ) -> PluginError {
    let summary = report["summary"]?.string ?? "it failed and did not say why"
    let cure = report["cure"]?.string
    switch report["kind"]?.string {
    case "exception":
      let trace = report["traceback"]?.string.map { "\n" + $0 } ?? ""
      let status = Int32(STEPWISE_ERROR)
      return request.error(.refused(status: status), hook: hook, summary + trace, cure: cure)
    case "load": return request.error(.handshake, hook: hook, summary, cure: cure)
    case "parameters": return request.error(.parameters, hook: hook, summary, cure: cure)
    case "state": return request.error(.state, hook: hook, summary, cure: cure)
    default: return request.error(.output, hook: hook, summary, cure: cure)
    }
  }

  /// The end of an interpreter, with what it wrote to standard error last: the traces of its threads, where it could.
  static func ended(
    _ failure: PythonProcess.Failure,
    hook: String,
    _ request: ComponentRequest,
    _ interpreter: PythonInterpreter
  ) -> PluginError {
    switch failure {
    case .ended(let exit, let output):
      let words = "its interpreter \(interpreter.path) ended with \(exit)"
      return request.error(.crashed(exit), hook: hook, words + followed(output))
    case .overdue(let time, let output):
      let words = "it gave no answer within \(time) and was killed"
      return request.error(
        .timeout(seconds: time / .seconds(1)),
        hook: hook,
        words + followed(output)
      )
    case .garbled(let words):
      return request.error(.isolation, hook: hook, words)
    case .reported(let report):
      return reported(report, hook: hook, request)
    }
  }

  private static func followed(_ output: String) -> String { output.isEmpty ? "" : "\n" + output }
}
