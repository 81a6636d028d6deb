import CStepwisePlugin

/// Decides whether a table that an entry function gave is a plugin that this host can use.
struct Handshake {
  let plugin: String
  let file: String

  /// The sizes that a plugin of ABI 1.0 cannot be below: up to the last member without which nothing works.
  private static let minimumPluginSize = MemoryLayout<stepwise_plugin>.size
  private static let minimumFactorySize = MemoryLayout<stepwise_factory>.offset(of: \.`init`)!
  /// No plugin has more; a larger number is a pointer read as one.
  private static let factoryLimit: UInt64 = 1024

  /// Checks field by field, in the order in which they lie, and reads nothing behind a field that does not fit.
  func check(_ table: UnsafeRawPointer?) throws(PluginError) -> stepwise_plugin {
    guard let table else {
      throw failure("the entry function answered NULL", "return the address of a stepwise_plugin")
    }
    guard UInt(bitPattern: table) % 8 == 0 else {
      throw failure("the entry's table is not aligned to 8 bytes", "return a stepwise_plugin")
    }
    let magic = table.load(as: UInt64.self)
    guard magic == STEPWISE_PLUGIN_MAGIC else {
      throw mismatch(
        "magic",
        hex(STEPWISE_PLUGIN_MAGIC),
        hex(magic),
        "return a stepwise_plugin that starts with it"
      )
    }
    let major = table.load(fromByteOffset: 8, as: UInt32.self)
    let minor = table.load(fromByteOffset: 12, as: UInt32.self)
    guard major == UInt32(STEPWISE_ABI_MAJOR) else {
      throw mismatch("abi_major", "\(STEPWISE_ABI_MAJOR)", "\(major)", Self.rebuild)
    }
    let needed = table.load(fromByteOffset: 16, as: UInt32.self)
    guard needed <= UInt32(STEPWISE_ABI_MINOR) else {
      throw mismatch(
        "min_host_minor",
        "at most \(STEPWISE_ABI_MINOR)",
        "\(needed)",
        "update Stepwise to ABI \(major).\(needed), or rebuild the plugin without what is newer than "
          + "\(STEPWISE_ABI_MAJOR).\(STEPWISE_ABI_MINOR)"
      )
    }
    let size = table.load(fromByteOffset: 20, as: UInt32.self)
    guard size >= Self.minimumPluginSize, size % 8 == 0 else {
      throw mismatch(
        "struct_size",
        "at least \(Self.minimumPluginSize) and a multiple of 8",
        "\(size)",
        "set it to sizeof(stepwise_plugin); the plugin says it has headers \(major).\(minor)"
      )
    }
    return copyTable(table, as: stepwise_plugin.self, size: Int(size))
  }

  /// Copies of the factories, each checked.
  func factories(of plugin: stepwise_plugin) throws(PluginError) -> [LoadedImage.FactoryTable] {
    guard let base = plugin.factories, 1...Self.factoryLimit ~= plugin.factory_count else {
      throw mismatch(
        "factory_count",
        "1 to \(Self.factoryLimit)",
        "\(plugin.factory_count)",
        "list the plugin's factories"
      )
    }
    guard plugin.factory_stride >= UInt64(Self.minimumFactorySize), plugin.factory_stride % 8 == 0,
      plugin.factory_stride < 1 << 16
    else {
      throw mismatch(
        "factory_stride",
        "at least \(Self.minimumFactorySize) and a multiple of 8",
        "\(plugin.factory_stride)",
        "set it to sizeof(stepwise_factory)"
      )
    }
    var factories: [LoadedImage.FactoryTable] = []
    for index in 0..<Int(plugin.factory_count) {
      let raw = UnsafeRawPointer(base) + index * Int(plugin.factory_stride)
      factories.append(try factory(raw, index: index, stride: plugin.factory_stride))
    }
    return factories
  }

  private func factory(
    _ raw: UnsafeRawPointer,
    index: Int,
    stride: UInt64
  ) throws(PluginError) -> LoadedImage.FactoryTable {
    let field = { (name: String) in "factories[\(index)].\(name)" }
    let size = raw.load(as: UInt32.self)
    guard size >= Self.minimumFactorySize, size <= stride, size % 8 == 0 else {
      throw mismatch(
        field("struct_size"),
        "\(Self.minimumFactorySize) to \(stride) and a multiple of 8",
        "\(size)",
        "set it to sizeof(stepwise_factory)"
      )
    }
    let table = copyTable(raw, as: stepwise_factory.self, size: Int(size))
    guard let id = checkedString(table.id, limit: 512), !id.isEmpty else {
      throw mismatch(field("id"), "UTF-8 text", "\(table.id.size) bytes", "set the component's id")
    }
    guard table.concurrency <= 1 else {
      throw mismatch(
        field("concurrency"),
        "0 or 1",
        "\(table.concurrency)",
        "use STEPWISE_CONCURRENCY_..."
      )
    }
    for (name, missing) in [
      ("table", table.table == nil), ("create", table.create == nil),
      ("destroy", table.destroy == nil),
    ] where missing {
      throw mismatch(field(name), "a pointer", "NULL", "fill it in: it is required")
    }
    guard (table.save == nil) == (table.load == nil) else {
      throw failure(
        "\(field("save")) and \(field("load")) must both be there or both be NULL",
        "implement the missing one"
      )
    }
    return .init(
      original: raw.assumingMemoryBound(to: stepwise_factory.self),
      table: table,
      id: id
    )
  }

  /// Checks the size of a kind's table and that its required functions lie within it.
  func table<T>(
    _ pointer: UnsafeRawPointer,
    as type: T.Type,
    minimum: Int,
    name: String
  ) throws(PluginError) -> T {
    let size = pointer.load(as: UInt32.self)
    guard size >= minimum, size % 8 == 0, size < 1 << 16 else {
      throw mismatch(
        "\(name).struct_size",
        "at least \(minimum) and a multiple of 8",
        "\(size)",
        "set it to sizeof(\(name))"
      )
    }
    return copyTable(pointer, as: type, size: Int(size))
  }

  private static let rebuild =
    "rebuild the plugin with the SDK of Stepwise ABI \(STEPWISE_ABI_MAJOR).\(STEPWISE_ABI_MINOR)"

  private func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

  func mismatch(_ field: String, _ expected: String, _ found: String, _ cure: String) -> PluginError
  {
    failure("\(field) is \(found), expected \(expected)", cure)
  }

  func failure(_ message: String, _ cure: String) -> PluginError {
    PluginError(.handshake, plugin: plugin, file: file, message, cure: cure)
  }
}
