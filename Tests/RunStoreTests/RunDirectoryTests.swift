import FoundationEssentials
import Glibc
import Testing

@testable import RunStore

@Suite struct RunDirectoryTests {
  let temporary: TemporaryDirectory
  init() throws { temporary = try TemporaryDirectory() }

  private func record(_ step: Int) -> Record {
    ["step": RecordValue(step), "loss": .double(1 / Double(step + 3))]
  }

  @Test func aNewRunNeedsAnEmptyPlace() throws {
    let run = temporary.directory("a/b/run")
    _ = try RunDirectory.create(at: run)
    #expect(throws: RunStoreError.occupied(path: run.path)) { try RunDirectory.create(at: run) }
    let other = temporary.directory("mine")
    try FileManager.default.createDirectory(at: other, withIntermediateDirectories: false)
    try overwrite(other.appending(path: "thesis.tex"), with: [1])
    #expect(throws: RunStoreError.occupied(path: other.path)) {
      try RunDirectory.create(at: other)
    }
    #expect(try Files.read(other.appending(path: "thesis.tex").path) == [1])
  }

  @Test func namedRunsCountUp() throws {
    let base = temporary.directory("runs")
    let names = try (0..<3).map { _ in
      try RunDirectory.create(named: "kk", in: base).url.lastPathComponent
    }
    #expect(names == ["kk", "kk-2", "kk-3"])
  }

  @Test func aSecondWriterIsRefused() throws {
    let place = temporary.directory("run")
    let run = try RunDirectory.create(at: place)
    try run.writeConfiguration("seed: 1\n")
    #expect(throws: RunStoreError.inUse(path: place.path)) { try RunDirectory.open(at: place) }
    withExtendedLifetime(run) {}
  }

  @Test func openingWhatIsNoRunSaysSo() throws {
    #expect(throws: RunStoreError.notARun(path: temporary.path)) {
      try RunDirectory.open(at: temporary.url)
    }
  }

  @Test func recordsReadBackInOrder() throws {
    let run = try RunDirectory.create(at: temporary.directory("run"))
    for step in 0..<5 { try run.append(record(step), to: .metrics) }
    try run.append(["step": 0, "text": "two\nlines"], to: .samples)
    #expect(try run.records(in: .metrics) == (0..<5).map(record))
    #expect(try run.records(in: .samples).count == 1)
    #expect(try text(run.url.appending(path: "metrics.jsonl")).split(separator: "\n").count == 5)
  }

  @Test func aLineThatIsNoRecordIsNamed() throws {
    let run = try RunDirectory.create(at: temporary.directory("run"))
    try overwrite(
      run.url.appending(path: "metrics.jsonl"),
      with: Array("{\"step\":0}\n{oops\n".utf8)
    )
    let error = #expect(throws: RunStoreError.self) { try run.records(in: .metrics) }
    #expect(error?.description.contains("metrics.jsonl") == true)
    #expect(error?.description.contains("line 2") == true)
  }

  @Test func configurationAndProvenanceReadBack() throws {
    let run = try RunDirectory.create(at: temporary.directory("run"))
    try run.writeConfiguration("seed: 7\n")
    #expect(try run.configuration() == "seed: 7\n")
    var provenance = ProvenanceTests.example
    provenance.seed = .max
    try run.write(provenance)
    #expect(try run.provenance() == provenance)
  }

  @Test func imagesAreArchivedUnderTheirDigest() throws {
    let file = temporary.file("plugin.so")
    try overwrite(file, with: Array("abc".utf8))
    let run = try RunDirectory.create(at: temporary.directory("run"))
    let digest = try run.archive(file)
    #expect(run.hasImage(digest) && !run.hasImage("0"))
    #expect(digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(try run.archive(file) == digest)
    #expect(try text(run.url.appending(path: "images/\(digest)")) == "abc")
  }

  @Test func resumeDropsWhatCameAfterTheCheckpoint() throws {
    let place = temporary.directory("run")
    do {
      let run = try RunDirectory.create(at: place)
      try run.writeConfiguration("seed: 1\n")
      for step in 0..<4 { try run.append(record(step), to: .metrics) }
      try run.append(["step": 4, "accuracy": 0.5], to: .evaluations)
      _ = try run.checkpoint(step: 4, keeping: 2) {
        try overwrite($0.appending(path: "w"), with: [1])
      }
      for step in 4..<7 { try run.append(record(step), to: .metrics) }
      try run.append(["step": 5], to: .decisions)
    }
    // The process died in the middle of a line.
    let metrics = place.appending(path: "metrics.jsonl")
    try overwrite(metrics, with: Array((try text(metrics) + "{\"step\":7,\"lo").utf8))

    let run = try RunDirectory.open(at: place)
    let checkpoint = try #require(try run.latestGoodCheckpoint())
    #expect(checkpoint.step == 4)
    #expect(try Files.read(checkpoint.url.appending(path: "w").path) == [1])
    try run.rewind(to: checkpoint)
    try run.append(record(4), to: .metrics)
    #expect(try run.records(in: .metrics) == (0..<5).map(record))
    #expect(try run.records(in: .decisions).isEmpty)
    #expect(try run.records(in: .evaluations).count == 1)
  }

  @Test func resumeWithoutACheckpointStartsOver() throws {
    let place = temporary.directory("run")
    do {
      let run = try RunDirectory.create(at: place)
      try run.writeConfiguration("seed: 1\n")
      try run.append(record(0), to: .metrics)
    }
    let run = try RunDirectory.open(at: place)
    #expect(try run.latestGoodCheckpoint() == nil)
    try run.rewind(to: nil)
    #expect(try run.records(in: .metrics).isEmpty)
  }

  @Test(arguments: [RunStream.metrics, .decisions])
  func anEditedStreamIsCutByItsSteps(stream: RunStream) throws {
    let run = try RunDirectory.create(at: temporary.directory("run"))
    // A decision is written under the step that it decides, all else under the number of steps complete.
    let first = stream == .decisions ? 0 : 1
    for step in 0..<4 { try run.append(record(first + step), to: stream) }
    let checkpoint = try run.checkpoint(step: 4, keeping: 1) { _ in }
    for step in 4..<6 { try run.append(record(first + step), to: stream) }
    let file = run.url.appending(path: stream.fileName)
    let lines = try text(file).split(separator: "\n").dropFirst(2)
    try overwrite(file, with: Array(("# mine\n" + lines.joined(separator: "\n") + "\n").utf8))

    var warnings: [String] = []
    run.onWarning = { warnings.append($0) }
    try run.rewind(to: checkpoint)
    #expect(warnings.count == 1 && warnings[0].contains(stream.fileName))
    try run.append(record(first + 4), to: stream)
    #expect(try run.records(in: stream) == (2..<5).map { record(first + $0) })
  }

  @Test func aFullDiskNamesFileAndCure() throws {
    let file = try AppendFile(path: "/dev/full")
    let error = #expect(throws: RunStoreError.self) { try file.append(line: "{}") }
    #expect(error == .system(operation: "write", path: "/dev/full", code: ENOSPC))
    let message = try #require(error?.description)
    #expect(message.contains("/dev/full") && message.contains("--resume"))
    #expect(message.contains("Free some space"))
  }

  /// An exit test waits for any child of the process, and sticks where other tests have children: `make test` runs it alone.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["STEPWISE_EXIT_TESTS"] != nil,
      "runs alone, with STEPWISE_EXIT_TESTS set"
    )
  )
  func aLineThatDoesNotFitLeavesNoTornLine() async throws {
    // A file size limit is the short write that a test may cause; it holds for the whole process, so in a process of its own.
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      let temporary = try TemporaryDirectory()
      let run = try RunDirectory.create(at: temporary.directory("run"))
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      limit.rlim_cur = 100
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      try run.append(["step": 0, "text": "fits"], to: .samples)
      let long = String(repeating: "x", count: 200)
      let error = #expect(throws: RunStoreError.self) {
        try run.append(["step": 1, "text": .string(long)], to: .samples)
      }
      guard case .shortWrite(_, let written, let count, EFBIG)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(written < count)
      #expect(error?.description.contains("samples.jsonl") == true)
      #expect(error?.description.contains("ulimit -f") == true)
      #expect(try run.records(in: .samples).count == 1)
    }
  }
}
