import Glibc

/// A program run to its end, with the time and memory that it took.
///
/// `posix_spawn` and `wait4` in place of Foundation's Process: the kernel tells the peak memory of a child only to who waits
/// for it. A child starts with its parent's peak, so the parent must stay small.
struct ChildProcess {
  /// What came of it.
  struct Result {
    var status: Int32
    var output: String
    /// The end of what it wrote to standard error.
    var complaint: String
    /// Peak resident memory of it and of its own children, each by itself, in bytes.
    var peakMemory: Int
    var seconds: Double
  }

  enum Failure: Error, CustomStringConvertible {
    case start(program: String, code: Int32)
    case status(program: String, status: Int32, complaint: String)
    case output(program: String, output: String)

    var description: String {
      switch self {
      case .start(let program, let code):
        "cannot start \(program): \(String(cString: strerror(code)))"
      case .status(let program, let status, let complaint):
        "\(program) ended with \(status): \(complaint)"
      case .output(let program, let output):
        "\(program) printed no measurement; it said: \(output.suffix(500))"
      }
    }
  }

  var program: String
  var arguments: [String]
  /// Variables that are set beside this process's own.
  var environment: [String: String] = [:]

  /// Runs it.
  ///
  /// - Parameter onLine: called with each line of standard output when it comes.
  func run(onLine: (Substring) -> Void = { _ in }) throws -> Result {
    let start = Stopwatch.now
    var output: [Int32] = [0, 0]
    guard pipe(&output) == 0 else { throw Failure.start(program: program, code: errno) }
    var name = Array("/tmp/stepwise-bench-XXXXXX\0".utf8CString.dropLast())
    let errors = mkstemp(&name)
    unlink(name)
    defer { close(errors) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output[1], 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    posix_spawn_file_actions_addclose(&actions, output[0])
    posix_spawn_file_actions_addclose(&actions, output[1])
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var variables = Self.variables(environment).map { strdup($0) } + [nil]
    defer { for text in words + variables { free(text) } }
    var child: pid_t = 0
    let code = posix_spawnp(&child, program, &actions, nil, &words, &variables)
    close(output[1])
    guard code == 0 else {
      close(output[0])
      throw Failure.start(program: program, code: code)
    }
    Self.endWithParent(child)
    let text = Self.read(output[0], onLine: onLine)
    close(output[0])
    var status: Int32 = 0
    var usage = rusage()
    // Not reaped yet, so its number is still its own.
    runningChild = 0
    while wait4(child, &status, 0, &usage) < 0 && errno == EINTR {}
    return Result(
      status: status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F),
      output: text,
      complaint: Self.tail(errors),
      peakMemory: usage.ru_maxrss << 10,
      seconds: Stopwatch.now - start
    )
  }

  /// A race that is told to end takes the program that runs with it: nobody would wait for it.
  private static func endWithParent(_ child: pid_t) {
    runningChild = child
    for number in [SIGTERM, SIGHUP] {
      signal(number) { received in
        if runningChild > 0 { kill(runningChild, SIGTERM) }
        _exit(128 + received)
      }
    }
  }

  /// This process's variables but those that would change a provider's kernels unseen.
  private static func variables(_ more: [String: String]) -> [String] {
    var own: [String] = []
    var next = environ
    while let text = next.pointee {
      own.append(String(cString: text))
      next += 1
    }
    let replaced = Set(more.keys).union(["OPENBLAS_CORETYPE"])
    return own.filter { !replaced.contains(String($0.prefix { $0 != "=" })) }
      + more.map { "\($0)=\($1)" }
  }

  private static func read(_ file: Int32, onLine: (Substring) -> Void) -> String {
    var bytes: [UInt8] = []
    var lineStart = 0
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      let old = bytes.count
      bytes += chunk[..<count]
      for index in old..<bytes.count where bytes[index] == UInt8(ascii: "\n") {
        onLine(Substring(decoding: bytes[lineStart..<index], as: UTF8.self))
        lineStart = index + 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func tail(_ file: Int32) -> String {
    let size = lseek(file, 0, SEEK_END)
    let wanted = min(Int(size), 600)
    lseek(file, off_t(Int(size) - wanted), SEEK_SET)
    var bytes = [UInt8](repeating: 0, count: wanted)
    let count = Glibc.read(file, &bytes, wanted)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}

/// The child that runs, for the signal handler; 0 for none. A program runs one at a time.
nonisolated(unsafe) private var runningChild: pid_t = 0
