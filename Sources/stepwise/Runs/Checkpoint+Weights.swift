import Foundation
import RunStore

extension Checkpoint {
  /// What was trained: the model's weights, or those of its adapter.
  var weights: URL {
    let adapter = url.appending(path: "adapter_model.safetensors")
    return FileManager.default.fileExists(atPath: adapter.path)
      ? adapter : url.appending(path: "model.safetensors")
  }
}
