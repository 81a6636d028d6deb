import CStepwisePlugin

/// What stands behind an opaque handle. One subclass for each kind holds the component in a property of its own type, so that a
/// mutating hook changes it in place.
class Instance {
  let host: Host

  init(host: Host) { self.host = host }

  /// The component, for what all kinds share.
  var component: any Component {
    get { preconditionFailure("a subclass holds the component") }
    set { preconditionFailure("a subclass holds the component, not \(newValue)") }
  }

  final func save(to writer: UnsafePointer<stepwise_writer>) throws {
    guard let stateful = component as? any Stateful else { return }
    var state = StateWriter()
    try stateful.saveState(to: &state)
    let bytes = StateFrame.wrap(state.bytes)
    let status = bytes.withUnsafeBytes {
      writer.pointee.write(writer, $0.baseAddress, UInt64($0.count))
    }
    if status != Status.ok { throw HostStatus(code: status) }
  }

  final func load(version: UInt32, from reader: UnsafePointer<stepwise_reader>) throws {
    guard var stateful = component as? any Component & Stateful else { return }
    let current = type(of: stateful).stateVersion
    guard version <= current else {
      throw PluginFailure(
        .state,
        "the state has version \(version), this plugin knows up to \(current)"
      )
    }
    var bytes: [UInt8] = []
    var size: UInt64 = 0
    repeat {
      size = 0
      let start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: 1 << 16))
      let status = bytes.withUnsafeMutableBytes {
        reader.pointee.read(reader, $0.baseAddress! + start, 1 << 16, &size)
      }
      if status != Status.ok { throw HostStatus(code: status) }
      bytes.removeLast(1 << 16 - Int(size))
    } while size > 0
    var state = StateReader(try StateFrame.unwrap(bytes))
    try stateful.loadState(from: &state, version: version)
    guard state.remaining == 0 else {
      throw PluginFailure(.state, "the state has \(state.remaining) bytes too many")
    }
    component = stateful
  }

  final func reconfigure(_ parameters: Parameters) throws {
    guard var reconfigurable = component as? any Component & Reconfigurable else { return }
    try reconfigurable.reconfigure(parameters)
    component = reconfigurable
  }
}

final class RewardInstance: Instance {
  var reward: any BatchReward
  /// What the declaration points to; lives as long as the instance.
  let arena = Arena()

  init(_ reward: any BatchReward, host: Host) {
    self.reward = reward
    super.init(host: host)
  }

  override var component: any Component {
    get { reward }
    set { reward = newValue as! any BatchReward }
  }
}

/// A dataset of any protocol. The subclasses are generic, so that a cache inside a dataset is never copied.
class DatasetInstance: Instance {
  var count: Int? { preconditionFailure("a subclass holds the dataset") }

  func beginEpoch(_ epoch: Int) throws { preconditionFailure("a subclass holds the dataset") }

  /// The rows of `range`, or, from a sequential dataset, as many of the next ones.
  func rows(in range: Range<Int>) throws -> [Example] {
    preconditionFailure("a subclass holds the dataset")
  }
}

final class RangeDatasetInstance<D: RangeDataset>: DatasetInstance {
  private var dataset: D

  init(_ dataset: D, host: Host) {
    self.dataset = dataset
    super.init(host: host)
  }

  override var component: any Component {
    get { dataset }
    set { dataset = newValue as! D }
  }

  override var count: Int? { dataset.count }
  override func beginEpoch(_ epoch: Int) throws { try dataset.beginEpoch(epoch) }
  override func rows(in range: Range<Int>) throws -> [Example] {
    try dataset.examples(in: range)
  }
}

final class SequentialDatasetInstance<D: SequentialDataset>: DatasetInstance {
  private var dataset: D

  init(_ dataset: D, host: Host) {
    self.dataset = dataset
    super.init(host: host)
  }

  override var component: any Component {
    get { dataset }
    set { dataset = newValue as! D }
  }

  override var count: Int? { dataset.count }
  override func beginEpoch(_ epoch: Int) throws { try dataset.beginEpoch(epoch) }
  override func rows(in range: Range<Int>) throws -> [Example] {
    var rows: [Example] = []
    for _ in range { rows.append(try dataset.next()) }
    return rows
  }
}

final class StrategyInstance: Instance {
  var strategy: any Strategy

  init(_ strategy: any Strategy, host: Host) {
    self.strategy = strategy
    super.init(host: host)
  }

  override var component: any Component {
    get { strategy }
    set { strategy = newValue as! any Strategy }
  }
}

/// The object behind a handle, without a change of its reference count.
func instance<I: Instance>(_ handle: OpaquePointer?, as type: I.Type = I.self) -> I {
  Unmanaged<I>.fromOpaque(UnsafeRawPointer(handle!)).takeUnretainedValue()
}
