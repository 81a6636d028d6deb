public import Components
public import PluginHost

/// Asks a component made-up questions in processes of its own until enough of them went wrong.
public struct FuzzRunner: Sendable {
  private let host: CheckHost
  private let subject: CheckSubject
  private let seed: UInt64
  /// Cases of one process: a crash loses at most so many, which are asked again.
  private static let batchOfCases = 250
  /// Seconds that so many cases may take.
  private static let limit = 60.0
  /// Seconds that one case may take when a failing batch is made smaller.
  private static let shrinkLimit = 5.0

  /// Creates a runner.
  public init(host: CheckHost, subject: CheckSubject, seed: UInt64) {
    self.host = host
    self.subject = subject
    self.seed = seed
  }

  /// A case that went wrong.
  public struct Finding: Sendable {
    /// Its number.
    public var number: Int
    /// What happened.
    public var failure: String
    /// The batch, as small as was found; `nil` for components other than rewards.
    public var batch: RewardBatch?
    /// How many items the batch had at first.
    public var originalCount = 0
  }

  /// What came of all cases.
  public struct Summary: Sendable {
    /// Cases that were asked.
    public var cases = 0
    /// Cases with odd columns or numbers that the plugin refused with a reason.
    public var refused = 0
    /// Cases that went wrong.
    public var findings: [Finding] = []
  }

  /// Runs the cases from 0.
  ///
  /// - Parameters:
  ///   - cases: how many.
  ///   - findings: how many failures are enough.
  ///   - progress: called with the number of cases done.
  public func run(
    cases: Int,
    findings: Int = 1,
    progress: (Int) throws -> Void = { _ in }
  ) throws -> Summary {
    var summary = Summary()
    var next = 0
    while next < cases {
      let count = min(Self.batchOfCases, cases - next)
      let job = FuzzJob.job(subject, seed: seed, first: next, count: count)
      let outcome = try host.run(job, limit: Self.limit)
      if outcome.exit == .exited(0), let done = outcome.answer?.number("done") {
        next += Int(done)
        summary.refused += Int(outcome.answer?.number("refused") ?? 0)
        summary.cases = next
        try progress(next)
        continue
      }
      let failure: String
      if outcome.exit == .exited(0), let text = outcome.answer?.text("failure") {
        failure = text
      } else {
        failure = try outcome.words(limit: Self.limit * host.slowness)
      }
      guard let number = Int(outcome.stage), number >= next else {
        throw CallBundle.Failure(description: "the component cannot be tried: \(failure)")
      }
      summary.findings.append(try finding(number, failure))
      summary.cases = number + 1
      if summary.findings.count >= findings { break }
      next = number + 1
    }
    return summary
  }

  private func finding(_ number: Int, _ failure: String) throws -> Finding {
    var finding = Finding(number: number, failure: failure)
    guard subject.kind == .reward else { return finding }
    let job = FuzzJob.job(subject, seed: seed, first: number, count: 1, show: true)
    let outcome = try host.run(job, limit: Self.limit)
    guard let text = outcome.answer?.text("batch") else { return finding }
    guard let batch = try BatchFile.parse(Array(text.utf8), file: "case \(number)").first else {
      return finding
    }
    finding.originalCount = batch.items.count
    (finding.batch, finding.failure) = try shrink(batch, failure)
    return finding
  }

  // MARK: - Making it smaller

  /// The smallest batch that was found to fail, with how it fails: one item where one is enough, its completion cut by halves.
  private func shrink(
    _ batch: RewardBatch,
    _ failure: String
  ) throws -> (RewardBatch, String) {
    var best = batch
    var words = failure
    var tries = 40
    func fails(_ items: [RewardItem]) throws -> Bool {
      guard tries > 0 else { return false }
      tries -= 1
      var other = batch
      other.items = items
      guard let found = try self.failure(of: other) else { return false }
      (best, words) = (other, found)
      return true
    }
    // By halves, then item by item.
    while best.items.count > 1 {
      let middle = best.items.count / 2
      let items = best.items
      if try fails(Array(items[..<middle])) { continue }
      if try fails(Array(items[middle...])) { continue }
      break
    }
    guard best.items.count == 1 else { return (best, words) }
    var isSmaller = true
    while isSmaller {
      isSmaller = false
      var item = best.items[0]
      let scalars = Array(item.completion.unicodeScalars)
      guard scalars.count > 1 else { break }
      for half in [scalars[..<(scalars.count / 2)], scalars[(scalars.count / 2)...]]
      where !isSmaller {
        item.completion = String(String.UnicodeScalarView(half))
        item.completionWithSpecialTokens = item.completion
        isSmaller = try fails([item])
      }
    }
    return (best, words)
  }

  /// How a batch fails, or `nil`.
  private func failure(of batch: RewardBatch) throws -> String? {
    let file = try TemporaryFile()
    try BatchFile.write([batch], to: file.path)
    var subject = subject
    subject.batchFile = file.path
    return try ScoreJob.run(subject, on: host, limit: Self.shrinkLimit).failure
  }

  /// A finding as a bundle that `plugin reproduce` runs again.
  ///
  /// - Parameter library: the plugin's, where it has one.
  public func bundle(
    of finding: Finding,
    manifest: PluginManifest,
    library: String?
  ) -> CallBundle {
    CallBundle(
      plugin: subject.component,
      version: manifest.version.description,
      digest: library.flatMap { try? LibraryFacts(contentsOf: $0).digest } ?? "",
      manifestFile: subject.manifestFile,
      parameters: subject.parameters,
      deadline: 30,
      error: finding.failure
    )
  }
}
