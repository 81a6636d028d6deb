import Components
import PluginHost
import Tensors
import Training

/// A plugin with its parameters, for one of a run's slots.
struct ComponentConfiguration: Sendable, Equatable {
  /// The plugin's id, its short name, or the path of its folder.
  var plugin: String
  /// What the plugin is given, as its manifest describes it.
  var parameters = ParameterValue.object([])
  /// Where its code runs; `nil`: in this process where it is trusted.
  var isolation: Isolation?
  /// Seconds that one call may take; `nil`: the usual.
  var timeout: Double?

  /// The keys of a plugin's table.
  static let keys = ["plugin", "parameters", "isolation", "timeout"]
}

/// A reward plugin with its place in the sum.
struct RewardConfiguration: Sendable, Equatable {
  /// The plugin and its parameters.
  var component: ComponentConfiguration
  /// TRL's `reward_weights`.
  var weight = 1.0
  /// Metrics are logged under it; `nil` for the plugin's own name.
  var name: String?
  /// What becomes of the run where it fails.
  var onFailure = RewardFailurePolicy.stop
  /// Processes that score a batch together, where it is isolated and takes one call at a time.
  var workers = 1
  /// Another reward that must be satisfied for it to count; `nil` for none.
  var gate: RewardGate?
  /// The bounds that its scores are brought between; `nil` for none.
  var clip: ClosedRange<Double>?

  /// The keys of a reward's table.
  static let keys =
    ComponentConfiguration.keys + ["weight", "name", "on_failure", "workers", "gate", "clip"]
  /// The keys of a gate's table.
  static let gateKeys = ["reward", "at_least", "below", "otherwise"]

  /// A loaded reward in its place.
  func placed(_ function: any RewardFunction) -> WeightedReward {
    WeightedReward(function, weight: weight, onFailure: onFailure, gate: gate, clip: clip)
  }
}

/// What decides bits outside of the model and the data.
struct NumericsConfiguration: Sendable, Equatable {
  /// Worker threads; `nil` for one on each CPU. They do not change bits.
  var threads: Int?
  /// Who multiplies matrices.
  var matrixProvider = CPUOptions().matrixProvider
  /// The OpenBLAS kernels, by core type; `nil` for those of this CPU.
  var openblasCoretype: String?
  /// The instruction set of Stepwise's own kernels; `nil` for the best of this CPU.
  var kernelLevel: CPUOptions.KernelLevel?
  /// Whether matrices are multiplied in BF16.
  var bf16 = false
}

/// Everything that a configuration file says.
struct RunConfiguration: Sendable, Equatable {
  /// A directory in Hugging Face's form.
  var modelNameOrPath: String?
  /// The contents of a `config.json`, for a model with random weights.
  var modelConfig: ParameterValue?
  /// Whether an adapter is trained, and which.
  var adapter = AdapterConfiguration()
  /// `word_level`, `byte_level_bpe`, or a path to a `tokenizer.json` or its directory; `nil` for the model's own.
  var tokenizer: String?
  /// Tokens of a byte-level tokenizer that is made from the data.
  var tokenizerVocabSize = 2048
  /// A Jinja chat template in place of the tokenizer's.
  var chatTemplatePath: String?
  /// Where the run goes; `nil` for `runs/NAME`.
  var outputDir: String?
  /// What the trainer needs to know.
  var training = TrainingConfiguration()
  /// Decides each step.
  var strategy: ComponentConfiguration?
  /// Rows that are rolled out.
  var prompts: DatasetConfiguration?
  /// Rows that are imitated.
  var demonstrations: DatasetConfiguration?
  /// What scores completions.
  var rewards: [RewardConfiguration] = []
  /// Held-out rows.
  var evaluationPrompts: DatasetConfiguration?
  /// More held-out rows, for `stepwise eval`.
  var evaluationSets: [EvaluationSetConfiguration] = []
  /// By which columns evaluations are split; `nil` for difficulty.
  var evaluationCategories: [String]?
  /// The strategy of a second run from where reinforcement began, for comparison; `nil` for none.
  var control: ComponentConfiguration?
  /// What is done to the run while it goes.
  var interventions: [ScheduledIntervention] = []
  /// Threads and kernels.
  var numerics = NumericsConfiguration()

  /// The tokenizer whose tokens are the words of the data.
  static let wordLevelTokenizer = "word_level"
  /// The tokenizers that are made from the data.
  static let madeTokenizers = [wordLevelTokenizer, byteLevelTokenizer]
  /// The tokenizer that learns byte-level BPE from the data.
  static let byteLevelTokenizer = "byte_level_bpe"
}
