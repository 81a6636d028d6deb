import Components
import Foundation
import Glibc
import Testing

/// Whether Python runs code here at all, and which sandboxes there are.
enum CodeSandbox {
  private static func runs(_ program: String, _ arguments: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  static let hasPython = runs("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"])

  static let kinds: [String] =
    hasPython
    ? ["seccomp"]
      + (runs("bwrap", ["--unshare-all", "--ro-bind", "/", "/", "true"]) ? ["bubblewrap"] : [])
    : []
}

@Suite(
  "The reward code-execution",
  .enabled(if: CodeSandbox.hasPython, "needs python3 of at least 3.9"),
  .serialized
)
struct CodeExecutionTests {
  private static let double: [Column] = [
    Column("tests", .list([.text("assert double(2) == 4"), .text("assert double(-1) == -2")]))
  ]

  private func fenced(_ code: String) -> String { "Here it is:\n```python\n\(code)\n```\n" }

  private func reward(_ more: [ParameterEntry] = []) throws -> ShippedReward {
    try ShippedReward("code-execution", .object(more))
  }

  @Test("code passes its tests, or does not")
  func scores() throws {
    let all = try reward()
    let share = try reward([ParameterEntry("scoring", "fraction")])
    for (code, one, other) in [
      ("def double(x):\n    return 2 * x", 1.0, 1.0), ("def double(x):\n    return x * x", 0, 0.5),
      ("def double(x)", 0, 0), ("raise ValueError", 0, 0), ("", 0, 0),
      ("def double(x):\n    if x < 0:\n        raise SystemExit\n    return 2 * x", 0, 0.5),
    ] {
      #expect(try all.score(fenced(code), Self.double) == one, "\(code)")
      #expect(try share.score(fenced(code), Self.double) == other, "\(code)")
    }
  }

  @Test("the last block of Python counts")
  func blocks() throws {
    let reward = try reward()
    let (good, bad) = ("def double(x): return x + x", "def double(x): return 0")
    #expect(try reward.score(fenced(bad) + fenced(good), Self.double) == 1)
    #expect(try reward.score(fenced(good) + fenced(bad), Self.double) == 0)
    #expect(try reward.score(fenced(good) + "```sh\nls\n```\n", Self.double) == 1)
    #expect(try reward.score("```\n\(good)\n```", Self.double) == 1)
    #expect(try reward.score(good, Self.double) == 0, "no fence")
    let whole = try self.reward([ParameterEntry("code_in", "fence-or-all")])
    #expect(try whole.score(good, Self.double) == 1)
  }

  @Test("many programs at a time, each with its own score", arguments: CodeSandbox.kinds)
  func parallel(kind: String) throws {
    let reward = try reward([
      ParameterEntry("sandbox", .string(kind)), ParameterEntry("parallel", 12),
      ParameterEntry("timeout_seconds", 30),
    ])
    let items = (0..<60).map { index in
      ShippedReward.item(fenced("def double(x): return (1 + \(index % 2)) * x"), Self.double)
    }
    #expect(try reward.scores(items) == (0..<60).map { Double($0 % 2) })
  }

