import Foundation

/// Makes inputs and runs them until the time is over.
struct FuzzWorker {
  private let options: FuzzOptions
  private let folder: FuzzFolder
  private let target: any FuzzTarget
  private let current: Int32
  private let statusFile: FuzzStatus.File
  private var status: FuzzStatus
  private var corpus: [[UInt8]]
  private var outcomes: Set<String>

  init(_ options: FuzzOptions, folder: FuzzFolder) throws {
    self.options = options
    self.folder = folder
    target = try options.target.make()
    corpus = try target.seeds() + folder.corpus()
    outcomes = folder.knownOutcomes()
    statusFile = try FuzzStatus.File(path: folder.status)
    status = statusFile.read()
    current = open(folder.current, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard current >= 0 else { throw POSIXError(.EIO) }
    var limit = rlimit(
      rlim_cur: rlim_t(options.memoryLimit) << 20,
      rlim_max: rlim_t(options.memoryLimit) << 20
    )
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    // A crash leaves its input, not gigabytes of memory.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
  }

  mutating func run(from first: UInt64) throws {
    let start = ContinuousClock.now
    var execution = first
    while (ContinuousClock.now - start) / .seconds(1) < options.seconds {
      // Each input depends on the seed, its number and the corpus alone.
      var random = FuzzRandom(seed: options.seed, stream: execution)
      let input =
        execution < UInt64(target.seedCount)
        ? corpus[Int(execution)] : makeInput(&random)
      try run(input, execution)
      execution += 1
    }
  }

  private func makeInput(_ random: inout FuzzRandom) -> [UInt8] {
    // The seeds stay as likely as all that was found since.
    let seeds = min(corpus.count, target.seedCount)
    let base = random.chance(0.3) ? corpus[random.below(seeds)] : random.pick(corpus)
    return target.mutate(base, with: random.pick(corpus), &random)
  }

  private mutating func run(_ input: [UInt8], _ execution: UInt64) throws {
    status.execution = execution
    statusFile.write(status)
    _ = input.withUnsafeBytes { pwrite(current, $0.baseAddress, $0.count, 0) }
    ftruncate(current, input.count)
    setTimer(seconds: options.timeLimit)
    let start = Self.processorSeconds
    var outcome: String
    do {
      outcome = "accepted " + (try target.run(input, file: folder.current))
      status.accepted += 1
    } catch {
      outcome = "refused \(error)"
    }
    let seconds = Self.processorSeconds - start
    setTimer(seconds: 0)
    status.executions += 1
    if seconds > status.slowestSeconds {
      status.slowestSeconds = seconds
      status.slowestBytes = input.count
      try Data(input).write(to: URL(filePath: folder.slowest))
    }
    statusFile.write(status)
    outcome = Self.kind(of: outcome)
    if outcomes.insert(outcome).inserted {
      try append(outcome)
      if input.count < 200_000, corpus.count < 5000 {
        corpus.append(input)
        try folder.addToCorpus(input, execution: execution)
      }
    }
  }

  /// The outcome without the values in it, so that two places of one mistake are one outcome.
  private static func kind(of outcome: String) -> String {
    var kind: [UInt8] = []
    var isQuoted = false
    var wasDigit = false
    for byte in outcome.utf8.prefix(2000) {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      let isDigit = UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
      defer { wasDigit = isDigit }
      if isQuoted || (isDigit && wasDigit) || byte < 0x20 || byte >= 0x7F { continue }
      kind.append(isDigit ? UInt8(ascii: "0") : byte)
    }
    // What was found is a value too.
    let text = String(decoding: kind, as: UTF8.self)
    return String(text.components(separatedBy: " (found ").first!.prefix(160))
  }

  private func append(_ outcome: String) throws {
    let file = open(folder.outcomes, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    let line = Array((outcome + "\n").utf8)
    _ = write(file, line, line.count)
    close(file)
  }

  private func setTimer(seconds: Int) {
    var timer = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: seconds, tv_usec: 0))
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
  }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
