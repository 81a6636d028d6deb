import CPlatform
import Foundation
import Glibc
import RunStore
import Synchronization
import Testing

@testable import RunControl

/// The socket as a file, and runs that do not listen.
@Suite(.serialized) struct SocketTests {
  private func kind(_ run: String) -> ControlError.Kind? {
    do throws(ControlError) {
      _ = try ControlClient(run: run).send(ControlRequest("status"))
      return nil
    } catch {
      return error.kind
    }
  }

  /// What a run leaves that was killed: bound, and nobody listens.
  private func leaveStaleSocket(in run: RunFolder) {
    let descriptor = platform_unix_socket()
    #expect(platform_unix_bind(descriptor, run.socket) == 0)
    close(descriptor)
  }

  @Test func theSocketIsItsOwnersFromTheFirstMoment() throws {
    let run = try RunFolder()
    let isOver = Mutex(false)
    let modes = Mutex<Set<mode_t>>([])
    let looks = Mutex(0)
    let path = run.path
    let watcher = Thread {
      while !isOver.withLock({ $0 }) {
        for name in [".control.sock.new", "control.sock"] {
          var status = stat()
          guard lstat("\(path)/\(name)", &status) == 0 else { continue }
          modes.withLock { _ = $0.insert(status.st_mode) }
          looks.withLock { $0 += 1 }
        }
      }
    }
    watcher.start()
    // Until the watcher has seen sockets often, at whatever moments of their making.
    #expect(
      eventually {
        for _ in 0..<20 {
          guard let server = try? ControlServer(run: run.path, handler: scripted()) else { break }
          server.close()
        }
        return looks.withLock { $0 } > 500
      }
    )
    isOver.withLock { $0 = true }
    #expect(modes.withLock { $0 } == [S_IFSOCK | 0o600])
  }

  @Test(arguments: [90, 107, 108, 200, 900])
  func thePathMayHaveAnyLength(length: Int) throws {
    let run = try RunFolder(length: length)
    #expect(run.path.utf8.count >= length)
    let server = try ControlServer(run: run.path, handler: scripted())
    #expect(run.mode("control.sock") == S_IFSOCK | 0o600)
    #expect(try ControlClient(run: run.path).send(ControlRequest("status")).isDone)
    #expect(server.close())
    #expect(run.mode("control.sock") == nil)
  }

  @Test func closingLeavesNothingBehind() throws {
    let run = try RunFolder()
    let server = try ControlServer(run: run.path, handler: scripted())
    let idle = try RawClient(run)
    #expect(eventually { run.boundSockets == 2 })
    #expect(server.close())
    #expect(try idle.line() == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: run.path) == ["config.yaml"])
    #expect(eventually { run.boundSockets == 0 })
    #expect(kind(run.path) == .notGoing)
    #expect(server.close())
  }

  @Test func aServerThatIsDroppedEndsToo() throws {
    let run = try RunFolder()
    do { _ = try ControlServer(run: run.path, handler: scripted()) }
    #expect(eventually { run.boundSockets == 0 })
    #expect(run.mode("control.sock") == nil)
  }

  @Test func closingWhileRequestsWait() throws {
    let run = try RunFolder()
    let gate = Gate()
    let server = try ControlServer(run: run.path, handler: scripted(gate))
    let clients = try (0..<3).map { _ in try RawClient(run) }
    for client in clients {
      client.send("{\"command\":\"swap\"}\n")
      _ = try client.line()
    }
    #expect(eventually { gate.arrived == 3 })
    // One handler is told that the run is over, and answers; two are not, and their connections are cut.
    gate.open()
    let began = ContinuousClock.now
    #expect(!server.close(patience: .milliseconds(300)))
    #expect(ContinuousClock.now - began < .seconds(10))
    #expect(run.mode("control.sock") == nil)
    let answers = try clients.map { try $0.line() }
    #expect(answers.count { $0 != nil } == 1)
    #expect(answers.count { $0 == nil } == 2)
    // Threads end with their handlers.
    gate.open(for: 2)
    #expect(server.close())
    #expect(eventually { run.boundSockets == 0 })
  }

  @Test func theClientIsToldThatTheRunEnded() throws {
    let run = try RunFolder()
    let gate = Gate()
    let server = try ControlServer(run: run.path, handler: scripted(gate))
    let closer = Thread {
      _ = eventually { gate.arrived == 1 }
      server.close(patience: .zero)
    }
    closer.start()
    #expect(kindOfSwap(run.path) == .ended)
    gate.open()
    #expect(eventually { server.close() })
  }

  private func kindOfSwap(_ run: String) -> ControlError.Kind? {
    do throws(ControlError) {
      _ = try ControlClient(run: run).send(ControlRequest("swap"))
      return nil
    } catch {
      return error.kind
    }
  }

  @Test func aStaleSocketIsToldApartAndReplaced() throws {
    let run = try RunFolder()
    leaveStaleSocket(in: run)
    let error = #expect(throws: ControlError.self) { try ControlClient(run: run.path) }
    #expect(error?.kind == .notGoing)
    #expect(error?.description.contains("stepwise train --resume \(run.path)") == true)
    #expect(error?.description.contains("stepwise runs show \(run.path)") == true)
    let server = try ControlServer(run: run.path, handler: scripted())
    #expect(try ControlClient(run: run.path).send(ControlRequest("status")).isDone)
    #expect(server.close())
  }

  @Test func aSocketThatWasNeverRenamedIsReplaced() throws {
    let run = try RunFolder()
    let descriptor = platform_unix_socket()
    #expect(platform_unix_bind(descriptor, run.path + "/.control.sock.new") == 0)
    close(descriptor)
    let server = try ControlServer(run: run.path, handler: scripted())
    #expect(kind(run.path) == nil)
    #expect(server.close())
  }

  @Test func anOldServerLeavesItsSuccessorAlone() throws {
    let run = try RunFolder()
    let old = try ControlServer(run: run.path, handler: scripted())
    let new = try ControlServer(run: run.path, handler: scripted())
    #expect(old.close())
    #expect(kind(run.path) == nil)
    #expect(new.close())
    #expect(kind(run.path) == .notGoing)
  }

  @Test(arguments: [true, false])
  func whatIsInTheWayStays(isDirectory: Bool) throws {
    let run = try RunFolder()
    if isDirectory {
      try FileManager.default.createDirectory(
        atPath: run.socket,
        withIntermediateDirectories: false
      )
    } else {
      try Data("mine".utf8).write(to: URL(filePath: run.socket))
    }
    let error = #expect(throws: ControlError.self) {
      try ControlServer(run: run.path, handler: scripted())
    }
    #expect(error?.kind == .inTheWay)
    #expect(FileManager.default.fileExists(atPath: run.socket))
    #expect(kind(run.path) == .inTheWay)
  }

  @Test func aRunThatCannotHaveASocketSaysWhy() throws {
    let error = #expect(throws: ControlError.self) {
      try ControlServer(run: "/proc", handler: scripted())
    }
    #expect(error?.kind == .system)
    #expect(error?.description.contains("/proc/control.sock: cannot make the socket") == true)
    #expect(error?.description.contains("output_dir") == true)
    let missing = #expect(throws: ControlError.self) {
      try ControlServer(run: "/nowhere", handler: scripted())
    }
    #expect(missing?.kind == .noDirectory)
  }

  @Test func whatIsNoRunIsNamed() throws {
    let run = try RunFolder()
    #expect(kind(run.path + "/nowhere") == .noDirectory)
    #expect(kind(run.path + "/config.yaml") == .notARun)
    #expect(kind(run.path) == .notGoing)
    try FileManager.default.removeItem(atPath: run.path + "/config.yaml")
    #expect(kind(run.path) == .notARun)
  }

  @Test func anotherUserIsRefused() throws {
    let run = try RunFolder()
    let server = try ControlServer(
      run: run.path,
      limits: ControlLimits(),
      mayConnect: { $0.user != geteuid() },
      handler: scripted()
    )
    let answer = try ControlClient(run: run.path).send(ControlRequest("status"))
    #expect(!answer.isDone && answer.problem.contains("only that user, or root"))
    #expect(server.close())
    #expect(ServerCore.isOwnerOrRoot(ControlPeer(user: geteuid(), process: 1)))
    #expect(ServerCore.isOwnerOrRoot(ControlPeer(user: 0, process: 1)))
    #expect(!ServerCore.isOwnerOrRoot(ControlPeer(user: geteuid() + 1, process: 1)))
  }
}
