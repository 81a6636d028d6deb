import Components

// Contexts, whose draws are a closure of the host, and plans, whose range cannot be upside down.

extension StepPlan: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(kind)
    writer.value(sftWeight)
    writer.value(rlWeight)
    writer.value(learningRateFactor)
    writer.value(samplesPerPrompt)
    writer.value(groupDemonstrations)
    writer.value(optimizerSlot)
    writer.value(maxGradNorm)
    writer.value(skipAboveGradNorm)
    writer.value(exampleIDs)
    writer.value(exampleSlot)
    writer.value(difficulty.map { [$0.lowerBound, $0.upperBound] })
    writer.value(snapshotReference)
    writer.value(reason)
    writer.value(diagnostics)
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(try reader.value())
    sftWeight = try reader.value()
    rlWeight = try reader.value()
    learningRateFactor = try reader.value()
    samplesPerPrompt = try reader.value()
    groupDemonstrations = try reader.value()
    optimizerSlot = try reader.value()
    maxGradNorm = try reader.value()
    skipAboveGradNorm = try reader.value()
    exampleIDs = try reader.value()
    exampleSlot = try reader.value()
    if let bounds = try reader.value([Double]?.self) {
      guard bounds.count == 2, bounds[0] <= bounds[1] else {
        throw WireProblem(description: "\(bounds) is no range")
      }
      difficulty = bounds[0]...bounds[1]
    }
    snapshotReference = try reader.value()
    reason = try reader.value()
    diagnostics = try reader.value()
    // What fits into the ABI's fields; the rest is checked as in-process plans are.
    guard samplesPerPrompt.map({ 1...Int(UInt32.max) ~= $0 }) ?? true,
      0...Int(UInt32.max) ~= groupDemonstrations, 0...Int(UInt32.max) ~= optimizerSlot
    else { throw WireProblem(description: "a plan's number is out of range") }
  }
}

/// A context without its closure.
struct WireContext: WireValue {
  var context: StepContext

  init(_ context: StepContext) { self.context = context }

  func write(to writer: inout WireWriter) {
    writer.value(context.step)
    writer.value(context.horizon)
    writer.value(context.measurements)
    writer.value(context.seed)
    writer.value(context.sftSteps)
    writer.value(context.rlSteps)
    writer.value(context.history)
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    context = StepContext(
      step: try reader.value(),
      horizon: try reader.value(),
      measurements: try reader.value(),
      seed: try reader.value(),
      uniform: { _ in 0 },
      sftSteps: try reader.value(),
      rlSteps: try reader.value(),
      history: try reader.value()
    )
  }
}

/// A request without its closure.
struct WireShapeRequest: WireValue {
  var request: RolloutShapeRequest

  init(_ request: RolloutShapeRequest) { self.request = request }

  func write(to writer: inout WireWriter) {
    writer.value(request.step)
    writer.value(request.prompt)
    writer.value(request.exampleID)
    writer.value(request.groupSize)
    writer.value(request.demonstration)
    writer.value(request.stepBoundaries)
    writer.value(request.rewards)
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    request = RolloutShapeRequest(
      step: try reader.value(),
      prompt: try reader.value(),
      exampleID: try reader.value(),
      groupSize: try reader.value(),
      demonstration: try reader.value(),
      stepBoundaries: try reader.value(),
      rewards: try reader.value(),
      uniform: { _ in 0 }
    )
  }
}
