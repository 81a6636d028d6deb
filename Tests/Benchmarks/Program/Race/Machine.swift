import ArgumentParser
import CMachine
import Foundation

/// What the machine can do at most, in GFLOP/s and GB/s.
struct Machine: Codable, Sendable, Equatable {
  /// FP32 multiply-adds from registers.
  var fp32GFLOPS: Double
  /// Pairs of BF16 products; 0 where the processor has no instruction for them.
  var bf16GFLOPS: Double
  /// Reading of memory far larger than the caches.
  var readGBs: Double
  /// Reading of 8 MiB, which the last cache holds.
  var cacheGBs: Double

  private enum CodingKeys: String, CodingKey {
    case fp32GFLOPS = "fp32_gflops"
    case bf16GFLOPS = "bf16_gflops"
    case readGBs = "ram_read_gbs"
    case cacheGBs = "cache_read_gbs"
  }

  /// Measures in about two seconds.
  static func measure(threads: Int) -> Machine {
    Machine(
      fp32GFLOPS: machine_fma_gflops(Int32(threads), 0.3),
      bf16GFLOPS: machine_bf16_gflops(Int32(threads), 0.3),
      readGBs: machine_read_gbs(Int32(threads), 512 << 20, 0.6),
      cacheGBs: machine_read_gbs(Int32(threads), 8 << 20, 0.3)
    )
  }

  /// Measures in a process of its own, so that the memory it reads does not count for this one.
  static func measureApart(threads: Int) throws -> Machine {
    let child = ChildProcess(
      program: CommandLine.ownPath,
      arguments: ["machine", "--threads", "\(threads)"]
    )
    let result = try child.run()
    guard result.status == 0,
      let machine = try? JSONDecoder().decode(Machine.self, from: Data(result.output.utf8))
    else { throw ChildProcess.Failure.output(program: "machine", output: result.output) }
    return machine
  }

  /// The best of each: limits that were reached at least once.
  static func best(_ all: [Machine]) -> Machine {
    Machine(
      fp32GFLOPS: all.map(\.fp32GFLOPS).max() ?? 0,
      bf16GFLOPS: all.map(\.bf16GFLOPS).max() ?? 0,
      readGBs: all.map(\.readGBs).max() ?? 0,
      cacheGBs: all.map(\.cacheGBs).max() ?? 0
    )
  }

  /// Arithmetic of a precision.
  func gflops(_ precision: Precision) -> Double {
    precision == .bf16 && bf16GFLOPS > 0 ? bf16GFLOPS : fp32GFLOPS
  }
}

/// `stepwise-bench machine`: the limits alone.
struct MachineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "machine",
    abstract: "The machine's limits: FP32 and BF16 arithmetic, reading of memory and of the cache."
  )

  @OptionGroup var common: CommonOptions

  func run() throws {
    try print(Report.json(Machine.measure(threads: common.threads)))
  }
}

extension CommandLine {
  /// The file of this program.
  static var ownPath: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? arguments[0]
  }
}
