import Foundation
import Glibc
import RunStore
import Synchronization
import Testing

@testable import RunControl

/// Those who do not keep to the protocol.
@Suite(.serialized) struct HostileTests {
  private func limits(requestTime: Duration = .milliseconds(200)) -> ControlLimits {
    var limits = ControlLimits()
    limits.requestTime = requestTime
    return limits
  }

  private func status(_ run: RunFolder) throws -> Bool {
    try ControlClient(run: run.path).send(ControlRequest("status"), timeout: .seconds(20)).isDone
  }

  /// 10,000 messages that mean harm. After each one a request on another connection is answered, and at the end the server
  /// holds not one descriptor or thread more than before; it is looked at in between, too.
  @Test(.timeLimit(.minutes(5))) func tenThousandHostileMessages() throws {
    let run = try RunFolder()
    let commands = Mutex<[String: Int]>([:])
    let server = try ControlServer(run: run.path, limits: limits(requestTime: .seconds(10))) {
      request,
      _ in
      commands.withLock { $0[request.command, default: 0] += 1 }
      return .done(["going"])
    }
    let witness = try ControlClient(run: run.path)
    #expect(try witness.send(ControlRequest("status")).isDone)
    let baseline = servingThreads
    var messages = HostileMessages(seed: 4)
    var kinds: [String: Int] = [:]
    var refused = 0
    for number in 1...10_000 {
      let message = messages.next()
      kinds[message.kind, default: 0] += 1
      do {
        let client = try RawClient(run)
        client.send(message.bytes)
        if message.isRead {
          client.endSending()
          // Every line gets an answer that is a record with a reason; then the connection ends.
          while let answer = try client.answer() {
            if !answer.isDone {
              refused += 1
              #expect(!answer.problem.isEmpty && !answer.cure.isEmpty, "\(message.kind)")
            }
          }
        }
      }
      #expect(try witness.send(ControlRequest("status"), timeout: .seconds(20)).isDone)
      if number % 1000 == 0 {
        #expect(eventually { run.boundSockets == 2 }, "after \(number)")
        #expect(eventually { servingThreads <= baseline }, "after \(number)")
      }
    }
    #expect(kinds.count == HostileMessages.kinds && refused > 5000, "\(kinds), \(refused) refused")
    // Nothing of all that was taken for a request.
    #expect(commands.withLock { $0 } == ["status": 10_001])
    #expect(server.close())
    #expect(eventually { run.boundSockets == 0 })
    withExtendedLifetime(witness) {}
  }

  @Test func halfAMessageIsGivenUp() throws {
    let run = try RunFolder()
    let server = try ControlServer(run: run.path, limits: limits(), handler: scripted())
    let client = try RawClient(run)
    client.send("{\"command\":\"sta")
    let answer = try #require(try client.answer())
    #expect(answer.problem.contains("half a request"))
    #expect(try client.line() == nil)
    #expect(try status(run))
    #expect(server.close())
  }

  /// The time counts from the first byte: a byte now and then does not stretch it.
  @Test func aMessageInDropsIsGivenUp() throws {
    let run = try RunFolder()
    let server = try ControlServer(run: run.path, limits: limits(), handler: scripted())
    let client = try RawClient(run)
    let began = ContinuousClock.now
    var sent = 0
    while client.send(" ") == 1, ContinuousClock.now - began < .seconds(20) {
      sent += 1
      usleep(20_000)
    }
    #expect(sent > 2 && ContinuousClock.now - began < .seconds(10))
    #expect(try client.answer()?.problem.contains("half a request") == true)
    #expect(server.close())
  }

  @Test func silenceEndsAConnection() throws {
    let run = try RunFolder()
    var limits = ControlLimits()
    limits.silence = .milliseconds(100)
    let server = try ControlServer(run: run.path, limits: limits, handler: scripted())
    let client = try RawClient(run)
    #expect(try client.answer()?.problem.contains("no request") == true)
    #expect(eventually { run.boundSockets == 1 })
    #expect(server.close())
  }

  @Test func aRequestIsNotTakenFromTwoHalves() throws {
    let run = try RunFolder()
    let server = try ControlServer(run: run.path, handler: scripted())
    // In pieces, but in time: one request.
    let client = try RawClient(run)
    for piece in ["{\"comm", "and\":\"st", "atus\"}", "\n\r\n  \n"] {
      client.send(piece)
      usleep(10_000)
    }
    #expect(try client.answer()?.isDone == true)
    // At the end of what is sent the newline may be missing.
    client.send("{\"command\":\"status\"}")
    client.endSending()
    #expect(try client.answer()?.isDone == true)
    #expect(try client.line() == nil)
    #expect(server.close())
  }

