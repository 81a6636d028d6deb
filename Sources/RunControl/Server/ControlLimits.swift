/// What one connection may take from a run.
struct ControlLimits: Sendable {
  /// Connections that are served at once, each by a thread of its own. People steer a run by hand; 32 leaves room for scripts
  /// that wait for step boundaries.
  var connections = 32
  /// Bytes of a request. The longest sensible one, a swap with its parameters, is far below.
  var requestLength = 1 << 20
  /// From a request's first byte to its newline: a program writes a line at once, a person in `nc` sends whole lines.
  var requestTime = Duration.seconds(10)
  /// Without a request: long enough to type one.
  var silence = Duration.seconds(300)
  /// For the client to take its answer.
  var answerTime = Duration.seconds(10)
}
