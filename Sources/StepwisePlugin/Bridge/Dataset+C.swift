import CStepwisePlugin

/// The functions of a dataset.
func datasetTable(sequential: Bool) -> stepwise_dataset {
  var table = stepwise_dataset()
  table.struct_size = sizeOf(stepwise_dataset.self)
  table.describe = { handle, description, error in
    guarded(error) {
      let count = instance(handle, as: DatasetInstance.self).count
      description!.pointee.count = count.map { UInt64($0) } ?? .max
      return Status.ok
    }
  }
  if sequential {
    table.next = { handle, count, sink, error in
      guarded(error) {
        let instance = instance(handle, as: DatasetInstance.self)
        for row in try instance.rows(in: 0..<Int(count)) { try give(row, to: sink!) }
        return Status.ok
      }
    }
  } else {
    table.read = { handle, first, count, sink, error in
      guarded(error) {
        let instance = instance(handle, as: DatasetInstance.self)
        let range = Int(first)..<Int(first + count)
        for row in try instance.rows(in: range) { try give(row, to: sink!) }
        return Status.ok
      }
    }
  }
  table.begin_epoch = { handle, epoch, error in
    guarded(error) {
      try instance(handle, as: DatasetInstance.self).beginEpoch(Int(epoch))
      return Status.ok
    }
  }
  return table
}

private func give(_ row: Example, to sink: UnsafePointer<stepwise_row_sink>) throws {
  let arena = Arena()
  var view = row.view(in: arena)
  let status = withExtendedLifetime(arena) { sink.pointee.row(sink, &view) }
  if status != Status.ok { throw HostStatus(code: status) }
}
