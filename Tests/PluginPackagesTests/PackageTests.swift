import Foundation
import PluginHost
import Testing

@testable import PluginPackages

@Suite struct PackageTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test func packsAFolder() throws {
    let folder = try scratch.python(extra: "files: [data]")
    _ = try scratch.write("plugin-org.example.reward.tiny-1.0.0/data/table.json", Array("{}".utf8))
    _ = try scratch.write("plugin-org.example.reward.tiny-1.0.0/data/.hidden", [1])
    _ = try scratch.write("plugin-org.example.reward.tiny-1.0.0/scrap.txt", [1])
    _ = try scratch.write("plugin-org.example.reward.tiny-1.0.0/example.jsonl", Array("{}\n".utf8))
    let result = try PackageBuilder(folder: folder).build()
    #expect(result.fileName == "org.example.reward.tiny-1.0.0.swplugin")
    #expect(
      result.files == [
        "LICENSE", "SHA256SUMS", "data/table.json", "example.jsonl", "plugin.yaml", "reward.py",
      ]
    )
    let contents = try PackageContents(unpacking: result.bytes, subject: "x")
    #expect(contents.files["data/table.json"] == Array("{}".utf8))
  }

  @Test func aPythonPluginBringsAllItsModules() throws {
    let folder = try scratch.python()
    _ = try scratch.write("plugin-org.example.reward.tiny-1.0.0/helpers/words.py", [0x0A])
    let result = try PackageBuilder(folder: folder).build()
    #expect(
      result.files == ["LICENSE", "SHA256SUMS", "helpers/words.py", "plugin.yaml", "reward.py"]
    )
    let package = PackageFile(path: "x", bytes: result.bytes)
    let receipt = try scratch.installer.install(package, signer: .nobody).receipt
    let installed = try PluginManifest(
      contentsOf: scratch.receipts.folder(of: receipt) + "/plugin.yaml"
    )
    let packed = try PluginManifest(contentsOf: folder + "/plugin.yaml")
    let digest = try #require(TrustStore.pythonDigest(packed))
    #expect(TrustStore.pythonDigest(installed) == digest)
    // Its private copy goes with it.
    let image = try scratch.write("home/cache/stepwise/images/\(digest).tar", [1])
    try scratch.installer.uninstall("tiny")
    #expect(!FileManager.default.fileExists(atPath: image))
  }

  @Test func theSameFolderGivesTheSameBytes() throws {
    let folder = try scratch.python()
    let first = try PackageBuilder(folder: folder).build().bytes
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 5), .posixPermissions: 0o600],
      ofItemAtPath: folder + "/reward.py"
    )
    #expect(try PackageBuilder(folder: folder).build().bytes == first)
    // Unpacked somewhere else, and packed from there.
    let contents = try PackageContents(unpacking: first, subject: "x")
    for (name, bytes) in contents.files { _ = try scratch.write("again/\(name)", bytes) }
    #expect(try PackageBuilder(folder: scratch.path + "/again").build().bytes == first)
  }

  @Test(.enabled(if: isInstalled("sha256sum"))) func theListIsThatOfSha256sum() throws {
    let result = try PackageBuilder(folder: try scratch.python()).build()
    let contents = try PackageContents(unpacking: result.bytes, subject: "x")
    for (name, bytes) in contents.files { _ = try scratch.write("out/\(name)", bytes) }
    let check = try run(
      "sha256sum",
      ["-c", "--strict", "SHA256SUMS"],
      directory: scratch.path + "/out"
    )
    #expect(check.status == 0, "\(check.output)")
  }

  @Test func variantsAreWrittenIntoTheManifest() throws {
    let folder = try scratch.native(Library.host)
    var builder = try PackageBuilder(folder: folder)
    #expect(builder.notices.count == 1)
    #expect(builder.notices[0].contains(Library.foreignArchitecture))
    let other = try scratch.write("other/libnative.so", Library.foreign)
    try builder.addVariant(other, PackageBuilder.VariantOptions(cpu: nil))
    let result = try builder.build()
    #expect(result.manifest.variants.map(\.arch) == ["aarch64", "x86_64"])
    for variant in result.manifest.variants {
      #expect(variant.file == "lib/linux-\(variant.arch)/libnative.so")
      #expect(variant.sha256?.utf8.count == 64)
      #expect(variant.linkage == nil)
    }
    let contents = try PackageContents(unpacking: result.bytes, subject: "x")
    let text = String(decoding: contents.files["plugin.yaml"]!, as: UTF8.self)
    #expect(text.hasPrefix("# A comment that must stay.\n"))
    #expect(text.contains("\n\n# What it takes.\nparameters:\n"))
    #expect(text.contains("# of something"))
    #expect(contents.files["lib/linux-\(Library.hostArchitecture)/libnative.so"] == Library.host)
  }

  @Test func aVariantJoinsAPackage() throws {
    let first = try PackageBuilder(folder: try scratch.native(Library.host)).build()
    let contents = try PackageContents(unpacking: first.bytes, subject: "x")
    var builder = try PackageBuilder(contents)
    let other = try scratch.write("o/lib2.so", Library.foreign)
    let options = PackageBuilder.VariantOptions(architecture: Library.foreignArchitecture)
    try builder.addVariant(other, options)
    let second = try builder.build()
    #expect(Set(second.manifest.variants.map(\.arch)) == ["aarch64", "x86_64"])
    #expect(problem { try builder.addVariant(other, options) } == .conflict)
    #expect(
      problem {
        var copy = try PackageBuilder(contents)
        try copy.addVariant(other, .init(architecture: Library.hostArchitecture))
      } == .unfit
    )
    #expect(
      problem {
        var copy = try PackageBuilder(contents)
        try copy.addVariant(other, .init(os: "darwin"))
      } == .unfit
    )
  }

  @Test func whatCannotBePacked() throws {
    let folder = try scratch.native(Library.host)
    try FileManager.default.removeItem(atPath: folder + "/libnative.so")
    let nothing = try #require(failure { _ = try PackageBuilder(folder: folder).build() })
    #expect(nothing.message.contains("no library to pack"))
    _ = try scratch.write("native/libnative.so", Array("text".utf8))
    #expect(problem { _ = try PackageBuilder(folder: folder) } == .malformed)
    _ = try scratch.native(Library.host, extra: "files: [gone.txt]")
    #expect(problem { _ = try PackageBuilder(folder: folder) } == .file)
    _ = try scratch.native(Library.host, extra: "files: [link]")
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/link",
      withDestinationPath: "/etc/passwd"
    )
    #expect(problem { _ = try PackageBuilder(folder: folder) } == .malformed)
    _ = try scratch.native(Library.host, extra: "files: [\"a b\"]")
    _ = try scratch.write("native/a b", [1])
    #expect(problem { _ = try PackageBuilder(folder: folder) } == .malformed)
  }

  @Test func theSwiftVersionIsFoundInTheLibrary() throws {
    let mark = Array("\0Swift version 6.3.1 (swift-6.3.1-RELEASE)\0".utf8)
    let traits = try LibraryTraits(Library.host + mark, subject: "x")
    #expect(traits.swift == "6.3.1")
    #expect(traits.linkage == "static")
    #expect(try LibraryTraits(Library.host, subject: "x").swift == nil)
    #expect(
      try LibraryTraits(Library.host + Array("Swift version ".utf8), subject: "x").swift == nil
    )
  }

  @Test(arguments: [
    (#"libc: "99.0""#, "needs glibc 99.0"), (#"swift: "5.9""#, "built with Swift 5.9"),
    (#"cpu: x86-64-v4"#, "needs a processor"), (#"cpu: pentium"#, "'cpu' is"),
    (#"libc: "new""#, "'libc' is"), (#"swift: "new""#, "'swift' is"),
  ])
  func machinesThatDoNotFit(_ line: String, _ words: String) throws {
    let text = """
      manifest: 1
      id: org.example.reward.native
      kinds: [reward]
      version: 1.0.0
      abi: "1.0"
      summary: x
      variants:
        - { os: linux, arch: x86_64, file: a.so, \(line) }
      """
    let manifest = try PluginManifest(parsing: Array(text.utf8), file: "x/plugin.yaml")
    let host = HostMachine(
      architecture: "x86_64",
      glibc: LibraryVersion("2.36"),
      swift: LibraryVersion("6.3")!,
      cpuLevel: 3
    )
    let error = try #require(failure { try host.check(manifest, subject: "x") })
    #expect(error.problem == .unfit)
    #expect(error.message.contains(words), "\(error)")
    #expect(error.cure?.isEmpty == false)
    var other = host
    other.architecture = "aarch64"
    let wrong = try #require(failure { try other.check(manifest, subject: "x") })
    #expect(wrong.message.contains("no variant for linux aarch64, only for linux x86_64"))
  }

  @Test func machinesThatFit() throws {
    let text = """
      manifest: 1
      id: org.example.reward.native
      kinds: [reward]
      version: 1.0.0
      abi: "1.0"
      summary: x
      variants:
        - { os: linux, arch: x86_64, file: a.so, libc: "2.36", swift: "6.3.1", cpu: x86-64-v3 }
      """
    let manifest = try PluginManifest(parsing: Array(text.utf8), file: "x/plugin.yaml")
    let host = HostMachine(
      architecture: "x86_64",
      glibc: LibraryVersion("2.36"),
      swift: LibraryVersion("6.3")!,
      cpuLevel: 3
    )
    #expect(try host.check(manifest, subject: "x")?.file == "a.so")
    #expect(HostMachine.current.swift >= LibraryVersion("6.2")!)
    #expect((1...4).contains(HostMachine.current.cpuLevel))
  }
}
