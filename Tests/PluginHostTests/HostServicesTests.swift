import CStepwisePlugin
import Components
import Foundation
import Synchronization
import Testing

@testable import PluginHost

@Suite struct HostServicesTests {
  @Test func everyServiceReachesThePlugin() throws {
    let log = Log()
    var services = HostServices()
    services.log = { log.add("\($0) \($1) \($2)") }
    services.metric = { log.add("metric \($0) \($1) \($2)") }
    services.isCancelled = { true }
    services.callBudget = .seconds(5)
    services.encode = { text in text.utf8.map { Int32($0) } }
    services.decode = { ids, keep in
      let text = String(decoding: ids.map { UInt8($0) }, as: UTF8.self)
      return keep ? "<\(text)>" : text
    }
    services.logProbabilities = { model, context, ids in
      guard model == .reference else { throw FixtureFailure(message: "not now") }
      return ids.map { -Float($0) - Float(context[0]) }
    }
    let reward = try Fixture("services", .reward).reward(services: services).part
    let outcome = try reward.score(batch(["a"]))
    #expect(outcome == [.score(Double((1 << 14) - 1))])
    #expect(log.all == ["warning services hello", "metric services seen 2.5"])
  }

  @Test func absentServicesAreNull() {
    var table = hostTable(HostServices())
    #expect(table.encode == nil && table.decode == nil && table.log_probabilities == nil)
    var services = HostServices()
    services.encode = { _ in [] }
    table = hostTable(services)
    #expect(table.encode != nil)
  }

  /// Known answers from Random123 1.14, kat_vectors, philox4x32-10.
  @Test(arguments: [
    (
      SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
      SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
    ),
    (
      SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
      SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
      SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
      SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ])
  func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>) {
    #expect(Philox4x32.block(counter: counter, key: key) == expected)
  }

  @Test func uniformIsUniform() {
    let draws = (0..<20_000).map {
      Philox4x32.uniform(seed: 1, step: 2, item: UInt64($0 / 2), draw: UInt64($0 % 2))
    }
    #expect(draws.allSatisfy { 0 <= $0 && $0 < 1 })
    let mean = draws.reduce(0, +) / 20_000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
    #expect(abs(mean - 0.5) < 0.01)
    #expect(abs(variance - 1.0 / 12) < 0.002)
    #expect(Set(draws).count == draws.count)
  }
}
