import RowFiles
import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.dataset.math", version: "1.0.0", datasets: [MATHDataset.self]).exported
}

/// MATH as published (Hendrycks et al., arXiv 2103.03874), one JSON file for each problem with `problem`, `solution`, `level` ("Level 3")
/// and `type`; and MATH-500 (Lightman et al., arXiv 2305.20050), JSON Lines with `answer`, `subject` and `level` (3).
struct MATHDataset: Dataset, Stateful {
  private let path: String
  private let split: String
  private let form: MATHForm
  private let parameters: Parameters
  private var rows: FileRows

  init(parameters: Parameters) throws {
    self.parameters = parameters
    path = try parameters.string("path")
    split = try parameters.string("split", default: "train")
    form = try MATHForm(parameters)
    rows = try FileRows(parameters, format: .jsonLines)
  }

  mutating func start(_ host: Host) throws {
    let form = form
    let (files, isTree) = try files()
    if isTree {
      let expected = rows
      rows = try FileRows(parameters, format: .object)
      rows.expectState(of: expected)
    }
    try rows.open(files, host, isWanted: { form.isWanted($0) }) { try form.example($0, id: $1) }
  }

  var count: Int? { rows.count }

  func example(at index: Int) throws -> Example {
    try rows.example(at: index) { try form.example($0, id: $1) }
  }

  func saveState(to writer: inout StateWriter) throws { rows.saveState(to: &writer) }

  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    try rows.loadState(from: &reader)
  }

  /// The files of the split, and whether each holds one problem.
  private func files() throws -> (files: [String], isTree: Bool) {
    guard FileSearch.isFolder(path) else { return ([path], false) }
    let folder = "\(path)/\(split)"
    guard FileSearch.isFolder(folder) else {
      let names = split == "test" ? ["test", "math500_test"] : [split]
      return ([try FileSearch.file(path, names: names, of: "MATH")], false)
    }
    var files: [String] = []
    for subject in try FileSearch.entries(folder) where FileSearch.isFolder("\(folder)/\(subject)")
    {
      files += try FileSearch.entries("\(folder)/\(subject)").filter { $0.hasSuffix(".json") }
        .map { "\(folder)/\(subject)/\($0)" }
    }
    guard !files.isEmpty else {
      throw PluginFailure(
        .argument,
        "path: \(folder) has no SUBJECT/N.json; give the folder with MATH's train and test"
      )
    }
    return (files, true)
  }
}
