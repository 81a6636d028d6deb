import ArgumentParser
import Glibc

/// Runs the command line and turns what it throws into a message and an exit code.
@main
enum Main {
  static func main() {
    // A reader that goes away (`stepwise ... | head`) is a failed write, not a silent death.
    signal(SIGPIPE, SIG_IGN)
    // A file size limit is a failed write too, with a message, and not a core dump.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try Stepwise.parseAsRoot()
      try command.run()
    } catch {
      // Help, version and mistakes in the arguments are ArgumentParser's to word: it knows a code other than "failed".
      if error is ExitCode || Stepwise.exitCode(for: error) != .failure {
        Stepwise.exit(withError: error)
      }
      let report = ErrorReport(error)
      if !(error is Interrupted) { StandardError.write("stepwise: \(report.message)") }
      Glibc.exit(report.status.rawValue)
    }
  }
}
