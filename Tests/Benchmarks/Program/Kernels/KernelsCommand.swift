import ArgumentParser
import BenchmarkFigures

/// `stepwise-bench kernels`: the roofline sheet.
struct KernelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Each kernel beside the least time that its operations and bytes take.",
    discussion: """
      The floor is the larger of operations over the machine's arithmetic and bytes over the rate at \
      which memory is read, that of the cache where all operands fit into it. Times are medians.
      """
  )

  @OptionGroup var common: CommonOptions

  @Option(help: "Seconds of each kernel.")
  var seconds = 0.4

  @Option(help: "A file for the results.")
  var json: String?

  /// What a last cache may hold; operands below half of it stay there between calls.
  private static let cache = 32 << 20

  func run() throws {
    let machine = try Machine.measureApart(threads: common.threads)
    let work = try WorkBackend(common.precision, threads: common.threads, timed: true)
    guard let backend = work.timed else { preconditionFailure("a timed backend") }
    let sheet = KernelSheet(
      machine: machine,
      precision: common.precision,
      kernels: KernelCase.makers.map { maker in
        defer { backend.trimMemory() }
        return measure(maker(backend), backend, machine)
      }
    )
    print(sheet.table, terminator: "")
    if let json { try Report.write(sheet, to: json) }
  }

  private func measure(
    _ kernel: KernelCase,
    _ backend: TimedBackend,
    _ machine: Machine
  ) -> KernelSheet.Kernel {
    kernel.body(backend, 0)
    var samples: [Double] = []
    var round = 1
    backend.ledger.reset()
    let until = Stopwatch.now + seconds
    while samples.count < 3 || Stopwatch.now < until {
      let before = backend.ledger[kernel.part].seconds
      kernel.body(backend, round)
      samples.append(backend.ledger[kernel.part].seconds - before)
      round += 1
    }
    let cost = backend.ledger[kernel.part]
    let isCached = kernel.footprint < Self.cache / 2
    let rate = isCached ? machine.cacheGBs : machine.readGBs
    // Kernels other than the products compute in FP32 whatever those do.
    let isProduct = [.gemmForward, .gemmInput, .gemmWeight].contains(kernel.part)
    let arithmetic = isProduct ? machine.gflops(common.precision) : machine.fp32GFLOPS
    return KernelSheet.Kernel(
      kernel,
      seconds: Statistics.median(samples),
      operations: cost.operations / Double(cost.calls),
      bytes: cost.bytes / Double(cost.calls),
      arithmetic: arithmetic,
      rate: rate,
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
    var seconds: Double
    /// The floor over what was reached.
    var share: Double
    var gflops: Double
    var gbs: Double

    private enum CodingKeys: String, CodingKey {
      case kernel, size, operations, bytes, bound, share, gflops, gbs
      case floor = "floor_s"
      case seconds = "reached_s"
    }

    init(
      _ kernel: KernelCase,
      seconds: Double,
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
