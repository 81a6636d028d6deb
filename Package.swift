// swift-tools-version: 6.2
import PackageDescription

// Debian 12 packages: libopenblas-dev (loaded at run time), libsodium-dev, libarchive-dev, libffi-dev, zlib1g-dev.
// See docs/architecture.md for what each target is and may import; .ci/check-imports holds the package to it.

let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

let cSettings: [CSetting] = [.treatAllWarnings(as: .error)]

/// A plugin's library shows its entry point and nothing else.
let entryOnly: [LinkerSetting] = [
  .unsafeFlags([
    "-Xlinker",
    "--version-script=\(Context.packageDirectory)/Plugins/entry-only.map",
  ])
]

/// A Swift plugin against the SDK: target, product and library have the plugin's own name.
func plugin(_ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil) -> Target
{
  .target(
    name: name,
    dependencies: dependencies + ["StepwisePlugin"],
    path: path ?? "Plugins/\(name)/Sources",
    swiftSettings: swiftSettings,
    linkerSettings: entryOnly
  )
}

/// A C plugin against the header alone.
func cPlugin(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(
    name: name,
    dependencies: dependencies + ["CStepwisePlugin"],
    path: "Plugins/\(name)/Sources",
    publicHeadersPath: ".",
    cSettings: cSettings,
    linkerSettings: entryOnly
  )
}

func library(_ name: String) -> Product {
  .library(name: name, type: .dynamic, targets: [name])
}

func host(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name,
    dependencies: dependencies,
    exclude: exclude,
    swiftSettings: swiftSettings
  )
}

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser",
  package: "swift-argument-parser"
)

