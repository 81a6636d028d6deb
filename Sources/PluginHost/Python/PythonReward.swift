import CStepwisePlugin
import Components
import Dispatch
import Synchronization

/// A reward in Python as the trainer sees it, in one interpreter or several. Every outcome is checked as those of libraries are.
final class PythonReward: RewardFunction {
  private let request: ComponentRequest
  private let sessions: [PythonSession]
  let identity: ComponentIdentity
  let description: RewardDescription
  private let givesAnswers: Bool
  /// What its functions take beside prompts, completions and columns.
  private let wants: Set<String>

  /// Which package computes what, and which service answers, is not Stepwise's to promise: outcomes are kept and not asked twice.
  let isReproducible = false

  /// How many batches that failed were kept: a reward that always fails must not fill the disk.
  private var keptCalls = 0
  private static let keptCallLimit = 16

  init(
    _ request: ComponentRequest,
    _ module: PluginManifest.PythonModule
  ) throws(PluginError) {
    self.request = request
    var sessions: [PythonSession] = []
    for _ in 0..<max(1, request.workers) { sessions.append(try PythonSession(request, module)) }
    self.sessions = sessions
    let session = sessions[0]
    identity = request.plugin.identity
    description = try Self.describe(session)
    if case .bool(true)? = session.description["has_answers"] {
      givesAnswers = true
    } else {
      givesAnswers = false
    }
    var wants: Set<String> = []
    if case .array(let names)? = session.description["wants"] {
      wants = Set(names.compactMap(\.string))
    }
    self.wants = wants
  }

  func reconfigure(_ changes: ParameterValue) throws(PluginError) {
    for session in sessions { try session.reconfigure(changes) }
  }

  // MARK: - Scoring

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
    let (request, description, wants) = (request, description, wants)
    try request.requireColumns(description.requiredColumns, of: batch, hook: "score")
    return try inParts(batch) { session, range in
      let answer = try session.call("score") {
        Self.write(batch, range, wants, into: &$0)
      }
      guard case .array(let values)? = answer["scores"] else {
        throw request.error(.output, hook: "score", "it gave no scores")
      }
      let raw = RawScores(
        isIntact: true,
        count: UInt64(values.count),
        scores: zip(batch.items[range], values).map { item, value in
          stepwise_score(
            item: item.id,
            value: value.double ?? .nan,
            status: Int32(value == .null ? STEPWISE_SCORE_ABSTAIN : STEPWISE_SCORE_OK),
            reserved: 0
          )
        },
        explanations: [:]
      )
      do throws(RawScores.Problem) {
        return try raw.check(range, of: batch, description: description)
      } catch {
        let cure = error.cure?.replacing("or abstain", with: "or None to abstain")
        throw request.error(.output, hook: "score", error.message, cure: cure)
      }
    }
  }

  func answers(_ batch: RewardBatch) throws -> [String?] {
    guard givesAnswers else { return Array(repeating: nil, count: batch.items.count) }
    let (request, wants) = (request, wants)
    try request.requireColumns(description.requiredColumns, of: batch, hook: "answers")
    return try inParts(batch) { session, range in
      let answer = try session.call("answers") {
        Self.write(batch, range, wants, into: &$0)
      }
      guard case .array(let values)? = answer["answers"], values.count == range.count else {
        throw request.error(.output, hook: "answers", "it gave not one answer for each item")
      }
      for (index, value) in zip(range, values) {
        let limit = AnswerCollector.sizeLimit
        guard let size = value.string?.utf8.count, size > Int(limit) else { continue }
        throw request.error(
          .output,
          hook: "answers",
          "the answer of item \(index) has \(size) bytes, \(limit) are the most",
          cure: "give a short normal form"
        )
      }
      return values.map(\.string)
    }
  }

  /// Gives each interpreter a part of the batch, and puts what they answer together in order. A batch that fails is kept for
  /// `plugin reproduce`.
  private func inParts<R: Sendable>(
    _ batch: RewardBatch,
    _ body: @Sendable (PythonSession, Range<Int>) throws -> [R]
  ) throws -> [R] {
    if batch.items.isEmpty { return [] }
    let sessions = sessions
    let parts = batch.parts(sessions.count)
    let results = Mutex<[Result<[R], any Error>?]>(Array(repeating: nil, count: parts.count))
    if parts.count == 1 {
      let result = Result { try body(sessions[0], parts[0]) }
      results.withLock { $0[0] = result }
    } else {
      DispatchQueue.concurrentPerform(iterations: parts.count) { index in
        let result = Result { try body(sessions[index], parts[index]) }
        results.withLock { $0[index] = result }
      }
    }
    do {
      // The first part's error, whichever interpreter failed first.
      return try results.withLock { $0 }.flatMap { try $0!.get() }
    } catch var error as PluginError {
      keptCalls += 1
      guard keptCalls <= Self.keptCallLimit else { throw error }
      let parameters = sessions[0].parameters
      error.bundle =
        ReplayBundle(request: request, parameters: parameters, batch: batch, error: error).keep()
      throw error
    }
  }

  // MARK: - Batches

  /// A row that neighbours share crosses once.
  private static func write(
    _ batch: RewardBatch,
    _ range: Range<Int>,
    _ wants: Set<String>,
    into writer: inout JSONWriter
  ) {
    let items = batch.items[range]
    var rows: [Example] = []
    let rowOf = items.map { item -> Int in
      if rows.last.map({ $0.id != item.example.id || $0 != item.example }) ?? true {
        rows.append(item.example)
      }
      return rows.count - 1
    }
    writer.field("step", batch.step)
    writer.field("seed", batch.seed)
    writer.key("rows")
    writer.list(rows) { writer, row in
      writer.object { writer in
        writer.key("prompt")
        writer.rowText(row.prompt)
        writer.key("columns")
        writer.list(row.columns) { writer, column in
          writer.pair(column)
        }
      }
    }
    writer.field("row_of", rowOf)
    writer.field("ids", items.map(\.id))
    writer.texts("completions", items.map(\.completion))
    if wants.contains("completion_ids") {
      writer.tokenIDs("completion_ids", items.map(\.completionIDs))
    }
    if wants.contains("truncated") {
      writer.key("truncated")
      writer.list(items) { $0.bool($1.truncated) }
    }
    if wants.contains("prompt_texts") {
      writer.texts("prompt_texts", items.map(\.promptText))
    }
    if wants.contains("completions_with_special_tokens") {
      let texts = items.map(\.completionWithSpecialTokens)
      writer.texts("completions_with_special_tokens", texts)
    }
  }
}

