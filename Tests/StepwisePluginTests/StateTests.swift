import StepwisePlugin
import Testing

@Suite struct StateTests {
  @Test func roundTrip() throws {
    var writer = StateWriter()
    writer.write(-5)
    writer.write(UInt64.max)
    writer.write(-0.0)
    writer.write(true)
    writer.write("é\0")
    writer.write([1.5, .nan])
    writer.write([7, 8] as [UInt64])
    writer.write(Double?.none)
    writer.write(Double?.some(2))
    var reader = StateReader(writer.bytes)
    #expect(try reader.readInt() == -5)
    #expect(try reader.readUInt64() == .max)
    #expect(try reader.readDouble().sign == .minus)
    #expect(try reader.readBool())
    #expect(try reader.readString() == "é\0")
    let doubles = try reader.readDoubles()
    #expect(doubles[0] == 1.5 && doubles[1].isNaN)
    #expect(try reader.readUInt64s() == [7, 8])
    #expect(try reader.readOptionalDouble() == nil)
    #expect(try reader.readOptionalDouble() == 2)
    #expect(reader.remaining == 0)
  }

  /// The bytes are a format: a change breaks resumes.
  @Test func bytesAreFixed() {
    var writer = StateWriter()
    writer.write(258)
    writer.write(1.0)
    writer.write("a")
    #expect(
      writer.bytes == [
        2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 1, 0, 0, 0, 0, 0, 0, 0, 0x61,
      ]
    )
  }

  @Test func endsAndLies() {
    var empty = StateReader([])
    #expect(throws: PluginFailure.self) { try empty.readInt() }
    #expect(throws: PluginFailure.self) { try empty.readBool() }
    var lying = StateReader([UInt8](repeating: 0xFF, count: 16))
    #expect(throws: PluginFailure.self) { try lying.readDoubles() }
    var boolean = StateReader([2])
    #expect(throws: PluginFailure.self) { try boolean.readBool() }
    var text = StateReader([1, 0, 0, 0, 0, 0, 0, 0, 0xFF])
    #expect(throws: PluginFailure.self) { try text.readString() }
  }
}
