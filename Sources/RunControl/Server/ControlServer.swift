/// Listens on the socket in a run's directory and hands each request to one function.
///
/// Everything runs on threads of its own, one for each connection, so that a handler may wait for minutes (a swap waits for a step
/// boundary) while others are served. Whatever a client sends, or however it leaves, concerns its own connection alone.
///
/// The caller holds the run's lock for as long as the server lives.
public final class ControlServer: Sendable {
  /// Carries out a request.
  ///
  /// It is called on the connection's thread, for several connections at once. It is carried out to its end also when the client
  /// has gone meanwhile. `progress` sends a line for people before the answer; it never waits.
  public typealias Handler =
    @Sendable (
      _ request: ControlRequest,
      _ progress: (String) -> Void
    ) -> ControlAnswer

  private let core: ServerCore

  /// Makes the socket and begins to listen.
  ///
  /// - Parameters:
  ///   - run: the run's directory; its path may have any length.
  ///   - handler: carries out the requests.
  /// - Throws: where the socket cannot be made: the directory is missing or not writable, its file system has no sockets, or a
  ///   file is in the way. A run can go on without control.
  public convenience init(run: String, handler: @escaping Handler) throws(ControlError) {
    try self.init(run: run, limits: ControlLimits(), handler: handler)
  }

  init(
    run: String,
    limits: ControlLimits,
    mayConnect: @escaping @Sendable (ControlPeer) -> Bool = ServerCore.isOwnerOrRoot,
    handler: @escaping Handler
  ) throws(ControlError) {
    core = try ServerCore(run: run, limits: limits, mayConnect: mayConnect, handler: handler)
    try core.start()
  }

  deinit { core.close(patience: .zero) }

  /// Removes the socket, ends the connections and waits for the threads.
  ///
  /// Whatever the handler waits for is told before this is called that the run is over: requests under way have `patience` to
  /// be answered, then their connections are cut. May be called more than once.
  ///
  /// - Returns: whether every thread has ended. One whose handler still waits ends when that returns; it touches nothing but
  ///   the handler.
  @discardableResult public func close(patience: Duration = .seconds(5)) -> Bool {
    core.close(patience: patience)
  }
}
