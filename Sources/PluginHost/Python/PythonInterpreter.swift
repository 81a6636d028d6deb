import Glibc

/// The interpreter that a Python plugin runs in: the manifest's, or that of the active virtual environment, or python3.
struct PythonInterpreter: Equatable {
  /// The program. A link stays one: an interpreter finds its virtual environment by the name that it is called by.
  var path: String
  /// Where that comes from, in words.
  var origin: String

  /// Why there is none.
  struct Missing: Error {
    var message: String
    var cure: String
  }

  /// Finds it.
  ///
  /// - Parameters:
  ///   - named: what the manifest says: a path relative to it, an absolute one, or a name that is looked up in PATH.
  ///   - directory: that of the manifest.
  ///   - environment: looks up a variable.
  static func find(
    named: String?,
    directory: String,
    environment: (String) -> String?
  ) throws(Missing) -> PythonInterpreter {
    if let named {
      let origin = "the manifest's python.interpreter"
      if named.utf8.contains(UInt8(ascii: "/")) {
        let path = Files.absolute(named, from: directory) ?? named
        guard isExecutable(path) else {
          throw Missing(
            message: "its interpreter \(path), \(origin), is not there or not executable",
            cure: "make that virtual environment (python3 -m venv), or correct the manifest"
          )
        }
        return PythonInterpreter(path: path, origin: origin)
      }
      return try lookUp(named, origin: origin, environment)
    }
    if let folder = environment("VIRTUAL_ENV"), !folder.isEmpty {
      let path = folder + "/bin/python"
      guard isExecutable(path) else {
        throw Missing(
          message: "the active virtual environment, VIRTUAL_ENV, has no interpreter \(path)",
          cure: "activate one that is there, or run `deactivate`"
        )
      }
      return PythonInterpreter(path: path, origin: "VIRTUAL_ENV")
    }
    return try lookUp("python3", origin: "PATH", environment)
  }

  private static func lookUp(
    _ name: String,
    origin: String,
    _ environment: (String) -> String?
  ) throws(Missing) -> PythonInterpreter {
    let folders = (environment("PATH") ?? "").utf8.split(separator: UInt8(ascii: ":"))
      .map { String(Substring($0)) }
    // An empty or relative part would mean another program in another folder.
    for folder in folders where folder.utf8.first == UInt8(ascii: "/") {
      let path = "\(folder)/\(name)"
      if isExecutable(path) { return PythonInterpreter(path: path, origin: origin) }
    }
    throw Missing(
      message: "there is no interpreter \(name) in PATH",
      cure: "install Python 3.9 or newer, activate a virtual environment, or name one with "
        + "'python: {interpreter: ...}' in the manifest"
    )
  }

  private static func isExecutable(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }
}
