import Components
import Foundation
import LanguageModels
import PluginHost
import RunStore
import Tensors
import Tokenizers
import Training

/// What another reward would have said of a run's stored rollouts.
struct RewardRescore {
  /// A gradient of one generation batch.
  struct Gradient {
    var generation: Int
    var step: Int
    var rollouts: Int
    var agreement: GradientAgreement
  }

  /// The reward's name.
  var reward: String
  var rollouts: [StoredRollout]
  /// `nil` where the reward abstains.
  var scores: [Double?]
  /// What the reward alone would have given.
  var advantages: [Double]
  /// Of the last generation batches; empty where the run has no checkpoint.
  var gradients: [Gradient]
  /// Steps behind the weights of the gradients.
  var checkpoint: Int?
  /// What should be known of the answer.
  var notes: [String] = []

  /// Loads the reward and asks it.
  ///
  /// - Parameters:
  ///   - reference: as `--reward` names it; relative paths start in the working directory.
  ///   - batches: generation batches, from the last one backwards, whose gradients are compared.
  init(_ run: StoredRun, reward reference: PluginReference, batches: Int) throws {
    rollouts = try Self.rollouts(of: run)
    let notices = NoticeBoard()
    let services = RunServices()
    let tokenizer = try Tokenizer(
      contentsOf: run.url.appending(path: RunComposition.tokenizerName)
    )
    services.tokenizer.set(tokenizer)
    let host = services.host(notices)
    let catalog = PluginCatalog.standard
    let function: any RewardFunction
    do {
      function = try catalog.loadReward(reference, services: host).part
    } catch {
      throw SlotError(place: "--reward \(reference.name)", slot: "reward", error: error)
    }
    self.reward = function.description.name
    let dataset = try Self.prompts(of: run, catalog, host, &notes)
    let rescoring = RolloutRescoring(
      dataset: dataset,
      tokenizer: tokenizer,
      chat: try tokenizer.chatRenderer(),
      configuration: run.configuration.training
    )
    scores = try rescoring.scores(of: rollouts, by: function)
    advantages = try rescoring.advantages(rollouts, scores: scores)
    gradients = []
    if batches > 0 { try addGradients(run, rescoring, batches: batches) }
    notes += notices.drain()
  }

  init(
    reward: String,
    rollouts: [StoredRollout],
    scores: [Double?],
    advantages: [Double],
    gradients: [Gradient] = []
  ) {
    (self.reward, self.rollouts, self.scores) = (reward, rollouts, scores)
    (self.advantages, self.gradients) = (advantages, gradients)
  }

  private static func rollouts(of run: StoredRun) throws -> [StoredRollout] {
    let rollouts = try StoredRollout.all(of: run.url)
    guard rollouts.isEmpty else { return rollouts }
    let problem: String
    let cure: String
    if !run.configuration.training.grpo.logCompletions {
      problem = "the run kept no rollouts: grpo.log_completions was false"
      cure = "Train it with grpo.log_completions=true"
    } else if run.steps.contains(where: { $0.kind != .sft }) {
      problem = "there is no rollouts.jsonl, although rollouts were trained"
      cure = "Restore the file, or train the run again with this version of Stepwise"
    } else {
      problem = "the run has trained on no rollouts yet"
      cure = "Rescore it after its first GRPO step"
    }
    throw RunError(run.shown, problem, cure: cure)
  }

  private static func prompts(
    of run: StoredRun,
    _ catalog: PluginCatalog,
    _ services: HostServices,
    _ notes: inout [String]
  ) throws -> any Dataset {
    guard let prompts = run.configuration.prompts else {
      throw RunError(
        "\(run.shown)/config.yaml",
        "there is no prompts: section, so the rollouts have no rows",
        cure: "Restore the configuration that the run was trained with"
      )
    }
    // Relative paths in the configuration are those of where the run began.
    if let directory = run.provenance?.workingDirectory {
      _ = FileManager.default.changeCurrentDirectoryPath(directory)
    }
    do {
      var sources: [LoadedSlot<any Dataset>] = []
      for (slot, source) in zip(prompts.slots("prompts"), prompts.sources) {
        let loaded = try catalog.loadDataset(
          PluginReference(
            source.component.plugin,
            parameters: source.component.parameters,
            label: slot,
            isolation: source.component.isolation
          ),
          services: services
        )
        let recorded = run.provenance?.plugins.first { $0.slot == slot }?.digest
        if let recorded, recorded != loaded.plugin.identity.digest {
          notes.append(
            "the plugin of \(slot) is not the one that the run used; rows are checked by their ids"
          )
        }
        sources.append(
          LoadedSlot(
            slot: slot,
            part: loaded.part,
            plugin: loaded.plugin,
            gate: MetricGate(),
            reconfigure: loaded.reconfigure
          )
        )
      }
      return try LoadedDataset(slot: "prompts", sources, prompts).part
    } catch let error as PluginError {
      throw SlotError(place: "\(run.shown)/config.yaml", slot: "prompts", error: error)
    }
  }

  private mutating func addGradients(
    _ run: StoredRun,
    _ rescoring: RolloutRescoring,
    batches: Int
  ) throws {
    guard
      let checkpoint = try RunDirectory.latestGoodCheckpoint(
        of: run.url,
        onWarning: StandardError.write
      )
    else {
      notes.append("no gradients: the run has no checkpoint yet")
      return
    }
    self.checkpoint = checkpoint.step
    let backend = try run.configuration.numerics.makeBackend()
    let model = try ModelSource(model: checkpoint.url.path, adapter: nil)
      .open(backend: backend, trainable: true)
    var generations: [Int] = []
    for rollout in rollouts where generations.last != rollout.generation {
      generations.append(rollout.generation)
    }
    for generation in generations.suffix(batches) {
      let indices = rollouts.indices.filter {
        rollouts[$0].generation == generation && rollouts[$0].advantage != nil
      }
      guard let first = indices.first else { continue }
      gradients.append(
        Gradient(
          generation: generation,
          step: rollouts[first].step,
          rollouts: indices.count,
          agreement: try rescoring.gradientAgreement(
            indices.map { rollouts[$0] },
            advantages: indices.map { advantages[$0] },
            model: model,
            backend: backend
          )
        )
      )
    }
  }
}