  @Test("tests as HumanEval's, and as standard input and output")
  func forms() throws {
    let check: [Column] = [
      Column("test", .text("def check(candidate):\n    assert candidate(3) == 4\n")),
      Column("entry_point", .text("successor")),
      Column("prompt_text", .text("def successor(x):\n")),
    ]
    let human = try reward([
      ParameterEntry("column", "test"), ParameterEntry("prefix_column", "prompt_text"),
    ])
    #expect(try human.score(fenced("    return x + 1"), check) == 1)
    #expect(try human.score(fenced("    return x"), check) == 0)
    let cases: [Column] = [
      Column("tests", .text(#"{"inputs": ["1 2\n", "3 4\n"], "outputs": ["3\n", "7"]}"#))
    ]
    let share = try reward([ParameterEntry("scoring", "fraction")])
    for (code, score) in [
      ("a, b = map(int, input().split())\nprint(a + b)", 1.0), ("print(3)", 0.5),
      ("print('3  ')\nprint()", 0.5), ("print(3)\nraise ValueError", 0),
      ("print(3)\nimport sys\nsys.exit(1)", 0), ("print(3)\nimport sys\nsys.exit()", 0.5),
      ("import sys\nfor line in sys.stdin: print(sum(map(int, line.split())))", 1),
      ("if __name__ == '__main__': print(3)", 0.5),
    ] {
      #expect(try share.score(fenced(code), cases) == score, "\(code)")
    }
  }

  @Test("rows without usable tests are errors")
  func badRows() throws {
    let reward = try reward()
    for (columns, problem): ([Column], String) in [
      ([], "no column 'tests'"), ([Column("tests", .int(1))], "neither text nor a list"),
      ([Column("tests", .list([]))], "neither text nor a list"),
      ([Column("tests", .text(" \n"))], "a test is empty"),
      ([Column("tests", .list([.text("pass"), .text("")]))], "a test is empty"),
      ([Column("tests", .text(#"{"inputs": []}"#))], "no JSON object"),
      ([Column("tests", .text(#"{"inputs": ["1"], "outputs": []}"#))], "1 \"inputs\" and 0"),
      ([Column("tests", .text(#"{"inputs": [], "outputs": [], "fn_name": "f"}"#))], "fn_name"),
    ] {
      let text = message { _ = try reward.score(fenced("pass"), columns) }
      #expect(text.contains(problem), "\(text)")
    }
  }

  // MARK: - What must not work

  /// What code tries, which leaves no trace and never scores.
  private static let attacks: [(name: String, code: String)] = [
    ("fork bomb", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
    ("endless output", "while True: print('x' * 1000)"),
    ("sleep", "import time\ntime.sleep(3600)"),
    ("endless loop", "while True: pass"),
    (
      "ignored signals",
      "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass"
    ),
    ("stopped", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
    ("closed descriptors", "import os\nos.closerange(0, 100)\nwhile True: pass"),
    ("memory", "a = []\nwhile True: a.append(bytearray(10 ** 7))"),
    (
      "threads",
      "import threading, time\nthreading.stack_size(32768)\nwhile True:\n    try: threading.Thread(target=time.sleep, args=(3600,)).start()\n    except BaseException: pass"
    ),
    ("early exit", "import os\nos._exit(0)"), ("polite exit", "raise SystemExit(0)"),
    ("crash", "import ctypes\nctypes.string_at(0)"),
    (
      "false answers",
      "import os\nfor fd in range(3, 40):\n    try: os.write(fd, b'passed 0\\npassed 1\\ndone\\n')\n    except OSError: pass\nos._exit(0)"
    ),
    (
      "false news of its process",
      "import os\nfor fd in range(3, 40):\n    try: os.write(fd, b'[]')\n    except OSError: pass\nos._exit(0)"
    ),
  ]

  @Test("code that does not end is ended", arguments: CodeSandbox.kinds)
  func attacks(kind: String) throws {
    let reward = try reward([
      ParameterEntry("sandbox", .string(kind)), ParameterEntry("timeout_seconds", 1),
      ParameterEntry("output_kb", 64), ParameterEntry("parallel", 4),
    ])
    let items = Self.attacks.map { ShippedReward.item(fenced($0.code), Self.double) }
    let clock = ContinuousClock()
    var scores: [Double?] = []
    let time = try clock.measure { scores = try reward.scores(items) }
    for ((name, _), score) in zip(Self.attacks, scores) { #expect(score == 0, "\(name)") }
    #expect(time < .seconds(40))
    // The next batch is scored as if nothing had been.
    #expect(try reward.score(fenced("def double(x): return 2 * x"), Self.double) == 1)
  }

  /// What code tries and is refused: it goes on and passes where it is.
  private static let refused: [(name: String, code: String)] = [
    ("killing the parent", "import os\nattempt(lambda: os.kill(os.getppid(), 9))"),
    ("killing everything", "import os\nattempt(lambda: os.kill(-1, 9))"),
    ("killing its group", "import os\nattempt(lambda: os.killpg(0, 9))"),
    (
      "a signal by a pipe",
      "import fcntl, os\nr, w = os.pipe()\nattempt(lambda: fcntl.fcntl(r, fcntl.F_SETOWN, os.getppid()))"
    ),
    ("a program", "import subprocess\nattempt(lambda: subprocess.run(['true']))"),
    ("exec", "import os\nattempt(lambda: os.execv('/bin/true', ['true']))"),
    ("a session", "import os\nattempt(lambda: os.setsid())"),
    ("a socket", "import socket\nattempt(lambda: socket.create_connection(('127.0.0.1', 9)))"),
    ("a local socket", "import socket\nattempt(lambda: socket.socketpair())"),
    ("writing", "attempt(lambda: open('/tmp/MARK', 'w'))"),
    ("appending", "attempt(lambda: open('/tmp/MARK', 'a'))"),
    ("a folder", "import os\nattempt(lambda: os.mkdir('/tmp/MARK'))"),
    ("removing", "import os\nattempt(lambda: os.unlink('/tmp/KEPT'))"),
    ("truncating", "import os\nattempt(lambda: os.truncate('/tmp/KEPT', 0))"),
    ("changing rights", "import os\nattempt(lambda: os.chmod('/tmp/KEPT', 0o777))"),
    (
      "more memory",
      "import resource\nattempt(lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40)))"
    ),
    ("another user", "import os\nattempt(lambda: os.setuid(0))"),
    ("more priority", "import os\nattempt(lambda: os.nice(-5))"),
    (
      "a new name space",
      "import ctypes\ndef go():\n    if ctypes.CDLL(None).unshare(0x10000000): raise OSError\nattempt(go)"
    ),
    (
      "tracing",
      "import ctypes, os\ndef go():\n    if ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0): raise OSError\nattempt(go)"
    ),
  ]

  @Test("what reaches beyond the program is refused", arguments: CodeSandbox.kinds)
  func refusals(kind: String) throws {
    let mark = "stepwise-test-\(UUID().uuidString)"
    let kept = "\(mark)-kept"
    let file = FileManager.default.temporaryDirectory.appending(path: kept)
    try Data("kept".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let head = """
      def attempt(action):
          global refused
          try:
              action()
          except (OSError, ValueError):
              refused = True
      refused = False

      """
    let folder = FileManager.default.temporaryDirectory.path
    let items = Self.refused.map { _, code in
      let code = code.replacingOccurrences(of: "/tmp/MARK", with: "\(folder)/\(mark)")
        .replacingOccurrences(of: "/tmp/KEPT", with: file.path)
      return ShippedReward.item(fenced(head + code), [Column("tests", .text("assert refused"))])
    }
    let reward = try reward([ParameterEntry("sandbox", .string(kind))])
    for ((name, _), score) in zip(Self.refused, try reward.scores(items)) {
      #expect(score == 1, "\(name) in \(kind)")
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == "kept")
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/\(mark)"))
  }

  @Test("what honest code needs works", arguments: CodeSandbox.kinds)
  func honest(kind: String) throws {
    let reward = try reward([ParameterEntry("sandbox", .string(kind))])
    for code in [
      "import bisect, collections, datetime, decimal, fractions, heapq, json, random, re, statistics",
      "import sys\nsys.setrecursionlimit(10000)\ndef f(n): return 0 if n == 0 else f(n - 1)\nf(5000)",
      "import threading\nresult = []\nt = threading.Thread(target=lambda: result.append(1))\nt.start()\nt.join()\nassert result == [1]",
      "import threading\nthreading.stack_size(1 << 26)\nt = threading.Thread(target=lambda: None)\nt.start()\nt.join()",
      "import functools\n@functools.lru_cache\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nassert f(80) > 0",
      "from __future__ import annotations\nimport dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int = 1\nassert A().x == 1",
      "import pickle\nclass A: pass\nassert isinstance(pickle.loads(pickle.dumps(A())), A)",
      "assert sorted({'b', 'a'}) == ['a', 'b']\nprint('text')\nimport time\ntime.sleep(0.01)",
    ] {
      #expect(
        try reward.score(fenced(code + "\ndef double(x): return 2 * x"), Self.double) == 1,
        "\(code)"
      )
    }
  }

  @Test("programs leave no process behind, also when the interpreter that started them is killed")
  func orphans() throws {
    let reward = try ShippedReward(
      "code-execution",
      ["timeout_seconds": 30, "parallel": 2],
      deadline: 2
    )
    let items = (0..<2).map { _ in ShippedReward.item(fenced("while True: pass"), Self.double) }
    // The call's own deadline ends the worker, and with it what it had started.
    #expect(throws: (any Error).self) { try reward.scores(items) }
    // Those of other tests come and go; of what is there now nothing may stay.
    let left = Self.programs()
    let end = ContinuousClock.now + .seconds(5)
    while !left.isDisjoint(with: Self.programs()), ContinuousClock.now < end { usleep(50_000) }
    #expect(left.isDisjoint(with: Self.programs()))
  }

  /// The process numbers of the sandbox's interpreters, whoever started them.
  private static func programs() -> Set<String> {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return Set(
      names.filter { name in
        guard Int(name) != nil,
          let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline")
        else { return false }
        return String(decoding: line, as: UTF8.self).contains("main(confine, Unavailable)")
      }
    )
  }

  @Test(
    "where no sandbox holds, nothing is run",
    .enabled(if: !CodeSandbox.kinds.contains("bubblewrap"), "bubblewrap works here")
  )
  func withoutSandbox() throws {
    let reward = try reward([ParameterEntry("sandbox", "bubblewrap")])
    let text = message { _ = try reward.score(fenced("pass"), Self.double) }
    #expect(text.contains("no sandbox holds") && text.contains("install bubblewrap"), "\(text)")
  }
}
