import PluginHost

extension PluginLock {
  /// The name of the file.
  public static let fileName = "stepwise.lock"

  /// What stands in the file: a lock for each configuration, by its file's name.
  private struct File: Codable {
    var lock = 1
    var configurations: [String: [Entry]] = [:]

    init() {}

    /// `nil` where there is no file.
    init?(contentsOf path: String) throws {
      guard let file = try JSONFile.read(File.self, from: path) else { return nil }
      guard file.lock == 1 else {
        throw PackageError(.file, path, "it has the form \(file.lock)", cure: "update Stepwise")
      }
      self = file
    }
  }

  /// Reads the lock of a configuration; `nil` where there is no file, or nothing in it for this one.
  ///
  /// - Parameters:
  ///   - path: the lock's file.
  ///   - configuration: the name of the configuration's file, without folders.
  /// - Throws: `PackageError` for a file that cannot be read.
  public init?(contentsOf path: String, configuration: String) throws {
    guard let plugins = try File(contentsOf: path)?.configurations[configuration] else {
      return nil
    }
    self.init(plugins)
  }

  /// Writes the lock of a configuration; those of others stay.
  public func write(to path: String, configuration: String) throws {
    var file = try File(contentsOf: path) ?? File()
    file.configurations[configuration] = plugins
    try JSONFile.write(file, to: path)
  }
}
