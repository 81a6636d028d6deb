public import Foundation
public import LanguageModels
public import RunStore
import Tokenizers

/// Checkpoints of a run that trains an adapter: A and B with their moments, and which base they belong to.
extension Trainer {
  /// A base that is no directory of its own is kept here, once for the run.
  public static let baseName = "base"
  /// Where the last state's adapter stands, for PEFT.
  static let adapterName = "adapter"

  /// Writes the model, or what is trained of it, into a checkpoint.
  func saveModel(to directory: URL) throws {
    guard let adapter = model.adapter else { return try model.save(to: directory) }
    // A run with a base of its own can be moved, and two equal runs have equal checkpoints.
    let own = run.url.appending(path: Self.baseName).standardizedFileURL.path
    try adapter.save(
      to: directory,
      basePath: adapter.base?.path == own ? "../../\(Self.baseName)" : nil
    )
  }

  /// Reads what `saveModel` wrote; an adapter's base must be the one that it was trained on.
  func loadModel(from directory: URL) throws {
    if let base = model.adapter?.base {
      try AdapterDirectory(directory).base?.requireSame(as: base, adapter: directory.path)
    }
    try model.loadTrained(from: directory)
  }

  /// Writes the adapter as it stands to where people look for it.
  func writeAdapter() throws {
    guard let adapter = model.adapter else { return }
    let directory = run.url.appending(path: Self.adapterName, directoryHint: .isDirectory)
    try adapter.save(to: directory)
    try rows.tokenizer.save(to: directory)
  }

  /// Finds out which bytes the base of a trained adapter has, so that checkpoints can say so.
  ///
  /// - Parameters:
  ///   - model: The policy, with its adapter.
  ///   - directory: The base's; `nil` for a base that no directory holds yet. It is then written into the run.
  public static func identifyBase(
    of model: DecoderModel,
    directory: URL?,
    run: RunDirectory
  ) throws {
    guard let adapter = model.adapter else { return }
    let own = run.url.appending(path: baseName, directoryHint: .isDirectory)
    if directory == nil,
      !FileManager.default.fileExists(atPath: own.appending(path: "config.json").path)
    {
      try model.saveBase(to: own)
    }
    adapter.base = try BaseIdentity(
      directory: directory ?? own,
      digest: SHA256.hexDigest(ofFileAt:)
    )
  }
}
