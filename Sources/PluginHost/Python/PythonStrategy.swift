import Components

/// A strategy in Python as the trainer sees it. Every answer is checked as those of libraries are; a hook that the class does not have
/// means the host's default.
final class PythonStrategy: MixingStrategy {
  let session: PythonSession
  let identity: ComponentIdentity
  let requirements: StrategyRequirements
  private let hooks: Set<String>
  private let hasState: Bool
  private static let stateVersion: UInt32 = 1

  init(_ session: PythonSession) throws(PluginError) {
    self.session = session
    identity = session.request.plugin.identity
    let description = session.description
    var hooks: Set<String> = []
    if case .array(let names)? = description["hooks"] { hooks = Set(names.compactMap(\.string)) }
    self.hooks = hooks
    hasState = description.isTrue("stateful")
    session.isStateful = hasState
    requirements = try Self.requirements(description["requirements"], session.request)
  }

  private static func requirements(
    _ names: JSONTree?,
    _ request: ComponentRequest
  ) throws(PluginError) -> StrategyRequirements {
    guard case .array(let names)? = names else { return request.component.needs }
    var needs: StrategyRequirements = []
    for name in names.compactMap(\.string) {
      guard let need = StrategyRequirements.names.first(where: { $0.name == name })?.value else {
        let known = StrategyRequirements.names.map(\.name)
        let near = nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
        throw request.error(
          .output,
          hook: "requirements",
          "it needs '\(name)', which this host does not know",
          cure: near ?? "known are \(known.joined(separator: ", "))"
        )
      }
      needs.insert(need)
    }
    try request.check(needs)
    return needs
  }

  /// Asks a hook; `nil` where the class does not have it, or answered None.
  func ask(
    _ hook: String,
    _ field: String,
    draws: PythonSession.Draws? = nil,
    _ arguments: (inout JSONWriter) -> Void
  ) throws(PluginError) -> JSONTree? {
    guard hooks.contains(hook) else { return nil }
    let answer = try session.call(hook, draws: draws) { writer in
      writer.key(field)
      writer.object(arguments)
    }
    return answer == .object([]) ? nil : answer
  }

  func failure(_ hook: String, _ message: String, cure: String? = nil) -> PluginError {
    session.request.error(.output, hook: hook, message, cure: cure)
  }

  // MARK: - Begin and end

  func beginStep(_ context: StepContext) throws -> StepPlan {
    let answer = try session.call(
      "begin_step",
      draws: PythonSession.Draws(uniform: context.uniform)
    ) { writer in
      writer.key("context")
      writer.object { writer in
        writer.field("step", context.step)
        writer.field("horizon", context.horizon)
        writer.field("measurements", context.measurements)
        writer.field("seed", context.seed)
        writer.field("sft_steps", context.sftSteps)
        writer.field("rl_steps", context.rlSteps)
        writer.key("history")
        writer.list(context.history) { $0.report($1) }
      }
    }
    do throws(PlanCollector.Problem) {
      let plan = try StepPlan(wire: answer)
      try plan.check()
      return plan
    } catch {
      throw failure("begin_step", error.message, cure: error.cure)
    }
  }

  func endStep(_ report: StepReport) throws {
    guard hooks.contains("end_step") else { return }
    _ = try session.call("end_step") { writer in
      writer.key("report")
      writer.report(report)
    }
  }

  // MARK: - State

  func saveState() throws -> [UInt8] {
    guard hasState else { return [] }
    return StateEnvelope(
      id: identity.id,
      version: Self.stateVersion,
      payload: try session.save()
    ).encoded()
  }

  func loadState(_ bytes: [UInt8]) throws {
    if !hasState && bytes.isEmpty { return }
    let envelope = try session.request.envelope(bytes)
    try session.require(envelope, version: Self.stateVersion, hasState: hasState)
    try session.load(envelope.payload)
  }
}

extension StepPlan {
  /// A plan as an interpreter writes it.
  fileprivate init(wire answer: JSONTree) throws(PlanCollector.Problem) {
    let name = answer["kind"]?.string ?? ""
    guard let kind = StepKind.allCases.first(where: { $0.name == name }) else {
      throw PlanCollector.Problem(
        message: "the plan's kind is '\(name)'",
        cure: "it is one of \(StepKind.allCases.map(\.name).joined(separator: ", "))"
      )
    }
    let slots: [String: ExampleSlot] = ["demonstrations": .demonstrations, "prompts": .prompts]
    let slotName = answer["example_slot"]?.string ?? ""
    guard let slot = slots[slotName] else {
      throw PlanCollector.Problem(
        message: "the plan's example_slot is '\(slotName)'",
        cure: "it is one of demonstrations, prompts"
      )
    }
    func real(_ key: String) -> Double { answer[key]?.double ?? .nan }
    self.init(
      kind,
      sftWeight: real("sft_weight"),
      rlWeight: real("rl_weight"),
      learningRateFactor: real("learning_rate_factor"),
      samplesPerPrompt: answer["samples_per_prompt"]?.int64.map { Int($0) },
      groupDemonstrations: Int(answer["group_demonstrations"]?.int64 ?? 0),
      optimizerSlot: Int(answer["optimizer_slot"]?.int64 ?? 0),
      maxGradNorm: answer["max_grad_norm"]?.double,
      skipAboveGradNorm: answer["skip_above_grad_norm"]?.double,
      exampleIDs: answer.elements("example_ids").compactMap(\.uint64),
      exampleSlot: slot,
      difficulty: try Self.difficulty(answer),
      snapshotReference: answer.isTrue("snapshot_reference"),
      reason: answer["reason"]?.string ?? "",
      diagnostics: answer.elements("diagnostics").compactMap { pair in
        guard case .array(let parts) = pair, parts.count == 2, let name = parts[0].string,
          let value = parts[1].double
        else { return nil }
        return Diagnostic(name, value)
      }
    )
  }

  private static func difficulty(
    _ answer: JSONTree
  ) throws(PlanCollector.Problem) -> ClosedRange<Double>? {
    let ends = answer.elements("difficulty").compactMap(\.double)
    if ends.isEmpty { return nil }
    guard ends.count == 2, ends[0] <= ends[1] else {
      throw PlanCollector.Problem(
        message:
          "the plan's difficulty window is \(ends.map(\.description).joined(separator: " to "))",
        cure: "give two numbers, the lower first, or None"
      )
    }
    return ends[0]...ends[1]
  }
}

extension JSONTree {
  /// The elements of the list under a key; none where there is no list.
  func elements(_ key: String) -> [JSONTree] {
    guard case .array(let values)? = self[key] else { return [] }
    return values
  }
}
