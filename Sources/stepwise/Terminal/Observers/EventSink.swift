import Components
import Training

/// Shows a run to whoever started it. The three forms are a screen, lines and JSON.
protocol EventSink: TrainingObserver {
  /// Somebody asked the run to stop after this step.
  func stopping()
  /// The steps and evaluations before a resume.
  func preload(kinds: [StepKind], evaluations: [HeldOutResult])
  /// A warning or a plugin's message; one or several lines.
  func note(_ text: String)
  /// Nothing more will come; the terminal is as it was.
  func close()
}

extension EventSink {
  /// What shows no past needs none.
  func preload(kinds: [StepKind], evaluations: [HeldOutResult]) {}
}

/// A steady clock in seconds.
func steadySeconds() -> Double {
  let parts = ContinuousClock.now.duration(to: steadyOrigin).components
  return -(Double(parts.seconds) + Double(parts.attoseconds) * 1e-18)
}

private let steadyOrigin = ContinuousClock.now
