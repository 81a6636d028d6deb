import CStepwisePlugin
import Components

/// A plain C function in a worker. What it is shown by pointer ends at a page that cannot be touched.
final class ServedFunction: ServedComponent {
  private let reward: FunctionReward

  init(_ reward: FunctionReward) { self.reward = reward }

  func describe(to writer: inout WireWriter) {
    writer.value(reward.description)
    // A function gives scores, no answers.
    writer.value(false)
  }

  func perform(
    _ operation: WorkerOperation,
    _ reader: inout WireReader,
    _ writer: inout WireWriter
  ) throws {
    guard operation == .score else { throw UnknownOperation(operation: operation) }
    let address = UInt(try reader.number(UInt64.self))
    guard let view = UnsafePointer<stepwise_reward_batch>(bitPattern: address) else {
      throw WireProblem(description: "the batch has no address")
    }
    let items = UnsafeBufferPointer(start: view.pointee.items, count: Int(view.pointee.count))
    try reward.score(try self.items(items)).write(to: &writer)
  }

  /// The items behind the views that the host wrote: only what the function gets of them is copied. Neighbours share their row.
  private func items(
    _ views: UnsafeBufferPointer<stepwise_reward_item>
  ) throws -> [RewardItem] {
    let sources = reward.signature.arguments.map(\.source)
    let wantsPrompt = sources.contains(.value(.prompt))
    let wantsCompletion = sources.contains(.value(.completion))
    let wantsCount = sources.contains(.value(.completionTokens))
    let wantsRow = !reward.signature.columns.isEmpty
    var last: (view: UnsafePointer<stepwise_example>?, row: Example)?
    return try views.map { view in
      if last?.view != view.example || last == nil {
        let row = wantsRow ? try Example(checking: view.example) : Example(id: 0, prompt: .text(""))
        last = (view.example, row)
      }
      return RewardItem(
        id: view.id,
        example: last!.row,
        promptText: wantsPrompt ? checkedString(view.prompt) ?? "" : "",
        completion: wantsCompletion ? checkedString(view.completion) ?? "" : "",
        completionWithSpecialTokens: "",
        completionIDs: wantsCount
          ? Array(
            UnsafeBufferPointer(start: view.completion_ids, count: Int(view.completion_id_count))
          ) : [],
        truncated: view.flags & UInt32(STEPWISE_ITEM_TRUNCATED) != 0
      )
    }
  }

  func currentState() -> [UInt8]? { nil }

  func restore(_ state: [UInt8]) throws {}

  func replaceParameters(_ parameters: ParameterValue) throws {
    try reward.replaceParameters(parameters)
  }
}
