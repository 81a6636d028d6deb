import Glibc
import LanguageModels

/// Says on a terminal how far the loading of a large checkpoint is, in one line that is gone at the end.
///
/// It goes to standard error, and only where that is a terminal: a log would fill with it.
final class LoadingLine {
  /// Smaller checkpoints are there before the line could be read.
  private static let smallest = 500_000_000

  private let device: TerminalDevice
  private var isShown = false

  init(device: TerminalDevice = TerminalDevice(descriptor: STDERR_FILENO)) { self.device = device }

  /// Shows how far the loading is.
  func show(_ progress: LoadingProgress) {
    guard device.form == .screen, progress.totalBytes >= Self.smallest else { return }
    isShown = true
    let file = progress.file.split(separator: "/").last ?? ""
    let share = Double(progress.bytes) / Double(progress.totalBytes)
    let text =
      "loading \(file): \(NumberText.bytes(progress.bytes)) of "
      + "\(NumberText.bytes(progress.totalBytes)), \(NumberText.percent(share))"
    device.write("\r\(text.prefix(device.size.columns - 1))\u{1B}[K")
  }

  /// Takes the line away.
  func clear() {
    if isShown { device.write("\r\u{1B}[K") }
    isShown = false
  }
}
