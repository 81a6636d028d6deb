import CStepwisePlugin
import Components
import Synchronization

/// A plain C function as a reward. Its outcomes pass the same checks as those of any reward: one for each item, finite, within the
/// declared range.
///
/// Unchecked because the gate lets calls overlap only where the manifest says that the function allows it, and what a call uses
/// besides is behind a lock.
final class FunctionReward: RewardFunction, @unchecked Sendable {
  let identity: ComponentIdentity
  let description: RewardDescription
  let isReproducible: Bool
  private let request: ComponentRequest
  let signature: FunctionSignature
  private let reader: ArgumentReader
  private let call: FunctionCall
  private let isGuarded: Bool
  private let gate: CallGate
  private let state: Mutex<State>

  private struct State: Sendable {
    /// The complete parameters.
    var parameters: ParameterValue
    /// The value of each argument that is a parameter.
    var values: [ArgumentValue?]
    /// Workspaces that no call uses at the moment.
    var idle: IdleWorkspaces
  }

  /// Unchecked because each workspace is taken out before it is used.
  private struct IdleWorkspaces: @unchecked Sendable {
    var list: [FunctionWorkspace] = []
  }

  /// Loads the library and binds the parameters; calls nothing.
  ///
  /// - Parameter isGuarded: places what is passed by pointer before pages that cannot be touched. For a process of its own: a
  ///   read or write past the end ends it.
  init(_ request: ComponentRequest, isGuarded: Bool) throws(PluginError) {
    guard case .cFunction(let signature) = request.runtime else {
      preconditionFailure("\(request.component.id) is no C function")
    }
    self.request = request
    self.signature = signature
    self.isGuarded = isGuarded
    identity = request.plugin.identity
    isReproducible = request.plugin.isReproducible
    reader = ArgumentReader(signature: signature)
    gate = CallGate(isThreadSafe: signature.isThreadSafe)
    description = Self.describe(request, signature)
    let parameters = request.plugin.parameters
    let values = try Self.values(of: parameters, signature, request)
    state = Mutex(State(parameters: parameters, values: values, idle: IdleWorkspaces()))
    let function = try ForeignLibrary.function(
      signature.symbol,
      path: signature.library == nil ? request.plugin.imageFile : request.plugin.libraryFile,
      plugin: request.component.id,
      file: request.plugin.libraryFile
    )
    let call = FunctionCall(
      function: function,
      arguments: signature.callArguments,
      result: signature.result
    )
    guard let call else {
      throw request.error(.linker, "libffi cannot call \(signature.declaration)")
    }
    self.call = call
  }

  /// What the manifest says of a function, for who cannot ask it.
  static func describe(
    _ request: ComponentRequest,
    _ signature: FunctionSignature
  ) -> RewardDescription {
    let measures = request.component.measures
    var columns = measures?.columns ?? []
    for column in signature.columns where !columns.contains(column) { columns.append(column) }
    return RewardDescription(
      name: measures?.name ?? PluginCatalog.shortName(request.component.id),
      minimum: measures?.minimum,
      maximum: measures?.maximum,
      successThreshold: measures?.successThreshold,
      requiredColumns: columns
    )
  }

  private static func values(
    of parameters: ParameterValue,
    _ signature: FunctionSignature,
    _ request: ComponentRequest
  ) throws(PluginError) -> [ArgumentValue?] {
    let reader = ArgumentReader(signature: signature)
    var values: [ArgumentValue?] = []
    for argument in signature.arguments {
      guard case .parameter(let name) = argument.source else {
        values.append(nil)
        continue
      }
      do throws(ArgumentReader.Problem) {
        values.append(try reader.parameter(name, argument.type, in: parameters))
      } catch {
        throw request.error(.parameters, hook: signature.symbol, error.message, cure: error.cure)
      }
    }
    return values
  }

  /// Gives it other values for changeable parameters.
  func reconfigure(_ changes: ParameterValue) throws(PluginError) {
    try replaceParameters(try request.changing(state.withLock { $0.parameters }, by: changes))
  }

  /// Gives it a complete object of parameters, which was checked.
  func replaceParameters(_ complete: ParameterValue) throws(PluginError) {
    let values = try Self.values(of: complete, signature, request)
    gate.withCall(parallel: false) {
      state.withLock {
        $0.parameters = complete
        $0.values = values
      }
    }
  }

