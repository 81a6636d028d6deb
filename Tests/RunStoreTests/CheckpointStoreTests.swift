import FoundationEssentials
import Testing

@testable import RunStore

@Suite struct CheckpointStoreTests {
  let temporary: TemporaryDirectory
  let store: CheckpointStore
  init() throws {
    temporary = try TemporaryDirectory()
    store = CheckpointStore(path: temporary.directory("checkpoints").path)
  }

  /// Different bytes for each step, in two files, one of them in a subdirectory.
  private func content(_ step: Int) -> [UInt8] {
    (0..<64).map { UInt8(truncatingIfNeeded: $0 * step) }
  }

  private func fill(_ step: Int) -> (URL) throws -> Void {
    { url in
      try overwrite(url.appending(path: "model.safetensors"), with: content(step))
      let sub = url.appending(path: "strategy")
      try FileManager.default.createDirectory(at: sub, withIntermediateDirectories: false)
      try overwrite(sub.appending(path: "state"), with: [UInt8(step)])
    }
  }

  private func isWhole(_ checkpoint: Checkpoint) throws -> Bool {
    try Files.read(checkpoint.url.appending(path: "model.safetensors").path)
      == content(checkpoint.step)
      && Files.read(checkpoint.url.appending(path: "strategy/state").path)
        == [UInt8(checkpoint.step)]
  }

  @Test func theLastFewAreKept() throws {
    for step in [3, 10, 25, 100] {
      let written = try store.write(step: step, keeping: 2, body: fill(step))
      #expect(written.url.lastPathComponent == Checkpoint.directoryName(step: step))
    }
    #expect(store.steps == [25, 100])
    #expect(Files.entries(store.path) == ["step-00000025", "step-00000100"])
    #expect(try store.latestGood()?.step == 100)
  }

  @Test func noCheckpointIsNoError() throws {
    #expect(try store.latestGood() == nil)
  }

  @Test func namesAreRead() {
    #expect(Checkpoint.step(inName: "step-00000123") == 123)
    #expect(Checkpoint.step(inName: "step-123456789") == 123_456_789)
    for name in ["step-123", "step-", "step-0000012x", ".step-00000001.tmp-1", "step--0000001"] {
      #expect(Checkpoint.step(inName: name) == nil, "\(name)")
    }
  }

