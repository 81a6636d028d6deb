import CStepwisePlugin

/// Makes the instances of one component; the C factory's `data` points to one.
final class Factory {
  private let id: String
  private let kind: Int
  private let type: any Component.Type
  private let functions: UnsafeRawPointer
  private let make: (Parameters, Host) throws -> Instance

  init(reward: any BatchReward.Type, id: String) {
    self.id = id
    kind = Int(STEPWISE_KIND_REWARD)
    type = reward
    functions = immortal(rewardTable())
    make = { RewardInstance(try reward.init(parameters: $0), host: $1) }
  }

  init(dataset: any AnyDataset.Type, id: String) {
    self.id = id
    kind = Int(STEPWISE_KIND_DATASET)
    type = dataset
    functions = immortal(datasetTable(sequential: !(dataset is any RangeDataset.Type)))
    if let range = dataset as? any RangeDataset.Type {
      make = rangeMaker(range)
    } else if let sequential = dataset as? any SequentialDataset.Type {
      make = sequentialMaker(sequential)
    } else {
      preconditionFailure(
        "\(dataset) conforms to AnyDataset alone; conform to Dataset, RangeDataset or SequentialDataset"
      )
    }
  }

  init(strategy: any Strategy.Type, id: String) {
    self.id = id
    kind = Int(STEPWISE_KIND_STRATEGY)
    type = strategy
    functions = immortal(strategyTable())
    make = { StrategyInstance(try strategy.init(parameters: $0), host: $1) }
  }

  /// The C factory. It keeps this object alive for the life of the process.
  func table() -> stepwise_factory {
    var table = stepwise_factory()
    table.struct_size = sizeOf(stepwise_factory.self)
    table.kind = UInt32(kind)
    table.id = immortalText(id)
    table.concurrency = UInt32(
      type.concurrency == .threadSafe
        ? STEPWISE_CONCURRENCY_THREAD_SAFE : STEPWISE_CONCURRENCY_SERIAL
    )
    table.table = functions
    table.data = Unmanaged.passRetained(self).toOpaque()
    table.create = { factory, configuration, handle, error in
      guarded(error) {
        let configuration = growable(configuration!)
        let factory = Unmanaged<Factory>.fromOpaque(factory!.pointee.data).takeUnretainedValue()
        let parameters = try Parameters(json: string(configuration.parameters))
        let instance = try factory.make(parameters, Host(table: configuration.host))
        handle!.pointee = OpaquePointer(Unmanaged.passRetained(instance).toOpaque())
        return Status.ok
      }
    }
    table.destroy = { handle in
      Unmanaged<Instance>.fromOpaque(UnsafeRawPointer(handle!)).release()
    }
    table.`init` = { handle, error in
      guarded(error) {
        let instance = instance(handle, as: Instance.self)
        try instance.component.start(instance.host)
        return Status.ok
      }
    }
    if let stateful = type as? any Stateful.Type {
      table.state_version = stateful.stateVersion
      table.save = { handle, writer, error in
        guarded(error) {
          try instance(handle, as: Instance.self).save(to: writer!)
          return Status.ok
        }
      }
      table.load = { handle, version, reader, error in
        guarded(error) {
          try instance(handle, as: Instance.self).load(version: version, from: reader!)
          return Status.ok
        }
      }
    }
    if type is any Reconfigurable.Type {
      table.reconfigure = { handle, parameters, error in
        guarded(error) {
          let parameters = try Parameters(json: string(parameters))
          try instance(handle, as: Instance.self).reconfigure(parameters)
          return Status.ok
        }
      }
    }
    return table
  }
}

private func rangeMaker<D: RangeDataset>(
  _ type: D.Type
) -> (Parameters, Host) throws -> Instance {
  { RangeDatasetInstance(try D(parameters: $0), host: $1) }
}

private func sequentialMaker<D: SequentialDataset>(
  _ type: D.Type
) -> (Parameters, Host) throws -> Instance {
  { SequentialDatasetInstance(try D(parameters: $0), host: $1) }
}

/// A copy of a table that lives as long as the process.
private func immortal<T>(_ table: T) -> UnsafeRawPointer {
  let copy = UnsafeMutablePointer<T>.allocate(capacity: 1)
  copy.initialize(to: table)
  return UnsafeRawPointer(copy)
}
