import Foundation
import Testing

@testable import PluginHost

/// Two layouts and the environment, in folders made for the purpose.
@Suite struct InstallLayoutTests {
  /// A folder with empty files at the given paths.
  final class Tree {
    let root: String

    init(_ files: [String]) throws {
      let url = FileManager.default.temporaryDirectory
        .appending(path: "stepwise-layout-\(UUID().uuidString)")
      for file in files {
        let path = url.appending(path: file)
        try FileManager.default.createDirectory(
          at: path.deletingLastPathComponent(),
          withIntermediateDirectories: true
        )
        try Data().write(to: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.path)
      }
      root = Files.canonical(url.path)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func layout(
      _ executable: String,
      _ environment: [String: String] = [:]
    ) -> InstallLayout {
      InstallLayout(executableDirectory: "\(root)/\(executable)") { environment[$0] }
    }
  }

  static let installed = [
    "bin/stepwise", "libexec/stepwise/stepwise-plugin-worker", "include/stepwise/plugin.h",
    "lib/pkgconfig/stepwise-plugin.pc", "share/stepwise/sdk/Package.swift",
    "share/stepwise/templates/reward-c/plugin.yaml",
    "share/stepwise/python/stepwise_plugin/_host.py",
  ]

  static let checkout = [
    "Sources/CStepwisePlugin/include/stepwise/plugin.h", "Plugins/sdk/Package.swift",
    "Plugins/sdk/stepwise-plugin.pc", "Plugins/python/stepwise_plugin/_host.py",
    "templates/reward-c/plugin.yaml",
    ".build/x86_64/release/stepwise", ".build/x86_64/release/stepwise-plugin-worker",
  ]

  static let installedPaths: [InstallLayout.Part: String] = [
    .sdk: "share/stepwise/sdk", .headers: "include", .templates: "share/stepwise/templates",
    .pkgConfig: "lib/pkgconfig", .python: "share/stepwise/python",
    .worker: "libexec/stepwise/stepwise-plugin-worker",
  ]

  static let checkoutPaths: [InstallLayout.Part: String] = [
    .sdk: "Plugins/sdk", .headers: "Sources/CStepwisePlugin/include", .templates: "templates",
    .pkgConfig: "Plugins/sdk", .python: "Plugins/python",
    .worker: ".build/x86_64/release/stepwise-plugin-worker",
  ]

  @Test(arguments: InstallLayout.Part.allCases)
  func everyPartIsFoundInBothLayouts(_ part: InstallLayout.Part) throws {
    let prefix = try Tree(Self.installed)
    let there = try #require(Self.installedPaths[part])
    // The worker, too, asks where things are.
    for program in ["bin", "libexec/stepwise"] {
      #expect(try prefix.layout(program).path(of: part) == "\(prefix.root)/\(there)")
    }
    let checkout = try Tree(Self.checkout)
    let here = try #require(Self.checkoutPaths[part])
    let path = try checkout.layout(".build/x86_64/release").path(of: part)
    #expect(path == "\(checkout.root)/\(here)")
  }

  @Test func theEnvironmentOverridesBoth() throws {
    let tree = try Tree(Self.installed + ["mine/Package.swift"])
    let layout = tree.layout(
      "bin",
      ["STEPWISE_SDK": "\(tree.root)/mine", "STEPWISE_TEMPLATES": ""]
    )
    #expect(try layout.path(of: .sdk) == "\(tree.root)/mine")
    // An empty variable is none.
    #expect(try layout.path(of: .templates) == "\(tree.root)/share/stepwise/templates")
  }

  @Test func aChosenPlaceIsNotReplacedByAnother() throws {
    let tree = try Tree(Self.installed)
    let error = #expect(throws: MissingPart.self) {
      try tree.layout("bin", ["STEPWISE_SDK": "/nowhere"]).path(of: .sdk)
    }
    #expect(
      error?.description
        == "the SDK for Swift plugins is not there: looked for Package.swift in /nowhere "
        + "(STEPWISE_SDK); correct STEPWISE_SDK, or unset it"
    )
  }

  @Test func theErrorNamesEveryPlace() throws {
    let tree = try Tree(["bin/stepwise"])
    let error = #expect(throws: MissingPart.self) {
      try tree.layout("bin").path(of: .worker)
    }
    #expect(
      error?.looked == [
        "\(tree.root)/bin/stepwise-plugin-worker",
        "\(tree.root)/libexec/stepwise/stepwise-plugin-worker",
      ]
    )
    #expect(error?.description.contains("make install") == true)
    #expect(error?.description.contains("STEPWISE_PLUGIN_WORKER") == true)
  }
}
