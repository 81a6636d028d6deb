import FoundationEssentials
import Glibc

/// `manifest.json`: which files a checkpoint consists of, with their sizes and SHA-256.
struct CheckpointManifest: Codable, Equatable {
  struct File: Codable, Equatable {
    var path: String
    var size: Int
    var sha256: String
  }

  static let fileName = "manifest.json"
  static let currentFormat = 1

  var format: Int
  var step: Int
  var files: [File]

  /// Describes everything in a directory.
  init(step: Int, directory: String) throws {
    format = Self.currentFormat
    self.step = step
    files = try Files.filesBelow(directory).filter { $0 != Self.fileName }.map { path in
      let digest = try SHA256.digest(ofFile: "\(directory)/\(path)")
      return File(path: path, size: digest.size, sha256: digest.hex)
    }
  }

  func write(into directory: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let path = "\(directory)/\(Self.fileName)"
    let descriptor = try Files.openFile(path, O_WRONLY | O_CREAT | O_EXCL)
    defer { close(descriptor) }
    try Files.writeAll(try encoder.encode(self), to: descriptor, path: path)
  }

  /// The first thing that is wrong with a checkpoint's files, in words; `nil` when it is whole.
  static func problem(in directory: String, step: Int) throws -> String? {
    let path = "\(directory)/\(fileName)"
    guard Files.size(path) != nil else { return "\(fileName) is missing" }
    let bytes = try Files.read(path)
    guard let manifest = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else {
      return "\(fileName) cannot be read"
    }
    guard manifest.format == currentFormat else {
      return "\(fileName) has format \(manifest.format), this Stepwise reads \(currentFormat)"
    }
    guard manifest.step == step else {
      return "\(fileName) is of step \(manifest.step)"
    }
    for file in manifest.files {
      if let problem = try problem(with: file, in: directory) { return problem }
    }
    let known = Set(manifest.files.map(\.path) + [fileName])
    if let stranger = Files.filesBelow(directory).first(where: { !known.contains($0) }) {
      return "\(stranger) does not belong to it"
    }
    return nil
  }

  private static func problem(with file: File, in directory: String) throws -> String? {
    let path = "\(directory)/\(file.path)"
    guard let size = Files.size(path) else { return "\(file.path) is missing" }
    guard size == file.size else {
      return "\(file.path) has \(size) bytes instead of \(file.size)"
    }
    let digest: String
    do {
      digest = try SHA256.digest(ofFile: path).hex
    } catch RunStoreError.system(let operation, _, let code) where code == EIO {
      return "\(file.path): cannot \(operation) (the disk reports an error)"
    }
    return digest == file.sha256 ? nil : "\(file.path) has another SHA-256 than when written"
  }
}
