public import PluginHost

/// The machine as far as a package must fit it.
public struct HostMachine: Sendable, Equatable {
  /// As manifests name it.
  public var architecture: String
  /// The C library's version.
  public var glibc: LibraryVersion?
  /// Major and minor version of the Swift runtime that this program runs on.
  public var swift: LibraryVersion
  /// The x86-64 level of the processor, 1 to 4.
  public var cpuLevel: Int

  /// Creates a machine.
  public init(
    architecture: String,
    glibc: LibraryVersion?,
    swift: LibraryVersion,
    cpuLevel: Int
  ) {
    self.architecture = architecture
    self.glibc = glibc
    self.swift = swift
    self.cpuLevel = cpuLevel
  }

  /// This one.
  public static let current = HostMachine(
    architecture: PluginManifest.hostArchitecture,
    glibc: ELFImage.hostGlibc,
    swift: LibraryVersion(swiftVersion)!,
    cpuLevel: CPULevel.current
  )

  /// The compiler's version is the runtime's: the program is linked against the runtime that it was built with.
  private static var swiftVersion: String {
    #if compiler(>=7.0)
    "7.0"
    #elseif compiler(>=6.5)
    "6.5"
    #elseif compiler(>=6.4)
    "6.4"
    #elseif compiler(>=6.3)
    "6.3"
    #else
    "6.2"
    #endif
  }
}

extension HostMachine {
  /// The variant that runs here, or `nil` for a plugin that needs none.
  ///
  /// - Throws: `PackageError` of the sort `unfit`, with the cure.
  @discardableResult
  public func check(
    _ manifest: PluginManifest,
    subject: String
  ) throws -> PluginManifest.Variant? {
    try check(manifest.variants, subject: subject)
  }

  @discardableResult
  func check(
    _ variants: [PluginManifest.Variant],
    subject: String
  ) throws -> PluginManifest.Variant? {
    if variants.isEmpty { return nil }
    guard let variant = variants.first(where: { $0.os == "linux" && $0.arch == architecture })
    else {
      let there = variants.map { "\($0.os) \($0.arch)" }.joined(separator: ", ")
      throw PackageError(
        .unfit,
        subject,
        "it has no variant for linux \(architecture), only for \(there)",
        cure: "build it here and add it: stepwise plugin pack PACKAGE --add-variant LIBRARY"
      )
    }
    if let problem = problem(of: variant) {
      throw PackageError(.unfit, subject, problem.message, cure: problem.cure)
    }
    return variant
  }

  /// Why a variant of the right architecture does not run here.
  private func problem(of variant: PluginManifest.Variant) -> (message: String, cure: String)? {
    if let text = variant.libc {
      guard let needed = LibraryVersion(text) else {
        return ("its 'libc' is \(text.debugDescription)", "write a version such as 2.36")
      }
      if let glibc, glibc < needed {
        return (
          "it needs glibc \(needed), this machine has \(glibc)",
          "have it built on a system with glibc \(glibc) or older"
        )
      }
    }
    if let text = variant.swift {
      guard let needed = LibraryVersion(text) else {
        return ("its 'swift' is \(text.debugDescription)", "write a version such as 6.3")
      }
      if needed.parts.prefix(2) != swift.parts.prefix(2) {
        return (
          "it was built with Swift \(needed), this Stepwise runs on Swift \(swift)",
          "have it built with Swift \(swift)"
        )
      }
    }
    if let text = variant.cpu {
      guard let level = CPULevel.number(text) else {
        return ("its 'cpu' is \(text.debugDescription)", "write x86-64-v1 to x86-64-v4")
      }
      if level > cpuLevel {
        return (
          "it needs a processor of the level \(text), this one is x86-64-v\(cpuLevel)",
          "have it built for x86-64-v\(cpuLevel)"
        )
      }
    }
    return nil
  }
}
