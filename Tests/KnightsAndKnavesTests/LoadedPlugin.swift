import CStepwisePlugin
import Foundation
import Testing

/// A built plugin behind the C tables alone: the smallest host that can use it.
///
/// Plugins export one symbol each and all have the same, so they cannot be linked into a test.
struct LoadedPlugin {
  let plugin: UnsafePointer<stepwise_plugin>

  /// Loads `libNAME.so` from the folder of the test's executable, where a build puts it.
  init(_ name: String) throws {
    let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    let path = folder.appending(path: "lib\(name).so").path
    guard let image = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw LoadedPluginError(
        description: "\(String(cString: dlerror())); build the products first"
      )
    }
    let symbol = try #require(dlsym(image, "stepwise_plugin_entry"))
    let entry = unsafeBitCast(symbol, to: stepwise_plugin_entry_function.self)
    plugin = try #require(entry())
    try #require(plugin.pointee.magic == STEPWISE_PLUGIN_MAGIC)
    try #require(plugin.pointee.abi_major == UInt32(STEPWISE_ABI_MAJOR))
  }

  var id: String { text(plugin.pointee.id) }
  var version: String { text(plugin.pointee.version) }

  /// The plugin's first component, made from a JSON object of parameters.
  func component(_ parameters: String) throws -> LoadedComponent {
    try #require(plugin.pointee.factory_count >= 1)
    return try LoadedComponent(plugin.pointee.factories, parameters)
  }
}

/// What a component said when it failed.
struct LoadedPluginError: Error, CustomStringConvertible {
  let description: String
}

/// One instance, destroyed at the end.
final class LoadedComponent {
  private let factory: UnsafePointer<stepwise_factory>
  private let host: UnsafeMutablePointer<stepwise_host>
  private var instance: OpaquePointer?

  fileprivate init(_ factory: UnsafePointer<stepwise_factory>, _ parameters: String) throws {
    self.factory = factory
    host = .allocate(capacity: 1)
    host.initialize(to: stepwise_host())
    host.pointee.struct_size = UInt32(MemoryLayout<stepwise_host>.stride)
    host.pointee.abi_major = UInt32(STEPWISE_ABI_MAJOR)
    host.pointee.parallel_for = { _, count, body, context in
      for index in (0..<count).reversed() { body!(context, index) }
    }
    try view(parameters) { parameters in
      var configuration = stepwise_configuration()
      configuration.struct_size = UInt32(MemoryLayout<stepwise_configuration>.stride)
      configuration.host = UnsafePointer(host)
      configuration.component = factory.pointee.id
      configuration.parameters = parameters
      try check { factory.pointee.create(factory, &configuration, &instance, $0) }
    }
    if let start = factory.pointee.`init` { try check { start(instance, $0) } }
  }

  deinit {
    if let instance { factory.pointee.destroy(instance) }
    host.deallocate()
  }

  /// The number of rows of a dataset.
  func count() throws -> UInt64 {
    let table = factory.pointee.table.assumingMemoryBound(to: stepwise_dataset.self)
    var description = stepwise_dataset_description()
    description.struct_size = UInt32(MemoryLayout<stepwise_dataset_description>.stride)
    try check { table.pointee.describe(instance, &description, $0) }
    return description.count
  }

  /// The bounds, the threshold and the columns of a reward.
  func declaration() throws -> (bounds: ClosedRange<Double>, threshold: Double, columns: [String]) {
    let table = factory.pointee.table.assumingMemoryBound(to: stepwise_reward.self)
    var description = stepwise_reward_description()
    description.struct_size = UInt32(MemoryLayout<stepwise_reward_description>.stride)
    try check { table.pointee.describe(instance, &description, $0) }
    let columns = (0..<Int(description.required_column_count)).map {
      text(description.required_columns[$0])
    }
    return (description.minimum...description.maximum, description.success_threshold, columns)
  }

