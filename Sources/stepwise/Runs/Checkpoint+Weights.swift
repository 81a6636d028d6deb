import Foundation
import LanguageModels
import RunStore

extension Checkpoint {
  /// What was trained: the files of the model's weights, or that of its adapter.
  var weights: [URL] {
    let adapter = url.appending(path: AdapterDirectory.tensorsName)
    return FileManager.default.fileExists(atPath: adapter.path)
      ? [adapter] : WeightsFile.all(in: url)
  }
}
