import CStepwisePlugin
import Components

/// A strategy plugin as the trainer sees it. Every answer was checked; an absent hook means the host's default.
final class PluginStrategy: MixingStrategy {
  let source: InstanceSource
  private(set) var instance: PluginInstance
  let identity: ComponentIdentity
  let requirements: StrategyRequirements
  let table: stepwise_strategy

  init(_ source: InstanceSource) throws(PluginError) {
    self.source = source
    identity = source.request.plugin.identity
    table = try source.table(
      as: stepwise_strategy.self,
      minimum: MemoryLayout<stepwise_strategy>.offset(of: \.shape_rollout)!,
      name: "stepwise_strategy"
    )
    guard table.begin_step != nil else {
      throw source.request.error(
        .handshake,
        "stepwise_strategy.begin_step is NULL",
        cure: "fill it in: it is required"
      )
    }
    instance = try source.make()
    requirements = try Self.requirements(source, instance, table)
  }

  private static func requirements(
    _ source: InstanceSource,
    _ instance: PluginInstance,
    _ table: stepwise_strategy
  ) throws(PluginError) -> StrategyRequirements {
    guard let ask = table.requirements else { return source.request.component.needs }
    var bits: UInt64 = 0
    _ = try instance.call("requirements") { ask(instance.handle, &bits, $0) }
    let needs = StrategyRequirements(rawValue: bits)
    try source.request.check(needs)
    return needs
  }

  func failure(_ hook: String, _ message: String, cure: String? = nil) -> PluginError {
    source.request.error(.output, hook: hook, message, cure: cure)
  }

  // MARK: - Begin and end

  func beginStep(_ context: StepContext) throws -> StepPlan {
    let arena = CallArena()
    let uniform = UniformSource(context.uniform)
    var view = stepwise_step_context()
    view.struct_size = sizeOf(stepwise_step_context.self)
    view.measurements = UInt32(context.measurements)
    view.step = UInt64(context.step)
    view.horizon = UInt64(context.horizon)
    view.seed = context.seed
    view.sft_steps = UInt64(context.sftSteps)
    view.rl_steps = UInt64(context.rlSteps)
    view.history = arena.array(context.history.map { $0.view(in: arena) })
    view.history_count = UInt64(context.history.count)
    view.history_stride = UInt64(MemoryLayout<stepwise_step_report>.stride)
    view.host_data = Unmanaged.passUnretained(uniform).toOpaque()
    view.uniform = { UniformSource.draw($0!.pointee.host_data, $1) }
    let collector = PlanCollector()
    var plan = collector.plan()
    _ = try instance.call("begin_step") { [table, handle = instance.handle] error in
      table.begin_step(handle, &view, &plan, error)
    }
    withExtendedLifetime((arena, uniform)) {}
    do {
      return try collector.check(plan)
    } catch {
      throw failure("begin_step", error.message, cure: error.cure)
    }
  }

  func endStep(_ report: StepReport) throws {
    guard let end = table.end_step else { return }
    let arena = CallArena()
    var view = report.view(in: arena)
    _ = try instance.call("end_step") { [handle = instance.handle] in end(handle, &view, $0) }
    withExtendedLifetime(arena) {}
  }

  // MARK: - State

  func saveState() throws -> [UInt8] {
    guard instance.hasState else { return [] }
    return StateEnvelope(
      id: identity.id,
      version: instance.stateVersion,
      payload: try instance.save()
    ).encoded()
  }

  /// Restores a state into a new instance, so that the old one stays in place when it is refused.
  func loadState(_ bytes: [UInt8]) throws {
    if !instance.hasState && bytes.isEmpty { return }
    let envelope = try source.envelope(bytes)
    instance = try source.make(loading: envelope)
  }
}

/// The draws of a request, where a C function finds them.
final class UniformSource {
  private let uniform: @Sendable (UInt64) -> Double

  init(_ uniform: @escaping @Sendable (UInt64) -> Double) { self.uniform = uniform }

  static func draw(_ data: UnsafeMutableRawPointer, _ item: UInt64) -> Double {
    Unmanaged<UniformSource>.fromOpaque(data).takeUnretainedValue().uniform(item)
  }
}
