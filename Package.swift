// swift-tools-version: 6.2
import PackageDescription

// Debian 12 packages: libopenblas-dev (loaded at run time), libsodium-dev, zlib1g-dev. See docs/architecture.md for what
// each target is and may import; .ci/check-imports holds the package to it.

let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

let cSettings: [CSetting] = [.treatAllWarnings(as: .error)]

/// A plugin's library shows its entry point and nothing else.
let entryOnly: [LinkerSetting] = [
  .unsafeFlags(["-Xlinker", "--version-script=Plugins/entry-only.map"])
]

func host(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swiftSettings)
}

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "stepwise",
  products: [
    .executable(name: "stepwise", targets: ["stepwise"]),
    .library(name: "StepwisePlugin", targets: ["StepwisePlugin"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CKernels", cSettings: cSettings),
    .target(name: "CStepwisePlugin", cSettings: cSettings),
    host("StepwisePlugin", ["CStepwisePlugin"]),
    host("Tensors", ["CKernels"]),
    host("Tokenizers"),
    host("Components"),
    host("LanguageModels", ["Tensors", "Tokenizers"]),
    host("RunStore", ["CSodium"]),
    host("Training", ["LanguageModels", "Tensors", "Tokenizers", "Components", "RunStore"]),
    host("PluginHost", ["CStepwisePlugin", "Components", "CSodium", yams]),
    .executableTarget(
      name: "stepwise",
      dependencies: [
        "Training", "LanguageModels", "Tensors", "Tokenizers", "Components", "RunStore",
        "PluginHost", yams, argumentParser,
      ],
      swiftSettings: swiftSettings),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu11
)
