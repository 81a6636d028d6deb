import Foundation
import Testing

@testable import PluginHost

/// Frames over a socket pair, and a peer that does not keep to them.
struct ChannelTests {
  /// The raw end of the other side.
  private func write(_ bytes: [UInt8], to descriptor: Descriptor) {
    #expect(
      bytes.withUnsafeBytes { Glibc.write(descriptor.number, $0.baseAddress!, $0.count) }
        == bytes.count
    )
  }

  @Test func framesCrossWhole() throws {
    let (near, other) = try Channel.pair()
    let far = Channel(other)
    // Larger than a socket's buffer: both sides move at once.
    let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let thread = Thread {
      do {
        while let frame = try far.receive(spin: .microseconds(10)) { try far.send(frame.bytes) }
      } catch {
        Issue.record(error)
      }
    }
    thread.start()
    for bytes in [[], [7], Array("text\0text".utf8), large] {
      try near.send(bytes)
      #expect(try near.receive(deadline: .now + .seconds(20))?.bytes == bytes)
    }
  }

  @Test func theEndIsAValue() throws {
    let (near, other) = try Channel.pair()
    var far: Channel? = Channel(other)
    try far?.send([1])
    far = nil
    // `other` is held by this function; close it as the other process's end would.
    shutdown(other.number, Int32(SHUT_RDWR))
    #expect(try near.receive()?.bytes == [1], "what was sent before arrives")
    #expect(try near.receive() == nil)
    #expect(throws: Channel.Problem.closed) { try near.send([1]) }
  }

  @Test func aDeadlinePasses() throws {
    let (near, other) = try Channel.pair()
    #expect(throws: Channel.Problem.timeout) {
      try near.receive(deadline: .now + .milliseconds(20))
    }
    // Half a frame does not count either.
    write([4, 0, 0, 0, 9], to: other)
    #expect(throws: Channel.Problem.timeout) {
      try near.receive(deadline: .now + .milliseconds(20))
    }
    #expect(throws: Channel.Problem.timeout) {
      try near.send([UInt8](repeating: 0, count: 10_000_000), deadline: .now + .milliseconds(20))
    }
  }

  @Test func aLyingLengthIsRefused() throws {
    let (near, other) = try Channel.pair(limit: 1000)
    write([0xFF, 0xFF, 0xFF, 0xFF], to: other)
    #expect(throws: Channel.Problem.tooLong(length: 0xFFFF_FFFF, limit: 1000)) {
      try near.receive()
    }
  }

  @Test func aFrameThatEndsEarlyIsRefused() throws {
    for bytes: [UInt8] in [[10, 0], [10, 0, 0, 0], [10, 0, 0, 0, 1, 2]] {
      let (near, other) = try Channel.pair()
      write(bytes, to: other)
      shutdown(other.number, Int32(SHUT_RDWR))
      #expect(throws: Channel.Problem.truncated) { try near.receive() }
    }
  }

  @Test func descriptorsGoAlong() throws {
    let (near, other) = try Channel.pair()
    let far = Channel(other)
    let pipe = try Descriptor.pipe()
    try near.send([1, 2], with: pipe.write)
    let frame = try #require(try far.receive())
    let came = try #require(frame.descriptor)
    #expect(fcntl(came.number, F_GETFD) & FD_CLOEXEC != 0)
    write([5], to: came)
    var byte: UInt8 = 0
    #expect(read(pipe.read.number, &byte, 1) == 1 && byte == 5)
  }

  @Test func aPeerThatIsGoneEndsTheWait() throws {
    let (near, other) = try Channel.pair()
    // The process has ended, but something that it left behind still holds its end of the channel.
    let child = try ChildProcess(
      ChildProcess.Launch(
        executable: "/bin/sh",
        arguments: ["-c", "sleep 0.05"],
        descriptors: [3: other]
      )
    )
    let watch = Channel.Watch(descriptor: child.pidfd.number) { .ended }
    #expect(throws: Channel.Problem.closed) {
      try near.receive(deadline: .now + .seconds(20), watching: [watch])
    }
  }

  @Test func anotherDescriptorIsLookedAfter() throws {
    let (near, other) = try Channel.pair()
    let pipe = try Descriptor.pipe()
    let child = try ChildProcess(
      ChildProcess.Launch(
        executable: "/bin/sh",
        arguments: ["-c", "echo noise; printf '\\001\\000\\000\\000x' >&3; sleep 100"],
        descriptors: [1: pipe.write, 3: other]
      )
    )
    var noise = 0
    let watch = Channel.Watch(descriptor: pipe.read.number) {
      var bytes = [UInt8](repeating: 0, count: 100)
      noise += read(pipe.read.number, &bytes, 100)
      return .keep
    }
    #expect(try near.receive(deadline: .now + .seconds(20), watching: [watch])?.bytes == [0x78])
    #expect(noise == 6 || noise == 0, "it may have come in one go with the frame")
    child.kill()
  }
}
