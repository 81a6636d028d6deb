// swift-tools-version: 6.2
import PackageDescription

// What a Swift plugin depends on: the SDK and the C headers, without the host. `make install` puts a read-only copy of this
// folder into PREFIX/share/stepwise/sdk; in the checkout the sources are links.

let package = Package(
  name: "stepwise",
  products: [.library(name: "StepwisePlugin", targets: ["StepwisePlugin"])],
  targets: [
    .target(name: "CStepwisePlugin"),
    .target(
      name: "StepwisePlugin",
      dependencies: ["CStepwisePlugin"],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
      ]
    ),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu11
)
