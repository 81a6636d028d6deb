internal import CKernels

extension CPUBackend {
  /// Values that one task converts: some 100 KiB, so that a task is long enough and the last cache holds it.
  private static let conversionGrain = 1 << 14

  private struct Conversion {
    let halves: UnsafeMutablePointer<UInt16>
    let floats: UnsafeMutablePointer<Float>
    let count: Int

    func range(_ task: Int64) -> (start: Int, count: Int64) {
      let start = Int(task) * CPUBackend.conversionGrain
      return (start, Int64(min(CPUBackend.conversionGrain, count - start)))
    }
  }

  /// See ``Backend``.
  public func widen(_ source: BF16Buffer, to target: Buffer) {
    precondition(source.count == target.count, "\(source.count) values for \(target.count)")
    convert(source, target) { context, task in
      let job = context!.assumingMemoryBound(to: Conversion.self).pointee
      let (start, count) = job.range(task)
      ck_bf16_to_f32(job.halves + start, job.floats + start, count)
    }
  }

  /// See ``Backend``.
  public func narrow(_ source: Buffer, to target: BF16Buffer) {
    precondition(source.count == target.count, "\(source.count) values for \(target.count)")
    convert(target, source) { context, task in
      let job = context!.assumingMemoryBound(to: Conversion.self).pointee
      let (start, count) = job.range(task)
      ck_f32_to_bf16(job.floats + start, job.halves + start, count)
    }
  }

  private func convert(
    _ halves: BF16Buffer,
    _ floats: Buffer,
    task: @convention(c) (UnsafeMutableRawPointer?, Int64) -> Void
  ) {
    var job = Conversion(
      halves: halves.storage.address.assumingMemoryBound(to: UInt16.self) + halves.offset,
      floats: floats.hostPointer,
      count: floats.count
    )
    let tasks = (floats.count + Self.conversionGrain - 1) / Self.conversionGrain
    ck_parallel_for(pool.pointer, Int64(tasks), task, &job)
  }

  /// See ``Backend``.
  public func isExactInBF16(_ source: Buffer) -> Bool {
    let values = UnsafeBufferPointer(start: source.hostPointer, count: source.count)
    // In pieces: a matrix that was trained answers within the first one.
    for start in stride(from: 0, to: values.count, by: Self.conversionGrain) {
      var low: UInt32 = 0
      for value in values[start..<min(values.count, start + Self.conversionGrain)] {
        low |= value.bitPattern & 0xFFFF
      }
      if low != 0 { return false }
    }
    return true
  }
}
