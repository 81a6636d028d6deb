import Glibc

/// Where the things are that come with Stepwise beside the executable: what plugins are made from and what runs them.
///
/// There are two layouts. Installed, they lie under the prefix that `make install` was given; in a checkout, where the repository
/// keeps them. An environment variable for each part overrides both.
public struct InstallLayout: Sendable {
  /// A thing that is looked for.
  public enum Part: Sendable, CaseIterable {
    /// The read-only Swift package that Swift plugins depend on.
    case sdk
    /// The folder of C headers: what stands behind `-I`.
    case headers
    /// The folders that `plugin new` copies.
    case templates
    /// The folder of `stepwise-plugin.pc`.
    case pkgConfig
    /// The Python side of Python plugins.
    case python
    /// The program that runs one isolated plugin.
    case worker
  }

  /// The folder of the executable, links resolved.
  public let executableDirectory: String
  private let environment: @Sendable (String) -> String?

  /// Describes the surroundings of an executable.
  ///
  /// - Parameters:
  ///   - executableDirectory: its folder, absolute.
  ///   - environment: looks up a variable.
  public init(
    executableDirectory: String,
    environment: @escaping @Sendable (String) -> String?
  ) {
    self.executableDirectory = executableDirectory
    self.environment = environment
  }

  /// That of the running program.
  public static let current: InstallLayout = {
    let path = Files.canonical("/proc/self/exe")
    return InstallLayout(executableDirectory: parent(of: path) ?? "/") { name in
      getenv(name).map { String(cString: $0) }
    }
  }()

  /// The absolute path of a part.
  ///
  /// - Throws: `MissingPart`, which names every place where it was looked for.
  public func path(of part: Part) throws(MissingPart) -> String {
    let place = part.place
    if let chosen = environment(place.variable), !chosen.isEmpty {
      // What the user has named is used or refused; another one in its place would be a surprise.
      let path = Files.absolute(chosen, from: Files.workingDirectory) ?? chosen
      guard place.isThere(path) else {
        throw MissingPart(part: part, looked: [path], isChosen: true)
      }
      return path
    }
    let candidates = candidates(for: place)
    guard let found = candidates.first(where: place.isThere) else {
      throw MissingPart(part: part, looked: candidates, isChosen: false)
    }
    return Files.canonical(found)
  }

  private func candidates(for place: Place) -> [String] {
    var paths = place.beside.map { ["\(executableDirectory)/\($0)"] } ?? []
    paths.append("\(prefix)/\(place.installed)")
    if let checkout, let path = place.inCheckout { paths.append("\(checkout)/\(path)") }
    return paths
  }

  /// The prefix, if this is an installation: programs lie in `bin`, the worker in `libexec/stepwise`.
  private var prefix: String {
    let levels = executableDirectory.hasSuffix("/libexec/stepwise") ? 2 : 1
    var path = executableDirectory
    for _ in 0..<levels { path = Self.parent(of: path) ?? "" }
    return path
  }

  /// The repository, if this is a build folder in one.
  private var checkout: String? {
    var folder: String? = executableDirectory
    while let path = folder {
      if Part.headers.place.isThere("\(path)/Sources/CStepwisePlugin/include") { return path }
      folder = Self.parent(of: path)
    }
    return nil
  }

  private static func parent(of path: String) -> String? {
    guard path != "/", let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

/// A part of Stepwise that is not where it belongs.
public struct MissingPart: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was looked for.
  public var part: InstallLayout.Part
  /// Where, in order.
  public var looked: [String]
  /// Whether the environment named the place.
  public var isChosen: Bool

  /// What, where, and what to do about it.
  public var description: String {
    let place = part.place
    let file = place.marker.isEmpty ? "" : "\(place.marker) in "
    let looked = "looked for \(file)\(looked.joined(separator: ", "))"
    let cure =
      isChosen
      ? "correct \(place.variable), or unset it"
      : "install it with `make install` in the checkout of Stepwise, or set \(place.variable)"
    return "\(place.name) is not there: \(looked)\(isChosen ? " (\(place.variable))" : ""); \(cure)"
  }
}

/// How a part is recognised and where it may be.
private struct Place {
  /// In words.
  var name: String
  /// The environment variable that overrides all.
  var variable: String
  /// Under the prefix.
  var installed: String
  /// Under the root of a checkout; `nil` where the build makes it.
  var inCheckout: String?
  /// Beside the executable; `nil` where it never is.
  var beside: String?
  /// A file without which it is something else; empty where it is enough that it is there.
  var marker: String

  func isThere(_ path: String) -> Bool {
    marker.isEmpty ? access(path, X_OK) == 0 : Files.exists("\(path)/\(marker)")
  }
}

extension InstallLayout.Part {
  fileprivate var place: Place {
    switch self {
    case .sdk:
      return Place(
        name: "the SDK for Swift plugins",
        variable: "STEPWISE_SDK",
        installed: "share/stepwise/sdk",
        inCheckout: "Plugins/sdk",
        marker: "Package.swift"
      )
    case .headers:
      return Place(
        name: "the folder of C headers",
        variable: "STEPWISE_INCLUDE",
        installed: "include",
        inCheckout: "Sources/CStepwisePlugin/include",
        marker: "stepwise/plugin.h"
      )
    case .templates:
      return Place(
        name: "the folder of plugin templates",
        variable: "STEPWISE_TEMPLATES",
        installed: "share/stepwise/templates",
        inCheckout: "templates",
        marker: "reward-c/plugin.yaml"
      )
    case .pkgConfig:
      return Place(
        name: "the pkg-config file",
        variable: "STEPWISE_PKG_CONFIG",
        installed: "lib/pkgconfig",
        inCheckout: "Plugins/sdk",
        marker: "stepwise-plugin.pc"
      )
    case .python:
      return Place(
        name: "the Python side of Python plugins",
        variable: "STEPWISE_PYTHON_PATH",
        installed: "share/stepwise/python",
        inCheckout: "Plugins/python",
        marker: "stepwise_plugin/_host.py"
      )
    case .worker:
      return Place(
        name: "the program that runs isolated plugins",
        variable: "STEPWISE_PLUGIN_WORKER",
        installed: "libexec/stepwise/stepwise-plugin-worker",
        beside: "stepwise-plugin-worker",
        marker: ""
      )
    }
  }
}
