import Components
import Training

/// Redraws the screen of a run in place, at most ten times a second.
final class ScreenObserver: EventSink {
  private(set) var state: RunScreenState
  private let device: TerminalDevice
  private var painter: ScreenPainter
  private var lastPaint = -Double.infinity
  private let clock: () -> Double

  private static let shortestInterval = 0.1

  init(
    _ state: RunScreenState,
    device: TerminalDevice,
    clock: @escaping () -> Double = steadySeconds
  ) {
    self.state = state
    self.device = device
    self.clock = clock
    painter = ScreenPainter(device)
  }

  deinit { painter.finish() }

  func observe(_ event: TrainingEvent) {
    let now = clock()
    state.apply(event, at: now)
    switch event {
    case .started, .evaluated, .finished: paint(at: now)
    case .warning(let text): note(text)
    default: if now - lastPaint >= Self.shortestInterval { paint(at: now) }
    }
  }

  func preload(kinds: [StepKind], evaluations: [HeldOutResult]) {
    state.preload(kinds: kinds, evaluations: evaluations)
  }

  func stopping() {
    state.stopping()
    paint(at: clock())
  }

  func note(_ text: String) {
    painter.note(
      text.split(separator: "\n").map { String($0).printable },
      columns: device.size.columns
    )
  }

  func close() { painter.finish() }

  /// The screen as it stands, for a picture.
  func lines(columns: Int) -> [StyledLine] {
    RunScreen(state, columns: columns, glyphs: device.glyphs).lines()
  }

  private func paint(at now: Double) {
    lastPaint = now
    let size = device.size
    // One column stays free: some terminals wrap as soon as the last one is written.
    let screen = RunScreen(state, columns: size.columns - 1, glyphs: device.glyphs)
    painter.paint(screen.lines(rows: size.rows - 1), columns: size.columns)
  }
}
