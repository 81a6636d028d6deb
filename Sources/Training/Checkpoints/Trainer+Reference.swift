import Foundation
import LanguageModels
import RunStore
import Tensors

extension Trainer {
  /// Stores the reference model, or its adapter, beside the checkpoints, once for each content, and gives its SHA-256.
  ///
  /// Checkpoints name it by digest: a reference changes rarely, and a copy in each checkpoint would double their size.
  func storeReference() throws -> String {
    guard let reference else { preconditionFailure("there is no reference to store") }
    let folder = run.url.appending(path: "references")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let staged = folder.appending(path: ".staged-\(getpid()).safetensors")
    try reference.saveTrained(to: staged)
    let digest = try SHA256.hexDigest(ofFileAt: staged)
    let url = referenceURL(digest)
    guard rename(staged.path, url.path) == 0 else {
      throw TrainingError.checkpoint(
        path: url.path,
        problem: "cannot be written: \(String(cString: strerror(errno)))",
        cure: "Free disk space or fix the directory's permissions, then resume"
      )
    }
    return digest
  }

  /// Loads the reference that the state names, from the run to which the checkpoint belongs.
  func loadReference(of checkpoint: URL) throws {
    guard let digest = state.referenceDigest else { return }
    try loadReference(named: digest, in: checkpoint.appending(path: "../..").standardized)
  }

  /// Loads a reference that is stored in a run.
  func loadReference(named digest: String, in folder: URL) throws {
    let url = folder.appending(path: "references/\(digest).safetensors")
    guard FileManager.default.fileExists(atPath: url.path),
      try SHA256.hexDigest(ofFileAt: url) == digest
    else {
      throw TrainingError.checkpoint(
        path: url.path,
        problem: "is missing or damaged, and the run needs this reference model",
        cure: "Restore the file from a backup of the run"
      )
    }
    reference = nil
    let loaded = DecoderModel(copying: model)
    try loaded.loadTrained(from: url)
    let matrices = referenceMatrices(for: loaded)
    reference =
      matrices == .float32 ? loaded : DecoderModel(copying: loaded, matrices: matrices)
  }

  /// How a reference with the values of `model` keeps its matrices. That of an adapter has the policy's own base.
  func referenceMatrices(for model: DecoderModel) -> MatrixStorage {
    if model.adapter != nil { return model.store.matrices }
    return switch configuration.grpo.refModelDtype {
    case .auto: model.store.isExactInBF16 ? .bfloat16 : .float32
    case .float32: .float32
    case .bfloat16: .bfloat16
    }
  }

  private func referenceURL(_ digest: String) -> URL {
    run.url.appending(path: "references/\(digest).safetensors")
  }
}