  /// The rows of a range, copied.
  func rows(_ range: Range<UInt64>) throws -> [LoadedRow] {
    let table = factory.pointee.table.assumingMemoryBound(to: stepwise_dataset.self)
    var rows: [LoadedRow] = []
    try withUnsafeMutablePointer(to: &rows) { rows in
      var sink = stepwise_row_sink()
      sink.struct_size = UInt32(MemoryLayout<stepwise_row_sink>.stride)
      sink.context = UnsafeMutableRawPointer(rows)
      sink.row = { sink, row in
        sink!.pointee.context.assumingMemoryBound(to: [LoadedRow].self).pointee
          .append(LoadedRow(row!.pointee))
        return stepwise_status(STEPWISE_OK)
      }
      try check { table.pointee.read(instance, range.lowerBound, UInt64(range.count), &sink, $0) }
    }
    return rows
  }

  /// One score for each (prompt, completion, columns); `nil` where the item could not be scored.
  func scores(_ items: [LoadedItem]) throws -> [Double?] {
    var scores = [stepwise_score](repeating: stepwise_score(), count: items.count)
    let table = factory.pointee.table.assumingMemoryBound(to: stepwise_reward.self)
    try withBatch(items) { batch in
      try scores.withUnsafeMutableBufferPointer { scores in
        var results = stepwise_reward_results()
        results.struct_size = UInt32(MemoryLayout<stepwise_reward_results>.stride)
        results.scores = scores.baseAddress
        results.capacity = UInt64(scores.count)
        try check { table.pointee.score(instance, batch, &results, $0) }
        try #require(results.count == UInt64(scores.count))
      }
    }
    return try scores.enumerated().map { index, score in
      try #require(score.item == UInt64(100 + index))
      return score.status == Int32(STEPWISE_SCORE_OK) ? score.value : nil
    }
  }

  /// The answer of each (prompt, completion, columns), for majority votes.
  func answers(_ items: [LoadedItem]) throws -> [String?] {
    let table = factory.pointee.table.assumingMemoryBound(to: stepwise_reward.self)
    let function = try #require(table.pointee.answers)
    var given: [(index: UInt64, text: String)] = []
    try withBatch(items) { batch in
      try withUnsafeMutablePointer(to: &given) { given in
        var sink = stepwise_answer_sink()
        sink.struct_size = UInt32(MemoryLayout<stepwise_answer_sink>.stride)
        sink.context = UnsafeMutableRawPointer(given)
        sink.set = { sink, index, answer in
          sink!.pointee.context.assumingMemoryBound(to: [(index: UInt64, text: String)].self)
            .pointee.append((index, text(answer)))
        }
        try check { function(instance, batch, &sink, $0) }
      }
    }
    var answers = [String?](repeating: nil, count: items.count)
    for (index, text) in given {
      try #require(index < UInt64(items.count) && answers[Int(index)] == nil)
      answers[Int(index)] = text
    }
    return answers
  }

  private func withBatch(
    _ items: [LoadedItem],
    _ body: (UnsafePointer<stepwise_reward_batch>) throws -> Void
  ) throws {
    let arena = CellArena()
    let cItems = items.enumerated().map { index, item in
      var cItem = stepwise_reward_item()
      cItem.struct_size = UInt32(MemoryLayout<stepwise_reward_item>.stride)
      cItem.id = UInt64(100 + index)
      cItem.example = arena.example(item.columns)
      cItem.prompt = arena.text(item.prompt)
      cItem.completion = arena.text(item.completion)
      cItem.completion_with_special_tokens = cItem.completion
      return cItem
    }
    try cItems.withUnsafeBufferPointer { cItems in
      var batch = stepwise_reward_batch()
      batch.struct_size = UInt32(MemoryLayout<stepwise_reward_batch>.stride)
      batch.count = UInt64(cItems.count)
      batch.item_stride = UInt64(MemoryLayout<stepwise_reward_item>.stride)
      batch.items = cItems.baseAddress
      try body(&batch)
    }
    withExtendedLifetime(arena) {}
  }

  /// Calls the plugin and throws the message that it left when it failed.
  private func check(
    _ call: (UnsafeMutablePointer<stepwise_error>) throws -> stepwise_status
  ) throws {
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
      var error = stepwise_error()
      error.struct_size = UInt32(MemoryLayout<stepwise_error>.stride)
      error.message = buffer.baseAddress
      error.capacity = UInt64(buffer.count)
      guard try call(&error) == STEPWISE_OK else {
        throw LoadedPluginError(
          description: text(stepwise_text(data: error.message, size: error.size))
        )
      }
    }
  }
}

