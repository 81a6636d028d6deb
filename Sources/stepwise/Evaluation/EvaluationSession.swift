import Components
import Foundation
import Glibc
import RunStore
import Training

/// One evaluation from its beginning, or from where it was stopped, to its results.
///
/// The work is a fixed sequence of pieces: set after set, mode after mode, a number of prompts at a time. What is kept in a directory
/// is always a whole number of pieces, so that going on asks the model and the rewards exactly what a first try would have.
struct EvaluationSession {
  let target: EvaluationTarget
  let parts: EvaluationParts
  let modes: [Evaluation.Mode]
  /// For which k pass@k and maj@k are reported; empty for the usual ones.
  var counts: [Int] = []
  let notices: NoticeBoard

  /// Rows of one set that are drawn and judged together.
  private struct Piece {
    var set: EvaluationParts.Rows
    var mode: Evaluation.Mode
    var range: Range<Int>
  }

  private var pieces: [Piece] {
    parts.sets.flatMap { set in
      modes.flatMap { mode in
        let size = parts.evaluation.promptsAtOnce(mode)
        return stride(from: 0, to: set.count, by: size).map { start in
          Piece(set: set, mode: mode, range: start..<min(set.count, start + size))
        }
      }
    }
  }

  /// Evaluates, keeping nothing but the results.
  func run() throws -> EvaluationResults {
    StopRequest.listen()
    var prompts: [EvaluatedPrompt] = []
    try work(through: pieces[...], done: 0) { prompts += $0 }
    return try results(of: prompts, model: target.modelPath)
  }

  /// Evaluates into a directory, going on with what is there.
  ///
  /// - Throws: `EvaluationDirectoryError` where the directory holds an evaluation with other settings; `Interrupted` when somebody
  ///   asked to stop.
  func run(into url: URL) throws -> EvaluationResults {
    let directory = try EvaluationDirectory(at: url)
    let settings = try EvaluationSettings(target, parts, modes: modes)
    var prompts: [EvaluatedPrompt] = []
    if let stored = try directory.settings() {
      let differences = settings.differences(from: stored)
      if !differences.isEmpty {
        throw EvaluationDirectoryError.otherSettings(
          path: ProcessPaths.shown(url),
          differences: differences
        )
      }
      prompts = try StoredEvaluation.prompts(of: url, rewards: parts.rewardNames)
      try check(prompts, in: url)
    } else {
      try directory.begin(settings.record)
    }
    // A piece that is not whole is done again.
    var kept = 0
    var left = pieces[...]
    while let next = left.first, kept + next.range.count <= prompts.count {
      kept += next.range.count
      left = left.dropFirst()
    }
    try directory.keep(kept)
    prompts.removeLast(prompts.count - kept)
    if kept > 0, !left.isEmpty {
      StandardError.write("stepwise: going on after \(NumberText.grouped(kept)) prompts")
    }
    StopRequest.listen()
    do {
      try work(through: left, done: kept) { judged in
        try directory.append(judged.map { $0.record(rewards: parts.rewardNames) })
        prompts += judged
      }
    } catch is Interrupted {
      StandardError.write(
        "stepwise: stopped after \(NumberText.grouped(prompts.count)) of "
          + "\(NumberText.grouped(total)) prompts; the same command goes on"
      )
      throw Interrupted()
    }
    let stored = try directory.settings() ?? settings.record
    guard case .object(let model)? = stored["model"] else {
      throw EvaluationDirectoryError.notAnEvaluation(path: ProcessPaths.shown(url))
    }
    let results = try results(of: prompts, model: Record(model)["path"]?.text ?? "")
    try directory.finish(results.record)
    return results
  }

  private var total: Int { parts.sets.reduce(0) { $0 + $1.count } * modes.count }

  private func work(
    through pieces: ArraySlice<Piece>,
    done: Int,
    _ keep: ([EvaluatedPrompt]) throws -> Void
  ) throws {
    var progress = EvaluationProgress(total: total, done: done)
    defer {
      progress.clear()
      for notice in notices.drain() { StandardError.write(notice) }
    }
    for piece in pieces {
      if StopRequest.isPending { throw Interrupted() }
      let label = "\(piece.set.name), \(piece.mode.name)"
      let judged = try parts.evaluation.judge(
        piece.set.dataset,
        piece.range,
        set: piece.set.name,
        mode: piece.mode,
        keeping: parts.pairingColumns(of: piece.set)
      ) { progress.show(label, piece: piece.range.count, share: Double($0) / Double($1)) }
      try keep(judged)
      progress.done += piece.range.count
    }
  }

