import CPlatform
import Glibc

/// An open file descriptor that is closed when nobody holds it.
public final class Descriptor: Sendable {
  /// Its number in this process.
  public let number: Int32

  /// Takes over a descriptor.
  public init(owning number: Int32) { self.number = number }

  deinit { close(number) }

  /// The device that reads as empty and swallows what is written.
  public static func null() throws(ProcessFailure) -> Descriptor {
    let number = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard number >= 0 else { throw ProcessFailure("open", "/dev/null") }
    return Descriptor(owning: number)
  }

  /// A pipe; both ends are close-on-exec, reading does not block.
  public static func pipe() throws(ProcessFailure) -> (read: Descriptor, write: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard platform_pipe(&ends) == 0 else { throw ProcessFailure("make", "a pipe") }
    return (read: Descriptor(owning: ends[0]), write: Descriptor(owning: ends[1]))
  }
}
