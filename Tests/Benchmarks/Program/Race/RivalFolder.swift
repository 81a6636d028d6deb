import Foundation

/// A folder outside of the repository with what the rivals need: `venv/` (PyTorch, transformers, TRL), `models/` that
/// `make_models.py` wrote, and where they were built `llama/` with llama.cpp's benchmarks and GGUF files.
struct RivalFolder {
  var path: String

  /// The interpreter, where there is one.
  var python: String? { existing("venv/bin/python") }

  /// Whether llama.cpp's two benchmark programs and a model's GGUF file are there.
  func hasLlama(_ model: String, _ precision: String) -> Bool {
    existing("llama/bin/llama-bench") != nil && existing("llama/bin/llama-batched-bench") != nil
      && existing("llama/\(model)-\(precision).gguf") != nil
  }

  /// The library that lets Intel's MKL take its fast path on every processor; made where it is missing, `nil` where no C
  /// compiler makes it.
  func unlockLibrary() -> String? {
    let library = path + "/libunlock-mkl.so"
    if FileManager.default.fileExists(atPath: library) { return library }
    let source = Self.scripts + "/unlock_mkl.c"
    let made = try? ChildProcess(
      program: "cc",
      arguments: ["-shared", "-fPIC", "-O1", "-o", library, source]
    ).run()
    return made?.status == 0 ? library : nil
  }

  /// The scripts beside this file's folder.
  static var scripts: String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "rivals").path
  }

  private func existing(_ file: String) -> String? {
    let whole = path + "/" + file
    return FileManager.default.fileExists(atPath: whole) ? whole : nil
  }
}
