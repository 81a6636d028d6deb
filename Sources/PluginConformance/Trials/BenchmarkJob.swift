package import Components
import PluginHost

/// Times of calls.
package struct CallTimes: Sendable {
  /// Nanoseconds of each call, ascending.
  package var nanoseconds: [Double]
  /// What one call works on: items of a batch, rows, or one step.
  package var units: Int

  /// A quantile from 0 to 1, in nanoseconds.
  package func quantile(_ share: Double) -> Double {
    guard !nanoseconds.isEmpty else { return .nan }
    let place = Int((Double(nanoseconds.count - 1) * share).rounded())
    return nanoseconds[place]
  }

  /// Calls a second, from the sum of all.
  package var callsPerSecond: Double {
    let sum = nanoseconds.reduce(0, +)
    return sum > 0 ? 1e9 * Double(nanoseconds.count) / sum : .nan
  }

  /// Makes calls for some time, after a tenth of it to warm up.
  package static func measure(
    seconds: Double,
    units: Int,
    _ call: () throws -> Void
  ) rethrows -> CallTimes {
    let clock = ContinuousClock()
    let warm = clock.now + .seconds(seconds / 10)
    repeat { try call() } while clock.now < warm
    var times: [Double] = []
    let end = clock.now + .seconds(seconds)
    repeat {
      let duration = try clock.measure(call).components
      times.append(Double(duration.seconds) * 1e9 + Double(duration.attoseconds) * 1e-9)
    } while clock.now < end && times.count < 1_000_000
    return CallTimes(nanoseconds: times.sorted(), units: units)
  }
}

/// What a run asks of a component in one step, as a call that can be timed.
package struct TimedCall {
  /// Items, rows or steps of one call.
  package var units: Int
  /// What they are.
  package var unit: String
  /// The call.
  package var body: () throws -> Void

  /// Scores batches of so many items, made of the subject's material.
  package init(_ reward: any RewardFunction, _ subject: CheckSubject, items: Int) throws {
    let component = try CheckedComponent(subject)
    let batch = try component.material(reward).varied(items)
    units = items
    unit = "item"
    body = { _ = try reward.score(batch) }
  }

  /// Reads so many rows at changing places.
  package init(_ dataset: any Dataset, items: Int) {
    let count = dataset.count ?? .max
    units = min(items, count)
    unit = "row"
    var start = 0
    let rows = units
    body = {
      if start > count - rows { start = 0 }
      _ = try dataset.examples(in: start..<start + rows)
      start += rows
    }
  }

  /// Plans a step and reports it.
  package init(_ strategy: any MixingStrategy) {
    var run = SimulatedRun(strategy)
    run.keepsTrace = false
    units = 1
    unit = "step"
    body = { _ = try run.run(1) }
  }
}

/// Times a component's calls in the process that they run in.
struct BenchmarkJob {
  private let items: Int
  private let seconds: Double

  init(_ job: ParameterValue) throws {
    guard let items = job.number("items"), let seconds = job.number("seconds") else {
      throw CheckChild.Misunderstanding(description: "a bench job needs items and seconds")
    }
    self.items = Int(items)
    self.seconds = seconds
  }

  func run(_ subject: CheckSubject, _ board: ReportBoard) throws -> ParameterValue {
    let component = try CheckedComponent(subject, board: board)
    board.note("timing calls")
    do {
      let call: TimedCall
      let live = try component.live()
      switch live.part {
      case let reward as any RewardFunction:
        call = try TimedCall(reward, subject, items: items)
      case let dataset as any Dataset: call = TimedCall(dataset, items: items)
      case let strategy as any MixingStrategy: call = TimedCall(strategy)
      default: throw CheckChild.Misunderstanding(description: "no component")
      }
      let times = try CallTimes.measure(seconds: seconds, units: call.units, call.body)
      // A million times would not fit the board: enough for every quantile that is shown.
      let step = max(1, times.nanoseconds.count / 20_000)
      let kept = stride(from: 0, to: times.nanoseconds.count, by: step).map {
        ParameterValue.double(times.nanoseconds[$0].rounded())
      }
      return .object([
        ParameterEntry("times", .array(kept)), ParameterEntry("units", .int(Int64(call.units))),
        ParameterEntry("calls_per_second", .double(times.callsPerSecond)),
        ParameterEntry("unit", .string(call.unit)),
      ])
    } catch let error as PluginError {
      return .object([ParameterEntry("failure", .string(error.description))])
    }
  }
}
