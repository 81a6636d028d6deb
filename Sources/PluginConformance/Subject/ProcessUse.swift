import CPlatform

/// What this process holds at one moment.
struct ProcessUse {
  /// Bytes from malloc that were not freed; 0 where that is not known.
  var heap = Int(platform_heap_in_use())
  /// Bytes that are resident.
  var resident = ProcessFacts.residentBytes
  var descriptors = ProcessFacts.descriptors
  var threads = ProcessFacts.threads

  /// Below this much in all, growth may be a buffer that is kept.
  private static let slack = 16 << 10
  /// Resident memory moves in larger steps: an allocator gives nothing back at once.
  private static let residentSlack = 16 << 20

  /// Fails where something grew with the number of calls.
  ///
  /// - Parameters:
  ///   - old: before them.
  ///   - unit: one of them, in words.
  func expectNoGrowth(since old: ProcessUse, over count: Int, unit: String) throws {
    let opened = descriptors - old.descriptors
    guard opened <= 0 else {
      throw CheckEnd.failed(
        "\(opened) descriptors more are open after \(count) \(unit)s",
        cure: "close what is opened, on every path"
      )
    }
    let started = threads - old.threads
    guard started <= max(8, count / 20) else {
      throw CheckEnd.failed(
        "\(started) threads more are alive after \(count) \(unit)s",
        cure: "end and join the threads that an instance started, in destroy at the latest"
      )
    }
    let (grown, limit) =
      heap > 0 && old.heap > 0
      ? (heap - old.heap, Self.slack) : (resident - old.resident, Self.residentSlack)
    guard grown <= limit else {
      throw CheckEnd.failed(
        "\(grown) bytes more are held after \(count) \(unit)s, \(grown / count) each",
        cure: "free what a call allocates; `check --sanitize` or valgrind names the place"
      )
    }
  }
}