/// A completion to be scored, with what it answers and its row's columns.
typealias LoadedItem = (prompt: String, completion: String, columns: [(String, Cell)])

/// A column value of the kinds that these plugins use.
enum Cell: Equatable {
  case null
  case int(Int64)
  case text(String)
  case list([Cell])
}

/// A row that crossed the boundary.
struct LoadedRow: Equatable {
  let id: UInt64
  let prompt: Cell
  let completion: Cell
  let difficulty: Double
  let stepBoundaries: [UInt64]
  let columns: [String: Cell]

  fileprivate init(_ row: stepwise_example) {
    id = row.id
    prompt = Cell(row.prompt)
    completion = Cell(row.completion)
    difficulty = row.difficulty
    stepBoundaries = (0..<Int(row.step_boundary_count)).map { row.step_boundaries[$0] }
    let cells = (0..<Int(row.column_count)).map {
      (text(row.columns[$0].name), Cell(row.columns[$0].value))
    }
    columns = Dictionary(uniqueKeysWithValues: cells)
  }

  func string(_ column: String) throws -> String {
    guard case .text(let string)? = columns[column] else {
      throw LoadedPluginError(description: "no text in column \(column)")
    }
    return string
  }
}

extension Cell {
  fileprivate init(_ value: stepwise_value) {
    switch Int(value.type) {
    case Int(STEPWISE_VALUE_NULL): self = .null
    case Int(STEPWISE_VALUE_INT): self = .int(value.data.integer)
    case Int(STEPWISE_VALUE_TEXT): self = .text(KnightsAndKnavesTests.text(value.data.text))
    case Int(STEPWISE_VALUE_LIST):
      let list = value.data.list
      self = .list((0..<Int(list.count)).map { Cell(list.items[$0]) })
    default: preconditionFailure("a value of type \(value.type)")
    }
  }

  var string: String? {
    if case .text(let string) = self { return string }
    return nil
  }
}

/// Keeps the C copies of a batch until it ends.
private final class CellArena {
  private var allocations: [UnsafeMutableRawPointer] = []

  deinit {
    for allocation in allocations { allocation.deallocate() }
  }

  private func array<T>(_ values: [T]) -> UnsafeMutablePointer<T> {
    let copy = UnsafeMutablePointer<T>.allocate(capacity: max(values.count, 1))
    copy.initialize(from: values, count: values.count)
    allocations.append(UnsafeMutableRawPointer(copy))
    return copy
  }

  func text(_ string: String) -> stepwise_text {
    let bytes = string.utf8.map { CChar(bitPattern: $0) }
    return stepwise_text(data: array(bytes), size: UInt64(bytes.count))
  }

  func value(_ cell: Cell) -> stepwise_value {
    var value = stepwise_value()
    switch cell {
    case .null: value.type = UInt32(STEPWISE_VALUE_NULL)
    case .int(let integer):
      value.type = UInt32(STEPWISE_VALUE_INT)
      value.data.integer = integer
    case .text(let string):
      value.type = UInt32(STEPWISE_VALUE_TEXT)
      value.data.text = text(string)
    case .list(let cells):
      value.type = UInt32(STEPWISE_VALUE_LIST)
      value.data.list.items = UnsafePointer(array(cells.map { self.value($0) }))
      value.data.list.count = UInt64(cells.count)
    }
    return value
  }

  func example(_ columns: [(String, Cell)]) -> UnsafePointer<stepwise_example> {
    var example = stepwise_example()
    example.struct_size = UInt32(MemoryLayout<stepwise_example>.stride)
    example.difficulty = .nan
    example.columns = UnsafePointer(
      array(columns.map { stepwise_column(name: text($0.0), value: value($0.1)) })
    )
    example.column_count = UInt64(columns.count)
    return UnsafePointer(array([example]))
  }
}

private func text(_ view: stepwise_text) -> String {
  let bytes = UnsafeBufferPointer(start: view.data, count: Int(view.size))
  return String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

private func view<R>(_ string: String, _ body: (stepwise_text) throws -> R) rethrows -> R {
  var string = string
  return try string.withUTF8 { bytes in
    try bytes.withMemoryRebound(to: CChar.self) {
      try body(stepwise_text(data: $0.baseAddress, size: UInt64($0.count)))
    }
  }
}
