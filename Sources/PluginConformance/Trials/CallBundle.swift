public import Components
import Glibc
import PluginHost

/// A call that failed, as a folder: `batch.jsonl`, `request.json` and `error.txt`. A run leaves one, and `fuzz` does.
public struct CallBundle: Sendable, Equatable {
  /// The component's id.
  public var plugin: String
  /// Its version then.
  public var version: String
  /// The digest of its library then.
  public var digest: String
  /// Its manifest then.
  public var manifestFile: String
  /// Its complete parameters.
  public var parameters: ParameterValue
  /// Seconds that the call was given.
  public var deadline: Double
  /// The error then.
  public var error: String

  /// Creates a bundle.
  public init(
    plugin: String,
    version: String,
    digest: String,
    manifestFile: String,
    parameters: ParameterValue,
    deadline: Double,
    error: String
  ) {
    self.plugin = plugin
    self.version = version
    self.digest = digest
    self.manifestFile = manifestFile
    self.parameters = parameters
    self.deadline = deadline
    self.error = error
  }

  /// Why a folder is no bundle.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  private static let requestFile = "request.json"
  private static let errorFile = "error.txt"
  /// The batch, in a bundle.
  public static let batchFile = "batch.jsonl"

  /// Reads a folder.
  public init(contentsOf folder: String) throws {
    let file = "\(folder)/\(Self.requestFile)"
    let value: ParameterValue
    do {
      value = try ParameterValue(json: try TextFile.bytes(file))
    } catch let error as JSONTree.Failure {
      throw Failure(description: "\(file): \(error); give a folder that a run or fuzz has left")
    }
    func text(_ key: String) throws -> String {
      guard let text = value.text(key) else {
        throw Failure(description: "\(file): '\(key)' is missing or no text")
      }
      return text
    }
    self.init(
      plugin: try text("plugin"),
      version: try text("version"),
      digest: try text("digest"),
      manifestFile: try text("manifest"),
      parameters: value["parameters"] ?? .null,
      deadline: value.number("deadline") ?? 30,
      error: ((try? TextFile.bytes("\(folder)/\(Self.errorFile)")).map {
        String(decoding: $0, as: UTF8.self)
      } ?? "").trimmed
    )
  }

  /// Writes a folder that is complete or absent.
  public func write(_ batches: [RewardBatch], to folder: String) throws {
    let partial = "\(folder).\(getpid()).partial"
    guard mkdir(partial, 0o700) == 0 else { throw TextFile.failure("create", partial) }
    do {
      try BatchFile.write(batches, to: "\(partial)/\(Self.batchFile)")
      try TextFile.write(json.json + "\n", to: "\(partial)/\(Self.requestFile)")
      try TextFile.write(error + "\n", to: "\(partial)/\(Self.errorFile)")
      guard rename(partial, folder) == 0 else { throw TextFile.failure("create", folder) }
    } catch {
      for name in [Self.batchFile, Self.requestFile, Self.errorFile] {
        unlink("\(partial)/\(name)")
      }
      rmdir(partial)
      throw error
    }
  }

  private var json: ParameterValue {
    .object([
      ParameterEntry("plugin", .string(plugin)), ParameterEntry("version", .string(version)),
      ParameterEntry("digest", .string(digest)), ParameterEntry("manifest", .string(manifestFile)),
      ParameterEntry("parameters", parameters), ParameterEntry("hook", .string("score")),
      ParameterEntry("deadline", .double(deadline)),
    ])
  }
}

/// Small files, read and written whole.
enum TextFile {
  static func failure(_ what: String, _ path: String) -> CallBundle.Failure {
    CallBundle.Failure(description: "cannot \(what) \(path): \(String(cString: strerror(errno)))")
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "re") else { throw failure("open", path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      bytes += chunk[..<count]
      if count < chunk.count {
        guard ferror(file) == 0 else { throw failure("read", path) }
        return bytes
      }
    }
  }

  static func write(_ text: String, to path: String) throws {
    guard let file = fopen(path, "we") else { throw failure("create", path) }
    let bytes = Array(text.utf8)
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else { throw failure("write", path) }
  }
}