let package = Package(
  name: "stepwise",
  products: [
    .executable(name: "stepwise", targets: ["stepwise"]),
    .executable(name: "stepwise-plugin-worker", targets: ["stepwise-plugin-worker"]),
    .library(name: "StepwisePlugin", targets: ["StepwisePlugin"]),
    library("sasr"), library("sft"), library("grpo"), library("static"),
    library("sft-then-grpo"), library("alternate"), library("cosine"), library("chord"),
    library("dft"), library("srft"), library("gac"),
    library("hpt"), library("relift"), library("luffy"), library("hints"),
    library("knights-and-knaves-dataset"), library("jsonl"),
    library("gsm8k-dataset"), library("math-dataset"),
    library("knights-and-knaves-reward"), library("gsm8k-reward"),
    library("math-equivalence-reward"), library("text-rewards"),
    library("FixtureSuite"),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CSodium",
      pkgConfig: "libsodium",
      providers: [.apt(["libsodium-dev"])]
    ),
    .systemLibrary(
      name: "CArchive",
      pkgConfig: "libarchive",
      providers: [.apt(["libarchive-dev"])]
    ),
    .systemLibrary(name: "CFFI", pkgConfig: "libffi", providers: [.apt(["libffi-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CKernels", cSettings: cSettings, linkerSettings: [.linkedLibrary("m")]),
    .target(name: "CPlatform", cSettings: cSettings),
    .target(name: "CStepwisePlugin", cSettings: cSettings),
    host("StepwisePlugin", ["CStepwisePlugin"]),
    host("Tensors", ["CKernels"]),
    .target(
      name: "Tokenizers",
      exclude: ["Unicode/generate_unicode_tables.py"],
      swiftSettings: swiftSettings
    ),
    host("Components"),
    host("LanguageModels", ["Tensors", "Tokenizers"]),
    host("RunStore", ["CSodium"]),
    host("RunControl", ["RunStore", "CPlatform"]),
    host("Training", ["LanguageModels", "Tensors", "Tokenizers", "Components", "RunStore"]),
    host("PluginHost", ["CPlatform", "CStepwisePlugin", "Components", "CSodium", "CFFI", yams]),
    host("PluginPackages", ["PluginHost", "Components", "CArchive", "CSodium", yams]),
    host("PluginConformance", ["PluginHost", "Components", "CPlatform"]),
    .executableTarget(
      name: "stepwise",
      dependencies: [
        "Training", "LanguageModels", "Tensors", "Tokenizers", "Components", "RunStore",
        "RunControl", "PluginHost", "PluginPackages", "PluginConformance", yams, argumentParser,
      ],
      swiftSettings: swiftSettings
    ),

    .executableTarget(
      name: "stepwise-plugin-worker",
      dependencies: ["PluginHost"],
      swiftSettings: swiftSettings
    ),

    // Benchmarks: the pure parts are a library of their own, so that they can be tested.
    .target(name: "CMachine", path: "Tests/Benchmarks/CMachine", cSettings: cSettings),
    .target(
      name: "BenchmarkFigures",
      path: "Tests/Benchmarks/Figures",
      swiftSettings: swiftSettings
    ),
    .executableTarget(
      name: "stepwise-bench",
      dependencies: [
        "BenchmarkFigures", "CMachine", "Training", "LanguageModels", "Tensors", "Tokenizers",
        "Components", "RunStore", "PluginHost", "GSM8K", argumentParser,
      ],
      path: "Tests/Benchmarks/Program",
      swiftSettings: swiftSettings
    ),
    .testTarget(
      name: "BenchmarkFiguresTests",
      dependencies: ["BenchmarkFigures"],
      path: "Tests/Benchmarks/FiguresTests",
      swiftSettings: swiftSettings
    ),

    // Mutated files for the readers of files.
    .executableTarget(
      name: "stepwise-fuzz",
      dependencies: [
        "Tokenizers", "Tensors", "LanguageModels", "Components", "PluginHost", argumentParser,
      ],
      path: "Tests/Fuzzing",
      swiftSettings: swiftSettings
    ),

    // Plugins that ship.
    plugin("sasr"), plugin("sft"), plugin("grpo"), cPlugin("static"),
    plugin("sft-then-grpo"), plugin("alternate"), plugin("cosine"), plugin("chord"),
    plugin("dft"), plugin("srft"), plugin("gac"),
    plugin("hpt"), plugin("relift"), plugin("luffy"), plugin("hints"),
    .target(
      name: "KnightsAndKnaves",
      path: "Plugins/KnightsAndKnaves",
      swiftSettings: swiftSettings
    ),
    plugin("knights-and-knaves-dataset", ["KnightsAndKnaves", "RowFiles"]),
    plugin("knights-and-knaves-reward", ["KnightsAndKnaves"]),
    .target(
      name: "RowFiles",
      dependencies: ["StepwisePlugin", "CZlib"],
      path: "Plugins/RowFiles",
      swiftSettings: swiftSettings
    ),
    plugin("jsonl", ["RowFiles"]), plugin("gsm8k-dataset", ["RowFiles"]),
    plugin("math-dataset", ["RowFiles", "MathAnswers"]),
    .target(name: "GSM8K", path: "Plugins/gsm8k-reward/Core", cSettings: cSettings),
    cPlugin("gsm8k-reward", ["GSM8K"]),
    .target(name: "MathAnswers", path: "Plugins/MathAnswers", swiftSettings: swiftSettings),
    plugin("math-equivalence-reward", ["MathAnswers", "GSM8K"]),
    plugin("text-rewards"),

    // Tests.
    plugin("FixtureSuite", path: "Tests/Fixtures/plugins/swift/FixtureSuite/Sources"),
    .executableTarget(
      name: "isolation-host",
      dependencies: ["PluginHost", "Components"],
      path: "Tests/Fixtures/programs/isolation-host",
      swiftSettings: swiftSettings
    ),
    tests("TensorsTests", ["Tensors", "CKernels"]),
    tests("TokenizersTests", ["Tokenizers"], exclude: ["Fixtures"]),
    tests("LanguageModelsTests", ["LanguageModels", "Tensors"], exclude: ["Fixtures"]),
    tests("RunStoreTests", ["RunStore"]),
    tests("RunControlTests", ["RunControl", "RunStore", "CPlatform"]),
    tests(
      "TrainingTests",
      ["Training", "LanguageModels", "Tensors", "Tokenizers", "Components", "RunStore"],
      exclude: ["Fixtures"]
    ),
    tests(
      "KnightsAndKnavesTests",
      ["KnightsAndKnaves", "GSM8K", "CStepwisePlugin"],
      exclude: ["Fixtures"]
    ),
    tests("RewardTests", ["MathAnswers", "PluginHost", "Components"], exclude: ["Fixtures"]),
    tests(
      "StrategyGradientTests",
      [
        "PluginHost", "Training", "LanguageModels", "Tensors", "Tokenizers", "Components",
        "RunStore",
      ]
    ),
    tests(
      "ShippedPluginTests",
      [
        "PluginHost", "Training", "LanguageModels", "Tensors", "Tokenizers", "Components",
        "RunStore",
      ],
      exclude: ["Fixtures"]
    ),
    tests("PluginPackagesTests", ["PluginPackages", "PluginHost"], exclude: ["Fixtures"]),
    tests(
      "PluginHostTests",
      [
        "PluginHost", "Components", "CPlatform", "CStepwisePlugin", "stepwise-plugin-worker",
        "isolation-host",
      ]
    ),
    tests(
      "PluginConformanceTests",
      ["PluginConformance", "PluginHost", "Components", "stepwise"]
    ),
    tests("StepwisePluginTests", ["StepwisePlugin"]),
    tests("EndToEndTests", ["RunControl", "RunStore"], exclude: ["Fixtures"]),
    tests(
      "StepwiseTests",
      [
        "stepwise", "Components", "LanguageModels", "Training", "Tensors", "RunStore", "PluginHost",
        "Tokenizers",
      ]
    ),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu11
)
