import Foundation

/// Times a body, in turn with a rival where one is named, and prints one JSON line.
struct Race {
  let name: String
  let options: CommonOptions

  init(name: String, _ options: CommonOptions) {
    self.name = name
    self.options = options
  }

  func run(tokens: Int, _ body: () throws -> Void) throws {
    try body()  // warm-up
    var own: [Double] = []
    var rivals: [Double] = []
    for _ in 0..<(options.rival == nil ? 1 : options.rounds) {
      for _ in 0..<options.repetitions {
        let clock = ContinuousClock()
        let seconds = try clock.measure(body)
        own.append(
          Double(tokens)
            / (Double(seconds.components.attoseconds) * 1e-18
              + Double(seconds.components.seconds))
        )
      }
      if let rival = options.rival { rivals.append(try Self.tokensPerSecond(of: rival)) }
    }
    var fields = [
      "\"bench\": \"\(name)\"", "\"model\": \"\(options.model)\"",
      "\"provider\": \"\(options.provider)\"", "\"threads\": \(options.threads)",
      "\"tok_s\": \(Self.rounded(Self.median(own)))",
      "\"tok_s_min\": \(Self.rounded(own.min() ?? 0))",
      "\"tok_s_max\": \(Self.rounded(own.max() ?? 0))",
      "\"peak_rss_gib\": \(Self.peakMemory)",
    ]
    if !rivals.isEmpty {
      let (a, b) = (Self.median(own), Self.median(rivals))
      fields += [
        "\"rival_tok_s\": \(Self.rounded(b))", "\"ratio\": \((100 * a / b).rounded() / 100)",
      ]
    }
    print("{" + fields.joined(separator: ", ") + "}")
  }

  private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  private static var peakMemory: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return (Double(usage.ru_maxrss) / 1_048_576 * 1_000).rounded() / 1_000
  }

  private struct RivalFailed: Error, CustomStringConvertible {
    var command: String
    var output: String
    var description: String {
      "rival `\(command)` printed no JSON line with tok_s; it said: \(output.suffix(500))"
    }
  }

  private static func tokensPerSecond(of command: String) throws -> Double {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let output = String(decoding: data, as: UTF8.self)
    for line in output.split(separator: "\n").reversed() {
      if let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
        let value = (object["tok_s"] as? NSNumber)?.doubleValue
      {
        return value
      }
    }
    throw RivalFailed(command: command, output: output)
  }
}
