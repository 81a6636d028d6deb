import CStepwisePlugin
import Components

extension PluginStrategy {
  func shapeRollout(_ request: RolloutShapeRequest) throws -> RolloutShape? {
    guard let hook = table.shape_rollout else { return nil }
    let left = request.groupSize - request.rewards.count
    precondition(left > 0, "shapeRollout for a group that is full: \(request.groupSize) samples")
    let arena = CallArena()
    let uniform = UniformSource(request.uniform)
    var view = stepwise_rollout_request()
    view.struct_size = sizeOf(stepwise_rollout_request.self)
    view.group_size = UInt32(request.groupSize)
    view.step = UInt64(request.step)
    view.prompt = UInt64(request.prompt)
    view.example_id = request.exampleID
    view.demonstration = arena.array(request.demonstration)
    view.demonstration_count = UInt64(request.demonstration.count)
    view.step_boundaries = arena.array(request.stepBoundaries.map { UInt64($0) })
    view.step_boundary_count = UInt64(request.stepBoundaries.count)
    view.rewards = arena.array(request.rewards.map { $0 ?? .nan })
    view.reward_count = UInt64(request.rewards.count)
    view.host_data = Unmanaged.passUnretained(uniform).toOpaque()
    view.uniform = { UniformSource.draw($0!.pointee.host_data, $1) }
    let lengths = GuardedBuffer([UInt64](repeating: .max, count: left))
    var shape = stepwise_rollout_shape()
    shape.struct_size = sizeOf(stepwise_rollout_shape.self)
    shape.prefix_lengths = lengths.base
    shape.capacity = UInt64(left)
    let answered = try instance.call("shape_rollout", mayDefault: true) {
      [handle = instance.handle] in hook(handle, &view, &shape, $0)
    }
    withExtendedLifetime((arena, uniform)) {}
    try requireIntact(lengths, "shape_rollout")
    guard answered else { return nil }
    guard 1...UInt64(left) ~= shape.count else {
      throw failure(
        "shape_rollout",
        "the micro-group has \(shape.count) samples, \(left) are left",
        cure: "set shape->count to 1 to shape->capacity"
      )
    }
    let prefixes = lengths.values.prefix(Int(shape.count))
    let answer = RolloutShape(prefixLengths: prefixes.map { Int(clamping: $0) })
    try source.request.check(answer, for: request)
    return answer
  }

  func route(_ request: RouteRequest) throws -> [PromptRoute]? {
    guard let hook = table.route else { return nil }
    let arena = CallArena()
    let groups = request.prompts.map { prompt -> stepwise_prompt_group in
      var group = stepwise_prompt_group()
      group.struct_size = sizeOf(stepwise_prompt_group.self)
      group.has_demonstration = prompt.hasDemonstration ? 1 : 0
      group.example_id = prompt.exampleID
      group.rewards = arena.array(prompt.rewards.map { $0 ?? .nan })
      group.succeeded = arena.array(prompt.succeeded.map { $0 ? UInt8(1) : 0 })
      group.count = UInt64(prompt.rewards.count)
      return group
    }
    var view = stepwise_route_request()
    view.struct_size = sizeOf(stepwise_route_request.self)
    view.step = UInt64(request.step)
    view.prompts = arena.array(groups)
    view.prompt_count = UInt64(groups.count)
    view.prompt_stride = UInt64(MemoryLayout<stepwise_prompt_group>.stride)
    let routes = GuardedBuffer(
      [stepwise_prompt_route](repeating: .hostDefault, count: groups.count)
    )
    var output = stepwise_routes()
    output.struct_size = sizeOf(stepwise_routes.self)
    output.routes = routes.base
    output.capacity = UInt64(groups.count)
    output.stride = UInt64(MemoryLayout<stepwise_prompt_route>.stride)
    let answered = try instance.call("route", mayDefault: true) {
      [handle = instance.handle] in hook(handle, &view, &output, $0)
    }
    withExtendedLifetime(arena) {}
    try requireIntact(routes, "route")
    guard answered else { return nil }
    try source.request.requireCount(output.count, groups.count, "route")
    var answer: [PromptRoute] = []
    for (index, route) in routes.values.enumerated() {
      answer.append(try read(route, request.prompts[index], index))
    }
    try source.request.check(answer, for: request)
    return answer
  }

  private func read(
    _ route: stepwise_prompt_route,
    _ prompt: PromptGroup,
    _ index: Int
  ) throws -> PromptRoute {
    guard let demonstration = PromptRoute.Demonstration(rawValue: route.demonstration) else {
      throw failure(
        "route",
        "the route of prompt \(index) (row \(prompt.exampleID)) has the demonstration "
          + "\(route.demonstration)",
        cure: "use STEPWISE_DEMONSTRATION_..."
      )
    }
    return PromptRoute(
      keepRollouts: route.keep_rollouts != 0,
      demonstration: demonstration,
      demonstrationReward: route.demonstration_reward.isNaN ? nil : route.demonstration_reward,
      weight: route.weight
    )
  }

  func advantages(_ request: AdvantageRequest) throws -> [Double]? {
    guard let hook = table.advantages else { return nil }
    let arena = CallArena()
    let count = request.rewards.count
    var view = stepwise_advantage_request()
    view.struct_size = sizeOf(stepwise_advantage_request.self)
    view.step = UInt64(request.step)
    view.count = UInt64(count)
    view.rewards = arena.array(request.rewards.map { $0 ?? .nan })
    view.groups = arena.array(request.group.map { UInt64($0) })
    view.is_demonstration = arena.array(request.isDemonstration.map { $0 ? UInt8(1) : 0 })
    let values = GuardedBuffer([Double](repeating: .signalingNaN, count: count))
    var output = stepwise_real_buffer()
    output.struct_size = sizeOf(stepwise_real_buffer.self)
    output.values = values.base
    output.capacity = UInt64(count)
    let answered = try instance.call("advantages", mayDefault: true) {
      [handle = instance.handle] in hook(handle, &view, &output, $0)
    }
    withExtendedLifetime(arena) {}
    try requireIntact(values, "advantages")
    guard answered else { return nil }
    try source.request.requireCount(output.count, count, "advantages")
    try source.request.check(advantages: values.values, for: request)
    return values.values
  }

  // MARK: - Checks that hooks share

  func requireIntact<T>(_ buffer: GuardedBuffer<T>, _ hook: String) throws(PluginError) {
    guard buffer.isIntact else {
      throw failure(
        hook,
        "it wrote behind the \(buffer.count) values that there is room for",
        cure: "write `capacity` values at most"
      )
    }
  }
}

extension stepwise_prompt_route {
  /// Keep the rollouts, add nothing.
  fileprivate static var hostDefault: Self {
    var route = Self()
    route.struct_size = sizeOf(Self.self)
    route.keep_rollouts = 1
    route.demonstration = UInt32(STEPWISE_DEMONSTRATION_NONE)
    route.demonstration_reward = 1
    route.weight = 1
    return route
  }
}
