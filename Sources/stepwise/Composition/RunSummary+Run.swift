import Components
import FoundationEssentials
import RunStore
import Training

extension RunSummary {
  /// The summary of a run on disk.
  init(
    run url: URL,
    tokens: Int,
    seconds: Double,
    next: [(command: String, purpose: String)]
  )
    throws
  {
    let kinds = try RunHistory.kinds(url)
    self.init(
      accuracies: Self.milestones(try RunHistory.evaluations(url), kinds: kinds),
      kinds: kinds,
      tokens: tokens,
      seconds: seconds,
      path: url.relativePath,
      next: next
    )
  }

  /// The evaluations that tell the story: the first, the last before reinforcement begins, and the last of all, each compared
  /// with the one before it.
  static func milestones(_ evaluations: [HeldOutResult], kinds: [StepKind]) -> [Accuracy] {
    guard let last = evaluations.last else { return [] }
    // Evaluations count complete steps: one at step n saw the steps 0 ..< n.
    let warmUp = kinds.firstIndex { $0 != .sft } ?? kinds.count
    let afterWarmUp = evaluations.last { $0.step <= warmUp && $0.step > 0 }
    var found: [(label: String, record: HeldOutResult)] = []
    func add(_ label: String, _ record: HeldOutResult?) {
      guard let record, !found.contains(where: { $0.record.step == record.step }) else { return }
      found.append((label, record))
    }
    add("before training", evaluations.first { $0.step == 0 })
    if warmUp > 0, warmUp < kinds.count { add("after warm-up", afterWarmUp) }
    add("at the end", last)
    return found.enumerated().map { index, item in
      let previous = index > 0 ? found[index - 1].record.solved : []
      let isPaired = !previous.isEmpty && previous.count == item.record.solved.count
      return Accuracy(
        label: item.label == "after warm-up"
          ? "after warm-up (step \(item.record.step))" : item.label,
        record: item.record,
        gain: isPaired
          ? PairedComparison(before: previous, after: item.record.solved).difference : nil
      )
    }
  }
}
