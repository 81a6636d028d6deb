// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Where the SDK is: `stepwise plugin build` says it in STEPWISE_SDK; without it, pkg-config knows.
let sdk = Context.environment["STEPWISE_SDK"] ?? pkgConfig("sdkdir")

let package = Package(
  name: "__NAME__",
  products: [.library(name: "__NAME__", type: .dynamic, targets: ["__NAME__"])],
  dependencies: [.package(name: "stepwise", path: sdk)],
  targets: [
    .target(
      name: "__NAME__",
      dependencies: [.product(name: "StepwisePlugin", package: "stepwise")],
      path: "Sources",
      // Exports the entry and nothing else, so that two plugins never see each other's copy of the SDK.
      linkerSettings: [
        .unsafeFlags(["-Xlinker", "--version-script=\(sdk)/entry-only.map"])
      ]
    ),
    .testTarget(name: "Tests", dependencies: ["__NAME__"], path: "Tests"),
  ]
)

func pkgConfig(_ variable: String) -> String {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = ["pkg-config", "--variable=\(variable)", "stepwise-plugin"]
  let pipe = Pipe()
  process.standardOutput = pipe
  try? process.run()
  let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  guard process.terminationStatus == 0, let path = text.split(separator: "\n").first else {
    fatalError(
      "no Stepwise SDK: use `stepwise plugin build`, or add PREFIX/lib/pkgconfig to PKG_CONFIG_PATH"
    )
  }
  return String(path)
}
