import Components
import Glibc
import PluginHost

/// The child's side: does one job and leaves the answer on the board.
public enum CheckChild {
  /// The descriptor on which the board comes.
  private static let boardDescriptor: Int32 = 3

  /// Does the job that `CheckHost` gave, and ends the process.
  ///
  /// The process ends without destructors and exit handlers: those of a plugin have had their chance when its instance was
  /// destroyed, and one that crashes at exit must not be taken for a fault of the test.
  public static func run(_ job: String) -> Never {
    // No core file for a crash that is expected, and no question to a user.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    do {
      let board = try ReportBoard(Descriptor(owning: boardDescriptor))
      let job = try ParameterValue(json: Array(job.utf8))
      let answer = try perform(job, board)
      board.answer(answer.json)
      _exit(0)
    } catch {
      // Not a finding: the parent and the child do not understand each other.
      let text = Array("stepwise: \(error)\n".utf8)
      _ = write(STDERR_FILENO, text, text.count)
      _exit(64)
    }
  }

  /// Why a job cannot be done.
  struct Misunderstanding: Error, CustomStringConvertible {
    var description: String
  }

  private static func perform(_ job: ParameterValue, _ board: ReportBoard) throws -> ParameterValue
  {
    guard let subject = job["subject"].flatMap({ CheckSubject($0) }) else {
      throw Misunderstanding(description: "the job names no subject")
    }
    switch job.text("job") {
    case "test":
      guard let id = job.text("test"), let test = ConformanceTest.all.first(where: { $0.id == id })
      else { throw Misunderstanding(description: "there is no test \(job.text("test") ?? "")") }
      return run(test, subject, board)
    case "fuzz": return try FuzzJob(job).run(subject, board)
    case "score": return try ScoreJob(job).run(subject, board)
    case "bench": return try BenchmarkJob(job).run(subject, board)
    default: throw Misunderstanding(description: "there is no job \(job.text("job") ?? "")")
    }
  }

  private static func run(
    _ test: ConformanceTest,
    _ subject: CheckSubject,
    _ board: ReportBoard
  ) -> ParameterValue {
    var end = CheckEnd.passed("")
    var evidence = ""
    do {
      board.note("reading the manifest")
      let component = try CheckedComponent(subject, board: board)
      if let reason = component.reason(against: test.reach) { throw CheckEnd.skipped(reason) }
      board.note("starting")
      try test.body(component)
      evidence = component.evidence
    } catch let found as CheckEnd {
      end = found
    } catch let error as PluginError {
      let hook = error.hook.map { "\($0): " } ?? ""
      end = .skipped("not reached: \(hook)\(error.message)")
    } catch {
      end = .skipped("not reached: \(error)")
    }
    return .object([
      ParameterEntry("answer", .string(end.answer.rawValue)),
      ParameterEntry("found", .string(end.found)), ParameterEntry("cure", .string(end.cure)),
      ParameterEntry("evidence", .string(digest(evidence))),
    ])
  }

  /// Each line cut to what a person compares, with a hash of all of it.
  private static func digest(_ evidence: String) -> String {
    evidence.utf8.split(separator: 10).map { line in
      let hash = line.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01B3
      }
      return String(decoding: line.prefix(160), as: UTF8.self) + " #" + String(hash, radix: 16)
    }.joined(separator: "\n")
  }
}
