import Components
import Glibc
import PluginHost

/// What a batch of 64 completions of 1 KiB costs in this process and in one of its own: medians in microseconds.
struct Timing {
  var bench: Bench

  /// - Parameters:
  ///   - calls: how many of each, taken in turns so that both see the same machine.
  ///   - pause: microseconds between two calls; a trainer's calls lie seconds apart.
  func run(calls: Int, pause: UInt32) throws {
    let text = String(repeating: "All work and no play. ", count: 47).prefix(1024)
    let batch = batch(Array(repeating: String(text), count: 64))
    let rewards = [
      try bench.reward(.inProcess, seconds: 60), try bench.reward(.process, seconds: 60),
      try bench.reward(.process, seconds: 60, workers: 2),
    ]
    var times = rewards.map { _ in [Double]() }
    for round in 0..<calls + 50 {
      for (index, reward) in rewards.enumerated() {
        if pause > 0 { usleep(pause) }
        let start = ContinuousClock.now
        _ = try reward.score(batch)
        let time = start.duration(to: .now)
        // The first calls fault the memory in.
        if round >= 50 { times[index].append(Double(time.components.attoseconds) * 1e-12) }
      }
    }
    for (name, times) in zip(["in-process", "isolated", "two workers"], times) {
      let sorted = times.sorted()
      let at = { (share: Double) in sorted[Int(Double(sorted.count - 1) * share)] }
      print("\(name)\t\(at(0.5))\t\(at(0.1))\t\(at(0.9))")
    }
  }
}
