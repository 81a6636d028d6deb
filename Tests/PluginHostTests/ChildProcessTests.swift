import Foundation
import Testing

@testable import PluginHost

/// Children of the host: how they end, what they inherit, and that nothing is left of them.
struct ChildProcessTests {
  private func shell(
    _ script: String,
    descriptors: [Int32: Descriptor] = [:],
    directory: String? = nil,
    environment: [String: String]? = nil
  ) throws -> ChildProcess {
    try ChildProcess(
      ChildProcess.Launch(
        executable: "/bin/sh",
        arguments: ["-c", script],
        environment: environment,
        workingDirectory: directory,
        descriptors: descriptors
      )
    )
  }

  /// What a script writes until all its processes have closed their output.
  private func output(
    of script: String,
    directory: String? = nil,
    environment: [String: String]? = nil
  ) throws -> String {
    let pipe = try Descriptor.pipe()
    var write: Descriptor? = pipe.write
    let child = try shell(
      script,
      descriptors: [1: write!, 2: write!],
      directory: directory,
      environment: environment
    )
    write = nil
    withExtendedLifetime(pipe.write) {}
    _ = child.wait(timeout: .seconds(20))
    return readAll(pipe.read)
  }

  private func readAll(_ descriptor: Descriptor) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor.number, &chunk, chunk.count)
      if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
    }
  }

  /// Waits until a process is no more than an entry for its parent, or gone.
  private func isGone(_ process: pid_t) -> Bool {
    for _ in 0..<500 {
      guard let entry = ProcessEntry(process), entry.isAlive else { return true }
      usleep(10_000)
    }
    return false
  }

  @Test func endsAreValues() throws {
    #expect(try shell("exit 3").wait(timeout: .seconds(20)) == .exited(3))
    #expect(try shell("kill -SEGV $$").wait(timeout: .seconds(20)) == .signalled(SIGSEGV))
    #expect(ChildProcess.Exit.signalled(SIGSEGV).description == "SIGSEGV (segmentation fault)")
    #expect(ChildProcess.Exit.exited(3).description == "exit status 3")
  }

  @Test func waitingEndsWithTheTime() throws {
    let child = try shell("sleep 100")
    let start = ContinuousClock.now
    #expect(child.wait(timeout: .milliseconds(50)) == nil)
    #expect(start.duration(to: .now) >= .milliseconds(50))
    #expect(child.kill() == .signalled(SIGKILL))
    #expect(ProcessEntry(child.processID) == nil, "it was reaped")
    #expect(child.kill() == .signalled(SIGKILL), "a second time is harmless")
  }

  @Test func whatEndedBeforeKeepsItsStatus() throws {
    let child = try shell("exit 7")
    _ = child.wait(timeout: .seconds(20))
    #expect(child.kill() == .exited(7))
  }

  @Test func killingTakesWhoIgnoresSIGTERM() throws {
    let pipe = try Descriptor.pipe()
    let child = try shell(
      "trap '' TERM; echo ready; while :; do sleep 1; done",
      descriptors: [1: pipe.write]
    )
    var entry = pollfd(fd: pipe.read.number, events: Int16(POLLIN), revents: 0)
    #expect(poll(&entry, 1, 20_000) == 1)
    child.signal(SIGTERM)
    #expect(child.wait(timeout: .milliseconds(200)) == nil)
    #expect(child.kill() == .signalled(SIGKILL))
  }

  @Test func killingTakesDescendantsThatLeftTheSession() throws {
    let pipe = try Descriptor.pipe()
    // One in a session of its own below the child, one whose parent is gone, one plain grandchild.
    let script = """
      setsid sh -c 'echo $$; exec sleep 1000' &
      (setsid sh -c 'echo $$; exec sleep 1000' &)
      sh -c 'echo $$; exec sleep 1000' &
      wait
      """
    let child = try shell(script, descriptors: [1: pipe.write])
    var text = ""
    for _ in 0..<500 where text.split(separator: "\n").count < 3 {
      text += readAll(pipe.read)
      usleep(10_000)
    }
    let family = text.split(separator: "\n").compactMap { pid_t($0) }
    try #require(family.count == 3)
    #expect(family.allSatisfy { ProcessEntry($0)?.isAlive == true })
    child.kill()
    for process in family { #expect(ProcessEntry(process) == nil, "killed and reaped") }
  }

  @Test func nobodyHoldingItKillsIt() throws {
    var child: ChildProcess? = try shell("sleep 1000")
    let process = child!.processID
    #expect(ProcessEntry(process)?.isAlive == true)
    child = nil
    #expect(ProcessEntry(process) == nil)
  }

  @Test func theHostsDeathTakesTheChild() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "stepwise-host-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let program = folder.appending(path: "host").path()
    let sources = Fixture.root.appending(path: "Sources/CPlatform")
    let compiler = try ChildProcess(
      ChildProcess.Launch(
        executable: "/usr/bin/env",
        arguments: [
          "cc", "-std=gnu11", "-pthread", "-I", sources.appending(path: "include").path(),
          Fixture.root.appending(path: "Tests/Fixtures/programs/host.c").path(),
          sources.appending(path: "spawn.c").path(), "-o", program,
        ]
      )
    )
    try #require(compiler.wait(timeout: .seconds(60)) == .exited(0))
    let pipe = try Descriptor.pipe()
    let host = try ChildProcess(
      ChildProcess.Launch(executable: program, descriptors: [1: pipe.write])
    )
    var entry = pollfd(fd: pipe.read.number, events: Int16(POLLIN), revents: 0)
    try #require(poll(&entry, 1, 20_000) == 1)
    let grandchild = try #require(
      pid_t(readAll(pipe.read).trimmingCharacters(in: .whitespacesAndNewlines))
    )
    #expect(ProcessEntry(grandchild)?.isAlive == true)
    // The host alone: what takes the grandchild is its death signal.
    host.signal(SIGKILL)
    #expect(isGone(grandchild))
  }

  @Test func noDescriptorLeaks() throws {
    // Opened without close-on-exec on purpose, as a library might.
    let leak = dup(0)
    defer { close(leak) }
    let text = try output(of: "ls /proc/$$/fd")
    #expect(text.split(separator: "\n").sorted() == ["0", "1", "2"])
  }

  @Test func descriptorsMayTradePlaces() throws {
    let first = try Descriptor.pipe()
    let second = try Descriptor.pipe()
    // The child's 1 and 2 and others come from each other's numbers.
    let child = try shell(
      """
      echo one >/proc/self/fd/\(second.write.number); echo two >/proc/self/fd/\(first.write.number)
      """,
      descriptors: [first.write.number: second.write, second.write.number: first.write]
    )
    #expect(child.wait(timeout: .seconds(20)) == .exited(0))
    #expect(readAll(first.read) == "one\n")
    #expect(readAll(second.read) == "two\n")
  }

  @Test func placeAndEnvironmentAreTheLaunchs() throws {
    #expect(try output(of: "pwd", directory: "/usr") == "/usr\n")
    let text = try output(of: "echo $A-$HOME-", environment: ["A": "b c"])
    #expect(text == "b c--\n")
  }

  @Test func failuresNameTheProgramAndTheFolder() {
    let program = #expect(throws: ProcessFailure.self) {
      try ChildProcess(ChildProcess.Launch(executable: "/nowhere/at/all"))
    }
    #expect(program?.description == "cannot run /nowhere/at/all: No such file or directory")
    let folder = #expect(throws: ProcessFailure.self) { try shell("true", directory: "/nowhere") }
    #expect(folder?.description == "cannot enter /nowhere: No such file or directory")
  }
}
