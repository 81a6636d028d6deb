import CStepwisePlugin
import Components

/// A reward in a worker: the host wrote the batch's C view for this process's addresses, so that the plugin gets it as it is.
final class ServedReward: ServedComponent {
  private let reward: PluginReward

  init(_ reward: PluginReward) { self.reward = reward }

  func describe(to writer: inout WireWriter) {
    writer.value(reward.description)
    writer.value(reward.givesAnswers)
  }

  func perform(
    _ operation: WorkerOperation,
    _ reader: inout WireReader,
    _ writer: inout WireWriter
  ) throws {
    let address = UInt(try reader.number(UInt64.self))
    guard let view = UnsafePointer<stepwise_reward_batch>(bitPattern: address) else {
      throw WireProblem(description: "the batch has no address")
    }
    let items = UnsafeBufferPointer(start: view.pointee.items, count: Int(view.pointee.count))
    switch operation {
    case .score:
      try reward.score(view: view, ids: items.map(\.id)).write(to: &writer)
    case .answers:
      writer.value(
        try reward.answers(
          view: view,
          places: items.map { (id: $0.id, row: $0.example.pointee.id) }
        )
      )
    default: throw UnknownOperation(operation: operation)
    }
  }

  func currentState() -> [UInt8]? { nil }

  func restore(_ state: [UInt8]) throws {}

  func replaceParameters(_ parameters: ParameterValue) throws {
    try reward.source.replaceParameters(of: reward.instance, by: parameters)
  }
}
