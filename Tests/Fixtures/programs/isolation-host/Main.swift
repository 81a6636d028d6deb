import Components
import Glibc
import PluginHost

/// A small host, in a process of its own so that what a plugin leaves behind can be counted, or so that it can be killed.
///
///     isolation-host survive FOLDER IMAGES BUNDLES SECONDS CASE...
///     isolation-host wait FOLDER IMAGES BUNDLES SECONDS CASE
///     isolation-host time FOLDER IMAGES BUNDLES CALLS PAUSE
@main
enum Main {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 6 else { exit(64) }
    let bench = Bench(folder: arguments[2], images: arguments[3], bundles: arguments[4])
    switch arguments[1] {
    case "survive":
      try Survival(bench: bench, seconds: Double(arguments[5])!).run(arguments.dropFirst(6))
    case "wait":
      let reward = try bench.reward(.process, seconds: Double(arguments[5])!)
      print("ready")
      fflush(nil)
      _ = try? reward.score(batch([arguments[6]]))
    case "time":
      try Timing(bench: bench).run(calls: Int(arguments[5])!, pause: UInt32(arguments[6])!)
    default: exit(64)
    }
  }
}

/// Loads the one reward of a folder.
struct Bench {
  var folder: String
  var images: String
  var bundles: String

  func reward(
    _ isolation: Isolation,
    seconds: Double,
    workers: Int = 1
  ) throws -> any RewardFunction {
    let policy = IsolationPolicy(startBudget: .seconds(max(5, seconds))) { _, _ in true }
    let catalog = PluginCatalog(searchPaths: [folder], imageDirectory: images, policy: policy)
    var services = HostServices()
    services.log = { _, _, _ in }
    services.callBudget = .seconds(seconds)
    services.bundleDirectory = bundles
    return try catalog.loadReward(
      PluginReference(catalog.list()[0].id, isolation: isolation, workers: workers),
      services: services
    ).part
  }
}

/// Items with these completions.
func batch(_ completions: [String]) -> RewardBatch {
  RewardBatch(
    step: 1,
    seed: 2,
    items: completions.enumerated().map { index, text in
      RewardItem(
        id: UInt64(index),
        example: Example(id: UInt64(index / 4), prompt: .text("p")),
        promptText: "p",
        completion: text,
        completionWithSpecialTokens: text,
        completionIDs: [1, 2, 3],
        truncated: false
      )
    }
  )
}
