public import RunStore

/// What somebody asks of a run that is going: a record with a command and what the command needs.
public struct ControlRequest: Sendable, Equatable {
  /// The record as it goes over the socket, `command` included.
  public var record: Record
  /// Who asks; known to the server alone, from the kernel.
  public internal(set) var peer: ControlPeer?

  /// Creates a request.
  ///
  /// - Parameters:
  ///   - command: for example `swap`.
  ///   - fields: what it needs, for example `slot`.
  public init(_ command: String, _ fields: Record = [:]) {
    record = Record([RecordField("command", .string(command))] + fields.fields)
  }

  /// A request as it came.
  init(_ record: Record, from peer: ControlPeer) {
    self.record = record
    self.peer = peer
  }

  /// What is asked for.
  public var command: String { record["command"]?.text ?? "" }

  /// A field, or `nil` where it is absent or null.
  public subscript(_ name: String) -> RecordValue? {
    record[name].flatMap { $0 == .null ? nil : $0 }
  }
}

/// Who is at the other end of a connection, as the kernel saw it when they connected.
public struct ControlPeer: Sendable, Equatable {
  /// The effective user.
  public var user: UInt32
  /// The process; 0 where it is not visible from here, as across containers.
  public var process: Int32

  /// Creates a peer.
  public init(user: UInt32, process: Int32) {
    self.user = user
    self.process = process
  }

  /// The user's name, or the number where it has none.
  public var name: String { UserName.of(user) }
}
