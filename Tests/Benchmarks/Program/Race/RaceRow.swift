import BenchmarkFigures

/// One row's results.
struct RaceRow: Codable {
  var row: String
  var precision: Precision
  var rounds: Int
  /// The limits, the best of all rounds.
  var machine: Machine
  var stepwise: Contestant
  /// Those that ran, the fastest first.
  var rivals: [Contestant]
  /// Stepwise's median over the fastest rival's; absent without a rival.
  var ratio: Double?
  /// The least and the most of the ratios round by round.
  var ratioRange: [Double]?
  /// What `ratio` compares: `tok_s` or `decode_tok_s`.
  var compares: String?
  /// GFLOP/s that the median step does, by the model's formula.
  var gflops: Double
  /// Their share of the machine's arithmetic in this precision.
  var arithmeticShare: Double
  /// Bytes that decoding must read, over the time that it took, as a share of the memory's rate. Above 1 where the weights
  /// stay in the cache.
  var memoryShare: Double?
  /// Why there is no rival, or what failed.
  var notes: [String]

  private enum CodingKeys: String, CodingKey {
    case row, precision, rounds, machine, stepwise, rivals, ratio, compares, gflops, notes
    case ratioRange = "ratio_range"
    case arithmeticShare = "arithmetic_share"
    case memoryShare = "memory_share"
  }
}

/// Runs one row: the limits, Stepwise and its rivals by turns, each in a process of its own.
struct RaceRunner {
  var common: CommonOptions
  var rounds: Int

  func run(_ row: BenchmarkRow) throws -> RaceRow {
    let folder = common.rivalFolder
    let rivals = folder.map { Rival.strongest(row, common.precision, in: $0) } ?? []
    var own = Rounds("Stepwise")
    var others = rivals.map { Rounds($0.name, figure: $0.figure) }
    var machines: [Machine] = []
    for _ in 0..<rounds {
      machines.append(try Machine.measureApart(threads: common.threads))
      own.run(try process(row))
      if let failure = own.failure { throw ValidationFailure(description: failure) }
      for (index, rival) in rivals.enumerated() {
        guard let folder else { continue }
        others[index].run(rival.process(row, folder, threads: common.threads))
      }
    }
    return try result(row, own, others, Machine.best(machines))
  }

  private struct ValidationFailure: Error, CustomStringConvertible {
    var description: String
  }

  private func process(_ row: BenchmarkRow) throws -> ChildProcess {
    var words = ["measure", row.name, "--threads", "\(common.threads)"]
    words += ["--precision", common.precision.rawValue]
    if let folder = common.rivalFolder { words += ["--rivals", folder.path] }
    return ChildProcess(program: CommandLine.ownPath, arguments: words)
  }

  private func result(
    _ row: BenchmarkRow,
    _ own: Rounds,
    _ others: [Rounds],
    _ machine: Machine
  ) throws -> RaceRow {
    guard let stepwise = own.contestant, let first = own.measurements.first else {
      throw ValidationFailure(description: "\(row.name) was not measured")
    }
    let ran = others.filter { !$0.measurements.isEmpty }
      .sorted { Self.ratio(own, $0) < Self.ratio(own, $1) }
    let parameters = first.parameters ?? 0
    let gflops = row.operations(parameters: parameters) / stepwise.seconds * 1e-9
    let decodeSeconds = own.measurements.flatMap { $0.decodeSamples ?? [] }
    let bytes = row.decodeBytes(parameters: parameters, precision: common.precision)
    var notes = others.compactMap { other in other.failure.map { "\(other.name): \($0)" } }
    if others.isEmpty {
      notes.append(
        common.rivalFolder == nil
          ? "no rival: neither --rivals nor STEPWISE_RIVALS names their folder"
          : "no rival: their folder has no venv"
      )
    }
    return RaceRow(
      row: row.name,
      precision: common.precision,
      rounds: rounds,
      machine: machine,
      stepwise: stepwise,
      rivals: ran.compactMap(\.contestant),
      ratio: ran.first.map { Statistics.significant(Self.ratio(own, $0), 3) },
      ratioRange: ran.first.map { Self.range(own, $0) },
      compares: ran.first.map { $0.figure == .whole ? "tok_s" : "decode_tok_s" },
      gflops: Statistics.significant(gflops),
      arithmeticShare: Statistics.significant(gflops / machine.gflops(common.precision), 3),
      memoryShare: decodeSeconds.isEmpty
        ? nil
        : Statistics.significant(
          bytes / Statistics.median(decodeSeconds) * 1e-9 / machine.readGBs,
          3
        ),
      notes: notes
    )
  }

  private static func ratio(_ own: Rounds, _ rival: Rounds) -> Double {
    Statistics.ratio(own.rates(rival.figure), to: rival.rates(rival.figure))
  }

  private static func range(_ own: Rounds, _ rival: Rounds) -> [Double] {
    let ratios = zip(own.measurements, rival.measurements).map { a, b in
      rival.figure == .whole
        ? Statistics.ratio(a.rates, to: b.rates)
        : Statistics.ratio(a.decodeRates, to: b.decodeRates)
    }
    return [ratios.min() ?? 0, ratios.max() ?? 0].map { Statistics.significant($0, 3) }
  }
}
