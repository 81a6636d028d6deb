import Components
import Glibc
import PluginHost

extension ConformanceTest {
  /// What belongs to the process.
  static let environment: [ConformanceTest] = [
    ConformanceTest(
      id: "environment.process",
      kinds: ComponentKind.allCases,
      reach: .inProcess,
      summary: "Working directory, locale, umask, signals, variables and descriptors 0 to 2 stay."
    ) { component in
      let before = ProcessSnapshot()
      func compare(_ when: String) throws {
        if let found = ProcessSnapshot().firstDifference(from: before) {
          throw CheckEnd.failed(
            "\(when) changed \(found)",
            cure: "leave it alone: it belongs to the run, and its other plugins"
          )
        }
      }
      if component.isNative {
        let probe = try component.probe()
        try compare("loading the library")
        withExtendedLifetime(try probe.make()) {}
        try compare("an instance's life")
      }
      do {
        let live = try component.live()
        component.note("asking it")
        _ = try live.answers()
        try compare("a call")
      }
      try compare("destroy")
    },
    ConformanceTest(
      id: "environment.floating-point",
      kinds: ComponentKind.allCases,
      reach: .native,
      summary: "Rounding, flushing to zero and traps stay as they are."
    ) { component in
      let log = LogLines()
      _ = try component.live(services: log.services()).answers()
      if let line = log.all.first(where: { $0.utf8Contains(floatingPointWarning) }) {
        throw CheckEnd.failed(
          line,
          cure: "put the mode back before returning; compile without -ffast-math"
        )
      }
    },
    ConformanceTest(
      id: "environment.output",
      kinds: ComponentKind.allCases,
      reach: .inProcess,
      summary: "Nothing is written to standard output or standard error."
    ) { component in
      func written() -> [Int] {
        fflush(nil)
        return [STDOUT_FILENO, STDERR_FILENO].map { Int(lseek($0, 0, SEEK_CUR)) }
      }
      let before = written()
      _ = try component.live().answers()
      let after = written()
      for (index, name) in ["standard output", "standard error"].enumerated()
      where after[index] != before[index] {
        throw CheckEnd.failed(
          "it wrote \(after[index] - before[index]) bytes to \(name)",
          cure: "use host->log: the streams belong to the run's screen and to who reads its JSON"
        )
      }
    },
  ]
}