  @Test func aBodyThatFailsLeavesNothing() throws {
    struct Trouble: Error {}
    _ = try store.write(step: 1, keeping: 1, body: fill(1))
    #expect(throws: Trouble.self) {
      try store.write(step: 2, keeping: 1) { url in
        try fill(2)(url)
        throw Trouble()
      }
    }
    #expect(Files.entries(store.path) == ["step-00000001"])
  }

  /// Copies of the directory at every phase of the third write: what a stop at that moment would have left.
  @Test(arguments: [false, true])
  func aStopAtAnyMomentLeavesAWholeCheckpoint(replacing: Bool) throws {
    _ = try store.write(step: 1, keeping: 2, body: fill(1))
    _ = try store.write(step: 2, keeping: 2, body: fill(2))
    if replacing {
      _ = try store.write(step: 3, keeping: 3, body: fill(3))
      let file = "\(store.path)/step-00000003/model.safetensors"
      try overwrite(URL(filePath: file), with: [0])
    }
    var seen: [CheckpointStore.Phase] = []
    var copies: [(phase: CheckpointStore.Phase, path: String)] = []
    store.onPhase = { phase in
      let copy = self.temporary.directory("copy-\(copies.count)")
      #expect(throws: Never.self) {
        try FileManager.default.copyItem(atPath: self.store.path, toPath: copy.path)
      }
      copies.append((phase, copy.path))
      if !seen.contains(phase) { seen.append(phase) }
    }
    _ = try store.write(step: 3, keeping: 2, body: fill(3))
    #expect(seen.count == CheckpointStore.Phase.allCases.count - (replacing ? 0 : 1))

    for (phase, path) in copies {
      let isInstalled = seen.firstIndex(of: phase)! >= seen.firstIndex(of: .renamed)!
      // A reader that clears nothing, such as `stepwise eval` beside the run.
      #expect(try CheckpointStore(path: path).latestGood()?.step == (isInstalled ? 3 : 2))
      let next = CheckpointStore(path: path)
      try next.removeLeftovers()
      #expect(!Files.entries(path).contains { $0.hasPrefix(".") }, "\(phase)")
      let checkpoint = try #require(try next.latestGood())
      #expect(checkpoint.step == (isInstalled ? 3 : 2), "\(phase)")
      #expect(try isWhole(checkpoint))
      // And the run goes on from there.
      let again = try next.write(step: 4, keeping: 2, body: fill(4))
      #expect(try isWhole(again))
      #expect(try next.latestGood()?.step == 4)
    }
  }

  /// Before the files are synchronised, a power cut may leave them at any length.
  @Test func unsynchronisedFilesAreNeverTrusted() throws {
    _ = try store.write(step: 1, keeping: 2, body: fill(1))
    store.onPhase = { phase in
      guard phase == .manifestWritten else { return }
      let name = Files.entries(self.store.path).first { $0.hasPrefix(".step-") }!
      #expect(throws: Never.self) {
        try FileManager.default.copyItem(
          atPath: "\(self.store.path)/\(name)",
          toPath: "\(self.store.path)/step-00000002"
        )
        let file = URL(filePath: "\(self.store.path)/step-00000002/model.safetensors")
        try overwrite(file, with: [])
        #expect(try CheckpointStore(path: self.store.path).latestGood()?.step == 1)
      }
    }
    _ = try store.write(step: 2, keeping: 2, body: fill(2))
    #expect(try store.latestGood()?.step == 2)
  }

  @Test func everyFlippedByteIsFound() throws {
    _ = try store.write(step: 1, keeping: 2, body: fill(1))
    let good = try store.write(step: 2, keeping: 2, body: fill(2))
    for name in Files.filesBelow(good.url.path) {
      let file = good.url.appending(path: name)
      let bytes = try Files.read(file.path)
      for index in bytes.indices {
        var flipped = bytes
        flipped[index] ^= 1 << (index % 8)
        try overwrite(file, with: flipped)
        let found = try #require(try store.latestGood())
        // In the manifest's white space a flip may change nothing; what is used must be whole all the same.
        #expect(try isWhole(found), "\(name), byte \(index)")
        if name != CheckpointManifest.fileName {
          #expect(found.step == 1, "\(name), byte \(index)")
        }
      }
      try overwrite(file, with: bytes)
    }
    #expect(try store.latestGood()?.step == 2)
  }

  @Test(arguments: ["model.safetensors", "strategy/state", "manifest.json"])
  func missingOrShortFilesAreNamed(file: String) throws {
    _ = try store.write(step: 1, keeping: 2, body: fill(1))
    let newest = try store.write(step: 2, keeping: 2, body: fill(2))
    var warnings: [String] = []
    store.onWarning = { warnings.append($0) }
    let url = newest.url.appending(path: file)
    let bytes = try Files.read(url.path)

    try overwrite(url, with: Array(bytes.dropLast()))
    #expect(try store.latestGood()?.step == 1)
    try FileManager.default.removeItem(at: url)
    #expect(try store.latestGood()?.step == 1)
    #expect(warnings.count == 2)
    #expect(warnings.allSatisfy { $0.contains("step-00000002") && $0.contains(file) })
  }

  @Test func aStrangeFileMakesACheckpointDamaged() throws {
    let checkpoint = try store.write(step: 1, keeping: 1, body: fill(1))
    try overwrite(checkpoint.url.appending(path: "extra"), with: [1])
    let error = #expect(throws: RunStoreError.self) { try store.latestGood() }
    #expect(error?.description.contains("extra does not belong to it") == true)
  }

  @Test func aCheckpointUnderAnotherNameIsDamaged() throws {
    _ = try store.write(step: 1, keeping: 2, body: fill(1))
    try FileManager.default.copyItem(
      atPath: "\(store.path)/step-00000001",
      toPath: "\(store.path)/step-00000009"
    )
    #expect(try store.latestGood()?.step == 1)
  }

  @Test func allDamagedIsAnErrorThatNamesThem() throws {
    for step in [1, 2] {
      let checkpoint = try store.write(step: step, keeping: 2, body: fill(step))
      try FileManager.default.removeItem(at: checkpoint.url.appending(path: "strategy/state"))
    }
    let error = #expect(throws: RunStoreError.self) { try store.latestGood() }
    let message = try #require(error?.description)
    #expect(message.contains("step-00000001") && message.contains("step-00000002"))
  }

  @Test func aDamagedNewestIsReplacedAndNothingGoodRemoved() throws {
    _ = try store.write(step: 1, keeping: 2, body: fill(1))
    let damaged = try store.write(step: 3, keeping: 2, body: fill(3))
    try overwrite(damaged.url.appending(path: "model.safetensors"), with: [0])
    // The run went back to 1 and writes 2 before it comes to 3 again.
    _ = try store.write(step: 2, keeping: 1, body: fill(2))
    #expect(store.steps == [2, 3])
    #expect(try store.latestGood()?.step == 2)
    _ = try store.write(step: 3, keeping: 1, body: fill(3))
    #expect(store.steps == [3])
    #expect(try store.latestGood().map(isWhole) == true)
  }
}
