/// What a channel has received and not yet given out: a frame is mostly read with one system call.
///
/// Unchecked because one thread receives at a time.
final class Inbox: @unchecked Sendable {
  /// What came and was not given out.
  private var bytes: [UInt8] = []
  private var start = 0
  private var descriptor: Descriptor?
  private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 16)
  /// Answers are mostly smaller; a longer frame takes larger pieces as it grows.
  private static let piece = 1 << 13
  private static let largePiece = 1 << 20

  deinit { room.deallocate() }

  var isEmpty: Bool { start == bytes.count }

  /// Appends what `body` writes.
  ///
  /// - Parameter body: answers how many bytes it wrote, or what the system call answered instead, and a descriptor that came along.
  func fill(_ body: (UnsafeMutableRawBufferPointer) -> (Int, Descriptor?)) -> Int {
    if isEmpty {
      bytes.removeAll(keepingCapacity: bytes.capacity <= Self.largePiece)
      start = 0
    }
    // Memory is taken as bytes come: a length alone costs nothing.
    if bytes.count - start < Self.piece { return take(room, body) }
    return withUnsafeTemporaryAllocation(byteCount: Self.largePiece, alignment: 16) {
      take($0, body)
    }
  }

  private func take(
    _ room: UnsafeMutableRawBufferPointer,
    _ body: (UnsafeMutableRawBufferPointer) -> (Int, Descriptor?)
  ) -> Int {
    let (count, came) = body(room)
    if let came { descriptor = came }
    if count > 0 { bytes.append(contentsOf: room[..<count]) }
    return count
  }

  /// The next frame, when all of it is there.
  func takeFrame(limit: Int) throws(Channel.Problem) -> Channel.Frame? {
    guard bytes.count - start >= 4 else { return nil }
    let length = (0..<4).reversed().reduce(0) { $0 << 8 | Int(bytes[start + $1]) }
    guard length <= limit else { throw .tooLong(length: length, limit: limit) }
    guard bytes.count - start - 4 >= length else { return nil }
    defer {
      start += 4 + length
      descriptor = nil
    }
    return Channel.Frame(
      bytes: Array(bytes[start + 4..<start + 4 + length]),
      descriptor: descriptor
    )
  }
}
