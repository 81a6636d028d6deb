public import Components

/// What `plugin.yaml` says: everything that can be known of a plugin without loading it.
public struct PluginManifest: Sendable, Equatable {
  /// The manifest's file.
  public var file: String
  /// Reverse-DNS identifier.
  public var id: String
  /// Semantic version.
  public var version: SemanticVersion
  /// The lowest ABI whose host has all that the plugin needs.
  public var abi: ABIVersion
  /// What it does, in one line.
  public var summary: String
  /// SPDX expression, or empty.
  public var licence: String
  /// Who wrote it.
  public var authors: [String]
  /// Where to read more, or empty.
  public var homepage: String
  /// How far equal inputs give equal outputs.
  public var determinism: Determinism
  /// What its code is.
  public var runtime: Runtime
  /// The libraries, one for each sort of machine; none where the runtime needs none.
  public var variants: [Variant]
  /// What the library has.
  public var components: [Component]
  /// Files and folders that belong to the plugin, relative to the manifest: a package takes them along.
  public var files: [String]

  /// The folder that the manifest lies in.
  public var directory: String {
    file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
  }

  /// How far equal inputs give equal outputs.
  public enum Determinism: String, Sendable, CaseIterable {
    /// The same bits everywhere.
    case exact
    /// The same bits on one machine.
    case machine
    /// No promise: it reads a clock, a network or the like.
    case none
  }

  /// What a plugin's code is, and so what brings it to life.
  public enum Runtime: Sendable, Equatable {
    /// A shared library with the plugin entry.
    case native
    /// A Python file: classes and functions that an interpreter of their own runs.
    case python(PythonModule)
    /// A plain C function of a library that knows nothing of Stepwise; a reward.
    case cFunction(FunctionSignature)

    /// Its name in manifests.
    public var name: String {
      switch self {
      case .native: return "native"
      case .python: return "python"
      case .cFunction: return "c-function"
      }
    }

    /// Whether the manifest must name a library.
    var needsVariants: Bool {
      switch self {
      case .native: return true
      case .python: return false
      case .cFunction(let signature): return signature.library == nil
      }
    }
  }

  /// Where a Python plugin's code is.
  public struct PythonModule: Sendable, Equatable {
    /// The file, relative to the manifest.
    public var file: String
    /// The interpreter: a path relative to the manifest, an absolute path, or a name that is looked up; `nil`: the user's.
    public var interpreter: String?
    /// The function, class or object, where a component does not name its own; `nil`: the one that has the component's name.
    public var object: String?
  }

  /// A library for one sort of machine.
  public struct Variant: Sendable, Equatable {
    /// `linux`.
    public var os: String
    /// `x86_64` or `aarch64`.
    public var arch: String
    /// The library, relative to the manifest.
    public var file: String
    /// SHA-256 of the library, lower-case hexadecimal.
    public var sha256: String?
    /// The newest glibc that it needs.
    public var libc: String?
    /// The CPU level that it needs, for example `x86-64-v3`.
    public var cpu: String?
    /// The Swift version that it was built with.
    public var swift: String?
    /// `dynamic` or `static`: how it has the Swift runtime.
    public var linkage: String?

    package init(
      os: String,
      arch: String,
      file: String,
      sha256: String? = nil,
      libc: String? = nil,
      cpu: String? = nil,
      swift: String? = nil,
      linkage: String? = nil
    ) {
      self.os = os
      self.arch = arch
      self.file = file
      self.sha256 = sha256
      self.libc = libc
      self.cpu = cpu
      self.swift = swift
      self.linkage = linkage
    }
  }

  /// A reward, a dataset or a strategy of the library.
  public struct Component: Sendable, Equatable {
    /// What it is.
    public var kind: ComponentKind
    /// Its id: the plugin's, or one of its own.
    public var id: String
    /// What it does, in one line.
    public var summary: String
    /// The function, class or object of a Python file; `nil`: that of the plugin's `python` section.
    public var object: String?
    /// Its parameters.
    public var parameters: ParameterSchema
    /// What a reward measures.
    public var measures: Measures?
    /// What a strategy needs.
    public var needs: StrategyRequirements
    /// A worked example in free form, or null.
    public var example: ParameterValue
  }

  /// What a reward measures, as far as it can be said without loading it.
  public struct Measures: Sendable, Equatable {
    /// The name of its metrics.
    public var name: String?
    /// The lowest score.
    public var minimum: Double?
    /// The highest score.
    public var maximum: Double?
    /// A score from here upwards counts as solved.
    public var successThreshold: Double?
    /// Columns that every row must have.
    public var columns: [String]
  }

  /// The variant for this machine.
  public var hostVariant: Variant? {
    variants.first { $0.os == "linux" && $0.arch == Self.hostArchitecture }
  }

  #if arch(x86_64)
  package static let hostArchitecture = "x86_64"
  #elseif arch(arm64)
  package static let hostArchitecture = "aarch64"
  #endif
}

/// A version of the plugin ABI.
public struct ABIVersion: Sendable, Equatable, CustomStringConvertible {
  /// Must be equal.
  public var major: UInt32
  /// Must not be above the host's.
  public var minor: UInt32

  /// Reads `1.0`.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let major = UInt32(parts[0]), let minor = UInt32(parts[1]) else {
      return nil
    }
    self.major = major
    self.minor = minor
  }

  /// `1.0`.
  public var description: String { "\(major).\(minor)" }
}
