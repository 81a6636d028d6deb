import Foundation
import Testing

/// Plugins in C, compiled as somebody outside of the repository would.
enum CPlugin {
  /// Compiles `source` to the plugin `org.example.reward.NAME` in the folder NAME of a workshop.
  ///
  /// - Parameter parameters: lines of the manifest's `parameters`.
  static func build(
    _ source: String,
    in workshop: Workshop,
    name: String,
    parameters: String = ""
  ) throws {
    let folder = workshop.file(name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(source.utf8).write(to: folder.appending(path: "\(name).c"))
    try Data(
      """
      manifest: 1
      id: org.example.reward.\(name)
      kinds: [reward]
      version: 1.0.0
      abi: "1.0"
      summary: A test.
      variants:
        - { os: linux, arch: x86_64, file: lib\(name).so }
        - { os: linux, arch: aarch64, file: lib\(name).so }
      \(parameters.isEmpty ? "" : "parameters:\n  \(parameters)")

      """.utf8
    ).write(to: folder.appending(path: "plugin.yaml"))
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/usr/bin/cc")
    compiler.arguments = [
      "-std=c11", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-I",
      Stepwise.repository.appending(path: "Sources/CStepwisePlugin/include").path,
      folder.appending(path: "\(name).c").path, "-o", folder.appending(path: "lib\(name).so").path,
    ]
    try compiler.run()
    compiler.waitUntilExit()
    try #require(compiler.terminationStatus == 0)
  }
}
