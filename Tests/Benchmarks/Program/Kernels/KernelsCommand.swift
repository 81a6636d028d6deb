import ArgumentParser
import BenchmarkFigures
import Foundation

/// `stepwise-bench kernels`: the roofline sheet.
struct KernelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Each kernel beside the least time that its operations and bytes take.",
    discussion: """
      The floor is the larger of operations over the machine's arithmetic and bytes over the rate at \
      which memory is read, that of the cache where all operands fit into it. The limits are the \
      best of three measurements, before, amid and after the kernels; the times are the best of all \
      calls, and the JSON has their medians, too.
      """
  )

  @OptionGroup var common: CommonOptions

  @Option(help: "Seconds of each kernel.")
  var seconds = 0.4

  @Option(help: "A file for the results.")
  var json: String?

  /// Operands of fewer bytes stay in the last cache between calls: three quarters of it. (The C library's answer is that of
  /// the whole processor, of which a virtual machine has a part.)
  private static let cached: Int = {
    let file = "/sys/devices/system/cpu/cpu0/cache/index3/size"
    let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    let kibibytes = Int(text.prefix { $0.isNumber }) ?? 32 << 10
    return (kibibytes << 10) / 4 * 3
  }()

  /// One kernel's figures before it is known what the machine can do.
  private struct Timing {
    var kernel: KernelCase
    var best: Double
    var median: Double
    var cost: PartCost
  }

  func run() throws {
    let work = try WorkBackend(common.precision, threads: common.threads, timed: true)
    guard let backend = work.timed else { preconditionFailure("a timed backend") }
    var machines = [try Machine.measureApart(threads: common.threads)]
    var timings: [Timing] = []
    for (index, maker) in KernelCase.makers.enumerated() {
      if index == KernelCase.makers.count / 2 {
        machines.append(try Machine.measureApart(threads: common.threads))
      }
      timings.append(time(maker(backend), backend))
      backend.trimMemory()
    }
    machines.append(try Machine.measureApart(threads: common.threads))
    let machine = Machine.best(machines)
    let sheet = KernelSheet(
      machine: machine,
      precision: common.precision,
      kernels: timings.map { line($0, machine) }
    )
    print(sheet.table, terminator: "")
    if let json { try Report.write(sheet, to: json) }
  }

  private func time(_ kernel: KernelCase, _ backend: TimedBackend) -> Timing {
    kernel.body(backend, 0)
    var samples: [Double] = []
    var round = 1
    backend.ledger.reset()
    let until = Stopwatch.now + seconds
    while samples.count < 5 || Stopwatch.now < until {
      let before = backend.ledger[kernel.part].seconds
      kernel.body(backend, round)
      samples.append(backend.ledger[kernel.part].seconds - before)
      round += 1
    }
    return Timing(
      kernel: kernel,
      best: samples.min() ?? 0,
      median: Statistics.median(samples),
      cost: backend.ledger[kernel.part]
    )
  }

  private func line(_ timing: Timing, _ machine: Machine) -> KernelSheet.Kernel {
    let kernel = timing.kernel
    let isCached = kernel.footprint < Self.cached
    let arithmetic = kernel.part.isProduct ? machine.gflops(common.precision) : machine.fp32GFLOPS
    return KernelSheet.Kernel(
      kernel,
      best: timing.best,
      median: timing.median,
      operations: timing.cost.operations / Double(timing.cost.calls),
      bytes: timing.cost.bytes / Double(timing.cost.calls),
      arithmetic: arithmetic,
      rate: isCached ? machine.cacheGBs : machine.readGBs,
      isCached: isCached
    )
  }
}

/// All kernels beside their floors.
struct KernelSheet: Codable {
  struct Kernel: Codable {
    var kernel: String
    var size: String
    var operations: Double
    var bytes: Double
    /// `arithmetic`, `memory` or `cache`: what binds it.
    var bound: String
    var floor: Double
    /// The best of all calls.
    var seconds: Double
    var median: Double
    /// The floor over what was reached.
    var share: Double
    var gflops: Double
    var gbs: Double

    private enum CodingKeys: String, CodingKey {
      case kernel, size, operations, bytes, bound, share, gflops, gbs
      case floor = "floor_s"
      case seconds = "reached_s"
      case median = "median_s"
    }

    init(
      _ kernel: KernelCase,
      best seconds: Double,
      median: Double,
      operations: Double,
      bytes: Double,
      arithmetic: Double,
      rate: Double,
      isCached: Bool
    ) {
      self.kernel = kernel.name
      size = kernel.size
      self.operations = operations
      self.bytes = bytes
      let (compute, traffic) = (operations / arithmetic * 1e-9, bytes / rate * 1e-9)
      bound = compute > traffic ? "arithmetic" : isCached ? "cache" : "memory"
      floor = Statistics.significant(max(compute, traffic))
      self.seconds = Statistics.significant(seconds)
      self.median = Statistics.significant(median)
      share = Statistics.significant(max(compute, traffic) / seconds, 3)
      gflops = Statistics.significant(operations / seconds * 1e-9)
      gbs = Statistics.significant(bytes / seconds * 1e-9)
    }
  }

  var machine: Machine
  var precision: Precision
  var kernels: [Kernel]

  /// As Markdown.
  var table: String {
    var table = MarkdownTable([
      "kernel, \(precision.rawValue)", "size", "MFLOP", "MB", "bound by", "floor, ms",
      "reached, ms",
      "share", "GFLOP/s", "GB/s",
    ])
    for one in kernels {
      table.add([
        one.kernel, one.size, NumberText.short(one.operations * 1e-6),
        NumberText.short(one.bytes * 1e-6), one.bound, NumberText.fixed(one.floor * 1e3, 3),
        NumberText.fixed(one.seconds * 1e3, 3), NumberText.percent(one.share),
        NumberText.short(one.gflops), NumberText.short(one.gbs),
      ])
    }
    let limits =
      "Limits: FP32 \(NumberText.short(machine.fp32GFLOPS)), BF16 "
      + "\(NumberText.short(machine.bf16GFLOPS)) GFLOP/s; memory \(NumberText.short(machine.readGBs)), "
      + "cache \(NumberText.short(machine.cacheGBs)) GB/s.\n"
    return table.text + "\n" + limits
  }
}