extension JSONWriter {
  /// {"i32": base64 of all ids, little-endian, "lengths": how many belong to each item}: three times as fast as numbers in text.
  fileprivate mutating func tokenIDs(_ name: String, _ values: [[Int32]]) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * values.reduce(0) { $0 + $1.count })
    for id in values.joined() {
      withUnsafeBytes(of: id.littleEndian) { bytes.append(contentsOf: $0) }
    }
    key(name)
    object { writer in
      writer.field("i32", Base64.text(of: bytes))
      writer.field("lengths", values.map(\.count))
    }
  }

  fileprivate mutating func texts(_ name: String, _ values: [String]) {
    key(name)
    list(values) { $0.text($1) }
  }

  /// [name, value]
  fileprivate mutating func pair(_ column: Column) {
    list(0..<2) { writer, part in
      if part == 0 { writer.text(column.name) } else { writer.column(column.value) }
    }
  }
}

// MARK: - Description

extension PythonReward {
  /// What it declares: the manifest's measures, and what the code says beyond them.
  private static func describe(_ session: PythonSession) throws(PluginError) -> RewardDescription {
    let request = session.request
    let measures = request.component.measures
    let declared = session.description
    let minimum = declared["minimum"]?.double ?? measures?.minimum ?? -.infinity
    let maximum = declared["maximum"]?.double ?? measures?.maximum ?? .infinity
    let threshold = declared["success_threshold"]?.double ?? measures?.successThreshold ?? .nan
    if let problem = request.problem(ofRange: (minimum, maximum, threshold)) {
      throw request.error(.output, hook: "open", problem, cure: "correct the declaration")
    }
    var columns = measures?.columns ?? []
    if case .array(let names)? = declared["columns"] {
      for name in names.compactMap(\.string) where !columns.contains(name) { columns.append(name) }
    }
    let name = declared["name"]?.string ?? measures?.name ?? ""
    guard name.utf8.count <= 128 else {
      throw request.error(.output, hook: "open", "the name has \(name.utf8.count) bytes, above 128")
    }
    return RewardDescription(
      name: name.isEmpty ? PluginCatalog.shortName(request.component.id) : name,
      minimum: minimum.isFinite ? minimum : nil,
      maximum: maximum.isFinite ? maximum : nil,
      successThreshold: threshold.isNaN ? nil : threshold,
      requiredColumns: columns
    )
  }
}