  @Test func aLineHasALimit() throws {
    let run = try RunFolder()
    let server = try ControlServer(run: run.path, handler: scripted())
    func echo(_ length: Int) throws -> ControlAnswer? {
      let client = try RawClient(run)
      let (head, tail) = ("{\"command\":\"status\",\"x\":\"", "\"}")
      let filling = String(repeating: "x", count: length - head.utf8.count - tail.utf8.count)
      client.send(head + filling + tail + "\n")
      return try client.answer()
    }
    #expect(try echo(1 << 20)?.isDone == true)
    #expect(try echo((1 << 20) + 1)?.problem.contains("longer than 1048576 bytes") == true)
    #expect(try echo(1 << 23)?.problem.contains("longer than 1048576 bytes") == true)
    // The client, too, gets the reason and not a broken pipe.
    let request = ControlRequest("status", ["x": .string(String(repeating: "x", count: 1 << 22))])
    let answer = try ControlClient(run: run.path).send(request)
    #expect(answer.problem.contains("longer than"))
    #expect(server.close())
  }

  /// Millions of empty lines cost time in proportion: a quadratic reader would need half a minute for these.
  @Test func emptyLinesCostLittle() throws {
    let run = try RunFolder()
    let server = try ControlServer(run: run.path, handler: scripted())
    let client = try RawClient(run)
    client.send([UInt8](repeating: 10, count: 1 << 23))
    client.send("{\"command\":\"status\"}\n")
    #expect(try client.answer()?.isDone == true)
    #expect(server.close())
  }

  @Test func nestingHasALimit() throws {
    let run = try RunFolder()
    let server = try ControlServer(run: run.path, handler: scripted())
    let client = try RawClient(run)
    func send(_ depth: Int) throws -> ControlAnswer? {
      let value =
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      client.send("{\"command\":\"status\",\"x\":\(value)}\n")
      return try client.answer()
    }
    #expect(try send(64)?.isDone == true)
    #expect(try send(65)?.problem.contains("nested too deeply") == true)
    #expect(try send(500_000)?.problem.contains("nested too deeply") == true)
    #expect(server.close())
  }

  @Test(arguments: [
    ("[]", "not an object"), ("3", "not an object"), ("{}", "\"command\" is missing"),
    ("{\"command\":3}", "\"command\" is missing or not text"), ("{\"command\":\"\"}", "missing"),
    ("{\"command\":\"status\"} {}", "something after the value"), ("\u{0}", "byte 0"),
    ("status", "byte 0"),
  ])
  func whatIsWrongIsSaid(line: String, reason: String) throws {
    let run = try RunFolder()
    let server = try ControlServer(run: run.path, handler: scripted())
    let client = try RawClient(run)
    client.send(line + "\n")
    let answer = try #require(try client.answer())
    #expect(!answer.isDone && answer.problem.contains(reason), "\(answer.problem)")
    #expect(answer.cure.contains("{\"command\":\"status\"}"))
    // The connection goes on.
    client.send("{\"command\":\"status\"}\n")
    #expect(try client.answer()?.isDone == true)
    #expect(server.close())
  }

  /// What answers need not be a run either.
  @Test(arguments: [
    ("nonsense\n", ControlError.Kind.garbled), ("{\"x\":1}\n", .garbled), ("", .ended),
    ("{\"progress\":\"half\"}\n{\"ok\":tr", .garbled), ("\n", .garbled),
  ])
  func whatTheClientMakesOfIt(bytes: String, kind: ControlError.Kind) throws {
    let run = try RunFolder()
    let socket = try ControlSocket(run: run.path)
    let answering = Thread {
      var client: Int32 = -1
      while client < 0 { client = accept(socket.listener, nil, nil) }
      var request = [UInt8](repeating: 0, count: 1000)
      _ = recv(client, &request, 1000, 0)
      _ = write(client, bytes, bytes.utf8.count)
      close(client)
    }
    answering.start()
    let error = #expect(throws: ControlError.self) {
      try ControlClient(run: run.path).send(ControlRequest("status"), timeout: .seconds(20))
    }
    #expect(error?.kind == kind, "\(error.map(String.init(describing:)) ?? "")")
    socket.remove()
    close(socket.listener)
  }
}