  // MARK: - Scoring

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] { try checkedScore(batch) }

  private func checkedScore(_ batch: RewardBatch) throws(PluginError) -> [RewardOutcome] {
    try request.requireColumns(description.requiredColumns, of: batch, hook: signature.symbol)
    if batch.items.isEmpty { return [] }
    let raw = try score(batch.items)
    do {
      return try raw.check(batch.items.indices, of: batch, description: description)
    } catch {
      throw request.error(.output, hook: signature.symbol, error.message, cure: error.cure)
    }
  }

  /// Calls the function for the items it applies to. What it gave is not checked yet.
  func score(_ items: [RewardItem]) throws(PluginError) -> RawScores {
    let environment = FloatingPointEnvironment()
    let outcome = gate.withCall(parallel: true) { () -> Result<RawScores, PluginError> in
      do throws(PluginError) {
        return .success(try scoreInside(items))
      } catch {
        return .failure(error)
      }
    }
    environment.restore()
    return try outcome.get()
  }

  private func scoreInside(_ items: [RewardItem]) throws(PluginError) -> RawScores {
    let (idle, parameters) = state.withLock { ($0.idle.list.popLast(), $0.values) }
    let workspace = idle ?? FunctionWorkspace(signature, call, isGuarded: isGuarded)
    defer { state.withLock { $0.idle.list.append(workspace) } }
    var raw = RawScores(
      isIntact: true,
      count: UInt64(items.count),
      scores: items.map { .poison(item: $0.id) },
      explanations: [:]
    )
    var applicable: [(index: Int, values: [ArgumentValue?])] = []
    for (index, item) in items.enumerated() {
      do throws(ArgumentReader.Problem) {
        if let values = try reader.values(of: item) {
          applicable.append((index, values))
        } else {
          raw.scores[index] = Self.abstained(item)
        }
      } catch {
        raw.refuse(index, item, error.description)
      }
    }
    let calls = signature.call == .item ? applicable.map { [$0] } : [applicable]
    for group in calls where !group.isEmpty {
      let result: FunctionWorkspace.Result
      do {
        result = try workspace.run(group.map(\.values), parameters)
      } catch {
        throw failure("there is no memory for \(error.bytes) bytes of arguments")
      }
      try take(result, group.map(\.index), items, &raw)
    }
    return raw
  }

  /// Puts what one call gave to the items that it was for.
  private func take(
    _ result: FunctionWorkspace.Result,
    _ indices: [Int],
    _ items: [RewardItem],
    _ raw: inout RawScores
  ) throws(PluginError) {
    let first = indices[0]
    switch result.answer {
    case .noBool(let byte):
      raw.refuse(
        first,
        items[first],
        "it returned a bool that is \(byte); declare the type that it has, for example int32"
      )
    case .status(let status) where status != 0:
      guard signature.call == .item else {
        throw request.error(
          .refused(status: status),
          hook: signature.symbol,
          "it answered \(status) for the batch"
        )
      }
      raw.refuse(first, items[first], "it answered \(status)")
    case .score(let score): raw.scores[first] = answer(items[first], score)
    case .status, .nothing:
      if result.isOverrun {
        throw failure(
          "it wrote behind the \(indices.count) scores that there is room for",
          cure: signature.call == .item ? "write one score" : "write one score for each item"
        )
      }
      for (index, bits) in zip(indices, result.scores) where bits != FunctionWorkspace.poison {
        raw.scores[index] = answer(items[index], Double(bitPattern: bits))
      }
    }
  }

  private func answer(_ item: RewardItem, _ score: Double) -> stepwise_score {
    if let abstain = signature.abstain, score == abstain || (score.isNaN && abstain.isNaN) {
      return Self.abstained(item)
    }
    return stepwise_score(
      item: item.id,
      value: score,
      status: Int32(STEPWISE_SCORE_OK),
      reserved: 0
    )
  }

  private static func abstained(_ item: RewardItem) -> stepwise_score {
    stepwise_score(item: item.id, value: 0, status: Int32(STEPWISE_SCORE_ABSTAIN), reserved: 0)
  }

  private func failure(_ message: String, cure: String? = nil) -> PluginError {
    request.error(.output, hook: signature.symbol, message, cure: cure)
  }
}

extension RawScores {
  /// The item could not be scored.
  fileprivate mutating func refuse(_ index: Int, _ item: RewardItem, _ why: String) {
    scores[index] = stepwise_score(
      item: item.id,
      value: 0,
      status: Int32(STEPWISE_SCORE_ERROR),
      reserved: 0
    )
    explanations[UInt64(index)] = why
  }
}
