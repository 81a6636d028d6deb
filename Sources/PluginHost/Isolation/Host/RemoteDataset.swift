import Components

/// A dataset whose code runs in a process of its own. Every row is checked as that of one in this process.
final class RemoteDataset: Dataset {
  let identity: ComponentIdentity
  let count: Int?
  let slot: WorkerSlot
  /// Rows that are asked of the worker at once: a frame has a limit.
  private static let chunk = 1024

  init(_ request: ComponentRequest, policy: IsolationPolicy) throws(PluginError) {
    identity = request.plugin.identity
    slot = WorkerSlot(request, policy: policy)
    count = try slot.start { reader in
      let count = try reader.value(Int?.self)
      guard count ?? 0 >= 0 else { throw WireProblem(description: "the count is \(count!)") }
      return count
    }
  }

  func reconfigure(_ changes: ParameterValue) throws(PluginError) {
    try slot.reconfigure(changes)
  }

  func examples(in range: Range<Int>) throws -> [Example] {
    var rows: [Example] = []
    rows.reserveCapacity(range.count)
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.chunk) {
      rows += try chunk(start..<min(start + Self.chunk, range.upperBound))
    }
    return rows
  }

  private func chunk(_ range: Range<Int>) throws(PluginError) -> [Example] {
    let request = slot.request
    return try slot.call(.examples, [range.lowerBound, range.upperBound]) { reader in
      let rows = try reader.value([Example].self)
      guard rows.count == range.count else {
        throw WireProblem(description: "\(rows.count) rows came for the positions \(range)")
      }
      var checked: [Example] = []
      for (index, row) in zip(range, rows) {
        do throws(RowProblem) {
          checked.append(try row.checked())
        } catch {
          throw request.error(
            .output,
            hook: "read",
            "row \(index): '\(error.field)' \(error.message)"
          )
        }
      }
      return checked
    }
  }

  func beginEpoch(_ epoch: Int) throws { try slot.call(.beginEpoch, [epoch]) { _ in } }

  func saveState() throws -> [UInt8] { try slot.call(.saveState) { try $0.raw() } }

  func loadState(_ bytes: [UInt8]) throws { try slot.call(.loadState, [bytes]) { _ in } }
}
