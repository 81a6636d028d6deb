import Components
import FoundationEssentials
import Tokenizers

/// Finds or makes the tokenizer of a run.
enum TokenizerComposer {
  /// Rows that a tokenizer is made of, for each dataset: streams have no end. A word that only later rows have is unknown to a
  /// word-level tokenizer.
  private static let rowLimit = 20_000
  private static let rowsAtOnce = 512

  /// The tokenizer with the chat template of `chat_template_path`, where that is set: checkpoints, adapters and exports then hold the
  /// template that the model was trained with.
  ///
  /// - Parameters:
  ///   - datasets: the rows that a tokenizer from data is made of.
  ///   - saved: the run's own copy, on resume.
  static func make(
    _ loaded: LoadedConfiguration,
    datasets: [(any Dataset)?],
    saved: URL?
  ) throws -> Tokenizer {
    if let saved, FileManager.default.fileExists(atPath: saved.path) {
      // With its template: the file may be another one by now.
      return try Tokenizer(contentsOf: saved)
    }
    return try open(loaded, datasets: datasets)
      .withChatTemplate(path: loaded.configuration.chatTemplatePath)
  }

  private static func open(
    _ loaded: LoadedConfiguration,
    datasets: [(any Dataset)?]
  ) throws -> Tokenizer {
    let configuration = loaded.configuration
    switch configuration.tokenizer {
    case RunConfiguration.wordLevelTokenizer?:
      return try Tokenizer.trainWordLevel(
        texts: try texts(of: datasets)
      )
    case RunConfiguration.byteLevelTokenizer?:
      return try Tokenizer.trainByteLevel(
        texts: try texts(of: datasets),
        vocabularySize: configuration.tokenizerVocabSize
      )
    case let path?: return try Tokenizer(contentsOf: path)
    case nil:
      guard let model = configuration.modelNameOrPath else {
        throw ConfigurationError(
          loaded.place(of: "tokenizer"),
          key: "tokenizer",
          problem: "a model with random weights brings no tokenizer",
          cure: "Set tokenizer to \(RunConfiguration.wordLevelTokenizer), to "
            + "\(RunConfiguration.byteLevelTokenizer) or to a tokenizer.json"
        )
      }
      return try Tokenizer(contentsOf: model)
    }
  }

  private static func texts(of datasets: [(any Dataset)?]) throws -> [String] {
    var texts: [String] = []
    for dataset in datasets.compactMap({ $0 }) {
      let count = min(dataset.count ?? rowLimit, rowLimit)
      for start in stride(from: 0, to: count, by: rowsAtOnce) {
        for row in try dataset.examples(in: start..<min(count, start + rowsAtOnce)) {
          texts.append(row.prompt.plain)
          if let completion = row.completion { texts.append(completion.plain) }
        }
      }
    }
    return texts
  }
}