  /// Refuses lines that this evaluation would not have written.
  private func check(_ prompts: [EvaluatedPrompt], in url: URL) throws {
    let path = "\(ProcessPaths.shown(url))/\(EvaluationDirectory.generationsName)"
    let places = pieces.lazy.flatMap { piece in
      piece.range.map { (set: piece.set.name, mode: piece.mode, row: $0) }
    }
    var expected = places.makeIterator()
    for (index, prompt) in prompts.enumerated() {
      guard let place = expected.next() else {
        throw EvaluationDirectoryError.strange(
          path: path,
          line: index + 1,
          problem: "the evaluation has \(total) prompts"
        )
      }
      guard prompt.set == place.set, prompt.mode == place.mode.name, prompt.row == place.row,
        prompt.completions.count == place.mode.numGenerations
      else {
        throw EvaluationDirectoryError.strange(
          path: path,
          line: index + 1,
          problem:
            "set \(prompt.set), \(prompt.mode), row \(prompt.row) stands where row \(place.row) of "
            + "\(place.set), \(place.mode.name), with \(place.mode.numGenerations) completions is expected"
        )
      }
    }
    try checkRows(prompts, in: url)
  }

  /// Refuses to go on where a dataset gives other rows than those that were judged: the settings name a plugin and its parameters, not
  /// what is in its files.
  private func checkRows(_ prompts: [EvaluatedPrompt], in url: URL) throws {
    var rest = prompts[...]
    for piece in pieces where !rest.isEmpty {
      let judged = rest.prefix(piece.range.count)
      rest = rest.dropFirst(judged.count)
      let start = piece.range.lowerBound
      let rows = try piece.set.dataset.examples(in: start..<(start + judged.count))
      for (prompt, row) in zip(judged, rows) where !prompt.isMade(of: row) {
        throw InputError(
          ProcessPaths.shown(url),
          "",
          "row \(prompt.row) of set \(prompt.set) is another one now: its prompt or its columns have "
            + "changed since it was judged",
          cure: "Evaluate the rows as they were, or choose another --output-dir"
        )
      }
    }
  }

  private func results(of prompts: [EvaluatedPrompt], model: String) throws -> EvaluationResults {
    try EvaluationResults(
      prompts,
      model: model,
      step: target.step,
      seed: target.loaded.configuration.training.seed,
      sets: parts.sets.map { .init(name: $0.name, clean: $0.clean, pairBy: $0.pairBy) },
      modes: modes.map { .init(name: $0.name, k: $0.numGenerations) },
      rewards: parts.rewardNames,
      counts: counts,
      categories: target.loaded.configuration.evaluationCategories
    )
  }
}

/// How far an evaluation is, on one line of a terminal; silent elsewhere.
struct EvaluationProgress {
  private let isShown = isatty(STDERR_FILENO) == 1
  private let clock = ContinuousClock()
  private let began: ContinuousClock.Instant
  private let total: Int
  private let before: Int
  private var last = ""
  /// Prompts that are done.
  var done: Int

  init(total: Int, done: Int) {
    began = clock.now
    (self.total, self.done, before) = (total, done, done)
  }

  /// - Parameters:
  ///   - piece: prompts that are being worked on.
  ///   - share: how much of them is generated.
  mutating func show(_ label: String, piece: Int, share: Double) {
    guard isShown else { return }
    let now = Double(done) + share * Double(piece)
    let seconds = Double((clock.now - began).components.seconds)
    let rest = now > Double(before) ? seconds / (now - Double(before)) * (Double(total) - now) : 0
    let line =
      "\(label): \(NumberText.grouped(Int(now))) of \(NumberText.grouped(total)) prompts"
      + (seconds >= 5 ? ", \(NumberText.duration(rest)) to go" : "")
    guard line != last else { return }
    last = line
    write("\r\u{1b}[K" + line.printable)
  }

  func clear() {
    if isShown, !last.isEmpty { write("\r\u{1b}[K") }
  }

  private func write(_ text: String) {
    _ = try? StandardStream.write(text, to: STDERR_FILENO, name: "standard error")
  }
}
