import CStepwisePlugin
import Glibc

/// The services as the C table that plugins see. What the host does not have is NULL.
func hostTable(_ services: HostServices) -> stepwise_host {
  var table = stepwise_host()
  table.struct_size = sizeOf(stepwise_host.self)
  table.abi_major = UInt32(STEPWISE_ABI_MAJOR)
  table.abi_minor = UInt32(STEPWISE_ABI_MINOR)
  addObservation(to: &table)
  addResources(to: &table)
  if services.encode != nil { table.encode = encode }
  if services.decode != nil { table.decode = decode }
  if services.logProbabilities != nil { table.log_probabilities = logProbabilities }
  return table
}

private func addObservation(to table: inout stepwise_host) {
  table.log = { host, level, message in
    let context = HostContext.of(host)
    guard context.allows("log", whileDestroying: true) else { return }
    let level = HostServices.LogLevel(rawValue: level) ?? .info
    context.services.log(level, context.label, displayString(message))
  }
  table.metric = { host, name, value in
    let context = HostContext.of(host)
    guard context.allows("metric") else { return }
    context.services.metric(context.label, displayString(name, limit: 256), value)
  }
  table.cancelled = { host in
    let context = HostContext.of(host)
    return context.allows("cancelled") && context.services.isCancelled() ? 1 : 0
  }
  table.remaining = { host in
    let context = HostContext.of(host)
    return context.allows("remaining") ? context.remaining() : .max
  }
}

private func addResources(to table: inout stepwise_host) {
  table.allocate = { host, size, alignment in
    guard HostContext.of(host).allows("allocate") else { return nil }
    guard alignment > 0, alignment <= 4096, alignment & (alignment - 1) == 0,
      size <= UInt64(Int.max)
    else { return nil }
    var memory: UnsafeMutableRawPointer?
    let wanted = max(Int(alignment), MemoryLayout<UnsafeRawPointer>.size)
    return posix_memalign(&memory, wanted, Int(size)) == 0 ? memory : nil
  }
  table.deallocate = { host, memory in
    if HostContext.of(host).allows("deallocate", whileDestroying: true) { free(memory) }
  }
  table.uniform = { host, seed, step, item, draw in
    // A pure function: harmless at any time.
    Philox4x32.uniform(seed: seed, step: step, item: item, draw: draw)
  }
  table.parallel_for = { host, count, body, context in
    guard let body, HostContext.of(host).allows("parallel_for") else { return }
    let work = ParallelBody(body: body, context: context)
    HostContext.of(host).services.parallelFor(Int(count)) { work.body(work.context, UInt64($0)) }
  }
  table.resource_directory = { host in
    let context = HostContext.of(host)
    return context.allows("resource_directory") ? context.resourceDirectory : stepwise_text()
  }
  table.extension = { _, _, _ in nil }
}

/// A plugin's function and argument on their way to the worker threads. Unchecked because the plugin promises that the function
/// may run on any of them.
private struct ParallelBody: @unchecked Sendable {
  let body: @convention(c) (UnsafeMutableRawPointer?, UInt64) -> Void
  let context: UnsafeMutableRawPointer?
}

private let encode:
  @convention(c) @Sendable (
    UnsafePointer<stepwise_host>?, stepwise_text, UnsafeMutablePointer<Int32>?, UInt64,
    UnsafeMutablePointer<UInt64>?, UnsafeMutablePointer<stepwise_error>?
  ) -> stepwise_status = { host, text, ids, capacity, count, error in
    service("encode", host, error) { services in
      guard let text = checkedString(text) else { throw ServiceFailure("the text is not UTF-8") }
      let all = try services.encode!(text)
      return copy(all, to: ids, capacity, count)
    }
  }

private let decode:
  @convention(c) @Sendable (
    UnsafePointer<stepwise_host>?, UnsafePointer<Int32>?, UInt64, Int32,
    UnsafeMutablePointer<CChar>?, UInt64, UnsafeMutablePointer<UInt64>?,
    UnsafeMutablePointer<stepwise_error>?
  ) -> stepwise_status = { host, ids, idCount, keepSpecial, text, capacity, size, error in
    service("decode", host, error) { services in
      let ids = Array(UnsafeBufferPointer(start: ids, count: ids == nil ? 0 : Int(idCount)))
      let all = try services.decode!(ids, keepSpecial != 0)
      return copy(all.utf8.map { CChar(bitPattern: $0) }, to: text, capacity, size)
    }
  }

private let logProbabilities:
  @convention(c) @Sendable (
    UnsafePointer<stepwise_host>?, Int32, UnsafePointer<Int32>?, UInt64, UnsafePointer<Int32>?,
    UInt64, UnsafeMutablePointer<Float>?, UnsafeMutablePointer<stepwise_error>?
  ) -> stepwise_status = { host, model, context, contextCount, ids, count, output, error in
    service("log_probabilities", host, error) { services in
      guard let model = HostServices.Model(rawValue: model) else {
        throw ServiceFailure("there is no model \(model)")
      }
      guard let context, contextCount > 0 else { throw ServiceFailure("the context is empty") }
      let ids = Array(UnsafeBufferPointer(start: ids, count: ids == nil ? 0 : Int(count)))
      let values = try services.logProbabilities!(
        model,
        Array(UnsafeBufferPointer(start: context, count: Int(contextCount))),
        ids
      )
      guard values.count == ids.count else {
        throw ServiceFailure("the model answered \(values.count) values for \(ids.count) ids")
      }
      return copy(values, to: output, count, nil)
    }
  }

/// Copies what fits, says how many there are, and whether all fitted.
private func copy<T>(
  _ values: [T],
  to output: UnsafeMutablePointer<T>?,
  _ capacity: UInt64,
  _ count: UnsafeMutablePointer<UInt64>?
) -> stepwise_status {
  count?.pointee = UInt64(values.count)
  let fitting = min(values.count, Int(clamping: capacity))
  if let output, fitting > 0 { output.update(from: values, count: fitting) }
  return stepwise_status(fitting == values.count ? STEPWISE_OK : STEPWISE_ERROR_CAPACITY)
}

/// Why a service was refused.
private struct ServiceFailure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// Runs a service and turns what it throws into a status and a message in the plugin's buffer.
private func service(
  _ name: StaticString,
  _ host: UnsafePointer<stepwise_host>?,
  _ error: UnsafeMutablePointer<stepwise_error>?,
  _ body: (HostServices) throws -> stepwise_status
) -> stepwise_status {
  let context = HostContext.of(host)
  do {
    guard context.allows(name) else { throw ServiceFailure("\(name) may not be called now") }
    return try body(context.services)
  } catch let failure {
    String(describing: failure).withCString { _ = stepwise_fail(error, 0, $0) }
    return stepwise_status(STEPWISE_ERROR)
  }
}
