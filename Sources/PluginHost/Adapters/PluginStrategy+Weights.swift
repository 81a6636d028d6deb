import CStepwisePlugin
import Components

extension PluginStrategy {
  func stepWeights(_ statistics: StepStatistics) throws -> StepWeights? {
    guard let hook = table.step_weights else { return nil }
    let arena = CallArena()
    let sequences = statistics.sequences.map { sequence -> stepwise_sequence in
      var view = stepwise_sequence()
      view.struct_size = sizeOf(stepwise_sequence.self)
      view.kind = sequence.kind.rawValue
      view.group = Int64(sequence.group)
      view.tokens = UInt64(sequence.tokens)
      view.nll = sequence.nll
      view.entropy = sequence.entropy
      view.advantage = sequence.advantage
      return view
    }
    var view = stepwise_step_statistics()
    view.struct_size = sizeOf(stepwise_step_statistics.self)
    view.step = UInt64(statistics.step)
    view.sequences = arena.array(sequences)
    view.sequence_count = UInt64(sequences.count)
    view.sequence_stride = UInt64(MemoryLayout<stepwise_sequence>.stride)
    let factors = GuardedBuffer([Double](repeating: .signalingNaN, count: sequences.count))
    var output = stepwise_step_weights()
    output.struct_size = sizeOf(stepwise_step_weights.self)
    // The plan's weights are not known here; a plugin that answers gives both.
    output.sft_weight = .signalingNaN
    output.rl_weight = .signalingNaN
    output.sequence_weights = factors.base
    output.capacity = UInt64(sequences.count)
    let answered = try instance.call("step_weights", mayDefault: true) {
      [handle = instance.handle] in hook(handle, &view, &output, $0)
    }
    withExtendedLifetime(arena) {}
    try requireIntact(factors, "step_weights")
    guard answered else { return nil }
    if output.count > 0 {
      try source.request.requireCount(output.count, sequences.count, "step_weights")
    }
    let answer = StepWeights(
      sftWeight: output.sft_weight,
      rlWeight: output.rl_weight,
      sequenceWeights: output.count == 0 ? [] : factors.values
    )
    try source.request.check(answer, for: statistics)
    return answer
  }

  func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]? {
    guard let hook = table.token_weights else { return nil }
    let arena = CallArena()
    let count = request.logProbs.count
    var view = stepwise_token_request()
    view.struct_size = sizeOf(stepwise_token_request.self)
    view.step = UInt64(request.step)
    view.sequence_count = UInt64(request.sequenceKinds.count)
    view.sequence_starts = arena.array(request.sequenceStarts.map { UInt64($0) })
    view.sequence_kinds = arena.array(request.sequenceKinds.map(\.rawValue))
    view.token_count = UInt64(count)
    view.kinds = arena.array(request.kinds.map(\.rawValue))
    view.log_probs = arena.array(request.logProbs)
    view.old_log_probs = arena.array(request.oldLogProbs)
    view.entropies = arena.array(request.entropies)
    view.advantages = arena.array(request.advantages)
    view.coefficients = arena.array(request.coefficients)
    view.scales = arena.array(request.scales)
    view.kl_coefficients = arena.array(request.klCoefficients)
    let values = GuardedBuffer([Float](repeating: .signalingNaN, count: count))
    var output = stepwise_float_buffer()
    output.struct_size = sizeOf(stepwise_float_buffer.self)
    output.values = values.base
    output.capacity = UInt64(count)
    let answered = try instance.call("token_weights", mayDefault: true) {
      [handle = instance.handle] in hook(handle, &view, &output, $0)
    }
    withExtendedLifetime(arena) {}
    try requireIntact(values, "token_weights")
    guard answered else { return nil }
    try source.request.requireCount(output.count, count, "token_weights")
    try source.request.check(tokenWeights: values.values, for: request)
    return values.values
  }
}
