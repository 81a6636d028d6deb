import Foundation
import Glibc
import RunStore
import Synchronization
import Testing

@testable import RunControl

/// Those who keep to the protocol.
@Suite(.serialized) struct ConversationTests {
  @Test func aRequestIsAnswered() throws {
    let run = try RunFolder()
    let server = try ControlServer(run: run.path, handler: scripted())
    let client = try ControlClient(run: run.path)
    let status = try client.send(ControlRequest("status"))
    #expect(status.isDone && status.text == ["going"] && status["step"]?.number == 7)
    // Another on the same connection, with all that a record can hold.
    let request = ControlRequest(
      "echo",
      ["key": "grpo.beta", "n": 3, "x": 0.1, "parameters": ["a": [1, nil, true, "é\n\u{0}"]]]
    )
    let echo = try client.send(request)
    #expect(echo["parameters"] == request["parameters"] && echo["x"] == 0.1)
    let refused = try client.send(ControlRequest("dance"))
    #expect(!refused.isDone && refused.problem == "there is no command dance")
    #expect(refused.cure == "Ask for status.")
    #expect(server.close())
  }

  @Test func theServerKnowsWhoAsks() throws {
    let run = try RunFolder()
    let peers = Mutex<[ControlPeer?]>([])
    let server = try ControlServer(run: run.path) { request, _ in
      peers.withLock { $0.append(request.peer) }
      return .done()
    }
    _ = try ControlClient(run: run.path).send(ControlRequest("status"))
    let peer = try #require(peers.withLock { $0.first ?? nil })
    #expect(peer == ControlPeer(user: geteuid(), process: getpid()))
    #expect(!peer.name.isEmpty)
    #expect(server.close())
  }

  @Test func progressComesBeforeTheAnswer() throws {
    let run = try RunFolder()
    let server = try ControlServer(run: run.path) { _, progress in
      for step in 1...3 { progress("step \(step)") }
      return .done(["there"])
    }
    var lines: [String] = []
    let answer = try ControlClient(run: run.path).send(ControlRequest("swap")) { lines.append($0) }
    #expect(lines == ["step 1", "step 2", "step 3"] && answer.text == ["there"])
    #expect(server.close())
  }

  @Test func oneWhoWaitsHoldsNobodyUp() throws {
    let run = try RunFolder()
    let gate = Gate()
    let server = try ControlServer(run: run.path, handler: scripted(gate))
    let waiting = try RawClient(run)
    waiting.send("{\"command\":\"swap\",\"plugin\":\"hpt\"}\n")
    #expect(try waiting.line()?.contains("step boundary") == true)
    let other = try ControlClient(run: run.path)
    for _ in 0..<10 { #expect(try other.send(ControlRequest("status")).isDone) }
    gate.open()
    #expect(try waiting.answer()?["plugin"] == "hpt")
    #expect(server.close())
  }

  @Test func requestsOnOneConnectionAreAnsweredInOrder() throws {
    let run = try RunFolder()
    let server = try ControlServer(run: run.path, handler: scripted())
    let client = try RawClient(run)
    let requests = (0..<500).map { "{\"command\":\"echo\",\"n\":\($0)}\n" }
    client.send(requests.joined())
    for number in 0..<500 { #expect(try client.answer()?["n"] == RecordValue(number)) }
    #expect(server.close())
  }

  @Test func manyAtOnceAreAllServedOrTold() throws {
    let run = try RunFolder()
    let gate = Gate()
    var limits = ControlLimits()
    limits.connections = 4
    let server = try ControlServer(run: run.path, limits: limits, handler: scripted(gate))
    let waiting = try (0..<4).map { _ in try RawClient(run) }
    for client in waiting { client.send("{\"command\":\"swap\"}\n") }
    #expect(eventually { gate.arrived == 4 })
    for _ in 0..<50 {
      let error = #expect(throws: ControlError.self) {
        try ControlClient(run: run.path).send(ControlRequest("status"))
      }
      #expect(error?.kind == .busy)
      #expect(error?.description.contains("4 connections") == true)
    }
    gate.open(for: 4)
    for client in waiting {
      _ = try client.line()
      #expect(try client.answer()?.isDone == true)
    }
    // The connections are still open, so there is still no room; once one is gone there is.
    withExtendedLifetime(waiting) {}
    #expect(server.close())
  }

  @Test func roomComesBackWhenAClientLeaves() throws {
    let run = try RunFolder()
    var limits = ControlLimits()
    limits.connections = 1
    let server = try ControlServer(run: run.path, limits: limits, handler: scripted())
    do {
      let first = try ControlClient(run: run.path)
      #expect(try first.send(ControlRequest("status")).isDone)
      #expect(throws: ControlError.self) {
        try ControlClient(run: run.path).send(ControlRequest("status"))
      }
    }
    #expect(
      eventually {
        (try? ControlClient(run: run.path).send(ControlRequest("status")).isDone) == true
      }
    )
    #expect(server.close())
  }

  @Test func aClientThatVanishesDisturbsNothing() throws {
    let run = try RunFolder()
    let gate = Gate()
    let done = Mutex(0)
    let script = scripted(gate)
    let server = try ControlServer(run: run.path) { request, progress in
      let answer = script(request, progress)
      // To a client that is gone: neither a signal nor a wait.
      for _ in 0..<10_000 { progress(String(repeating: "x", count: 100)) }
      if request.command == "swap" { done.withLock { $0 += 1 } }
      return answer
    }
    for _ in 0..<8 {
      let client = try RawClient(run)
      client.send("{\"command\":\"swap\"}\n")
      _ = try client.line()
    }
    #expect(eventually { gate.arrived == 8 })
    gate.open(for: 8)
    #expect(eventually { done.withLock { $0 } == 8 })
    #expect(eventually { run.boundSockets == 1 })
    #expect(server.close())
  }

  @Test func oneWhoDoesNotReadIsNotWaitedForLong() throws {
    let run = try RunFolder()
    var limits = ControlLimits()
    limits.answerTime = .milliseconds(200)
    let long = String(repeating: "x", count: 1 << 20)
    let server = try ControlServer(run: run.path, limits: limits) { _, progress in
      for _ in 0..<20 { progress(long) }
      return .done([long])
    }
    let deaf = try RawClient(run)
    deaf.send("{\"command\":\"status\"}\n")
    #expect(eventually { run.boundSockets == 1 })
    #expect(server.close())
  }

  @Test func anAnswerMayBeLong() throws {
    let run = try RunFolder()
    let lines = (0..<20_000).map { "line \($0) of a long history" }
    let server = try ControlServer(run: run.path) { _, _ in .done(lines) }
    #expect(try ControlClient(run: run.path).send(ControlRequest("history")).text == lines)
    #expect(server.close())
  }

  @Test func theClientDoesNotWaitForEver() throws {
    let run = try RunFolder()
    let gate = Gate()
    let server = try ControlServer(run: run.path, handler: scripted(gate))
    let error = #expect(throws: ControlError.self) {
      try ControlClient(run: run.path).send(ControlRequest("swap"), timeout: .milliseconds(100))
    }
    #expect(error?.kind == .timedOut)
    #expect(error?.problem.contains("may still be carried out") == true)
    gate.open()
    #expect(server.close())
  }
}
