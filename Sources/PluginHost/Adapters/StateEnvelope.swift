import Components

/// A component's state as the host keeps it: whose it is, in which version, where a dataset stood, and a digest, so that foreign
/// or damaged bytes never reach a plugin.
struct StateEnvelope: Equatable {
  /// The component's id.
  var id: String
  /// `state_version` of the factory that wrote it.
  var version: UInt32
  /// The position of a dataset that is read in order; 0 for others.
  var position: UInt64 = 0
  /// The epoch that a dataset was told, plus one; 0 where none was.
  var epoch: UInt64 = 0
  /// What the plugin wrote.
  var payload: [UInt8]

  private static let magic = Array("SWPSTAT1".utf8)

  /// Why bytes are no state.
  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  /// The bytes: magic, id, version, position, epoch, payload, SHA-256 of all before; numbers little-endian, 64 bits.
  func encoded() -> [UInt8] {
    var bytes = Self.magic
    Self.append(UInt64(id.utf8.count), to: &bytes)
    bytes += id.utf8
    for number in [UInt64(version), position, epoch, UInt64(payload.count)] {
      Self.append(number, to: &bytes)
    }
    bytes += payload
    return bytes + Array(sha256(bytes).utf8)
  }

  private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
  }

  init(
    id: String,
    version: UInt32,
    position: UInt64 = 0,
    epoch: UInt64 = 0,
    payload: [UInt8]
  ) {
    self.id = id
    self.version = version
    self.position = position
    self.epoch = epoch
    self.payload = payload
  }

  /// Reads bytes that `encoded` gave.
  init(decoding bytes: [UInt8]) throws(Problem) {
    guard !bytes.isEmpty else { throw Problem(description: "the saved state is empty") }
    guard bytes.starts(with: Self.magic), bytes.count > Self.magic.count + 64 else {
      throw Problem(description: "the \(bytes.count) bytes are no saved state")
    }
    let body = Array(bytes.dropLast(64))
    guard Array(sha256(body).utf8) == bytes.suffix(64) else {
      throw Problem(description: "the saved state is damaged: its SHA-256 differs")
    }
    var at = Self.magic.count
    let idCount = try Self.number(body, &at)
    guard idCount <= UInt64(body.count - at) else { throw Self.short }
    id = String(decoding: body[at..<at + Int(idCount)], as: UTF8.self)
    at += Int(idCount)
    version = UInt32(truncatingIfNeeded: try Self.number(body, &at))
    position = try Self.number(body, &at)
    epoch = try Self.number(body, &at)
    let count = try Self.number(body, &at)
    guard count == UInt64(body.count - at) else { throw Self.short }
    payload = Array(body[at...])
  }

  private static let short = Problem(description: "the saved state ends too early")

  private static func number(_ bytes: [UInt8], _ at: inout Int) throws(Problem) -> UInt64 {
    guard bytes.count - at >= 8 else { throw short }
    var number: UInt64 = 0
    for index in (at..<at + 8).reversed() { number = number << 8 | UInt64(bytes[index]) }
    at += 8
    return number
  }
}

extension InstanceSource {
  /// The envelope in `bytes`, when it is one of this component.
  func envelope(_ bytes: [UInt8]) throws(PluginError) -> StateEnvelope {
    try request.envelope(bytes)
  }
}

extension ComponentRequest {
  /// The envelope in `bytes`, when it is one of this component.
  func envelope(_ bytes: [UInt8]) throws(PluginError) -> StateEnvelope {
    let envelope: StateEnvelope
    do {
      envelope = try StateEnvelope(decoding: bytes)
    } catch {
      throw self.error(
        .state,
        hook: "load",
        error.description,
        cure: "resume from an earlier checkpoint"
      )
    }
    guard envelope.id == component.id else {
      throw error(
        .state,
        hook: "load",
        "the saved state is that of \(envelope.id)",
        cure: "resume with the component that the run was started with"
      )
    }
    return envelope
  }
}
