import Components
import Testing

@testable import stepwise

/// `evaluation.sets`, and what is refused in it.
@Suite struct EvaluationSetTests {
  private static let base = """
    rewards: [knights-and-knaves]
    evaluation:
      prompts: {plugin: knights-and-knaves, parameters: {people: 3, size: 20}}

    """

  private func load(_ sets: String) throws(ConfigurationError) -> LoadedConfiguration {
    try RunConfiguration.load(
      yaml: Self.base + "  sets: \(sets)\n",
      file: "c.yaml",
      purpose: .evaluation
    )
  }

  @Test func perturbationsInheritTheCleanDataset() throws {
    let loaded = try load(
      "[{name: leaf, clean: prompts, parameters: {perturbation: leaf, size: 9}}, {name: both, clean: leaf, parameters: {names: 5}},"
        + " {name: own, plugin: jsonl, parameters: {path: x.jsonl}, clean: prompts, pair_by: puzzle}, {name: alone, plugin: jsonl}]"
    )
    let sets = loaded.configuration.evaluationSets
    func parameters(_ index: Int) -> String {
      sets[index].component(in: loaded.configuration).parameters.json
    }
    #expect(parameters(0) == #"{"people":3,"size":9,"perturbation":"leaf"}"#)
    #expect(parameters(1) == #"{"people":3,"size":9,"perturbation":"leaf","names":5}"#)
    #expect(sets[2].component(in: loaded.configuration).plugin == "jsonl")
    #expect(sets[2].pairBy == "puzzle" && sets[3].clean == nil)
    // What is written out reads back to the same.
    let again = try RunConfiguration.load(
      yaml: loaded.configuration.yaml,
      file: "again.yaml",
      purpose: .evaluation
    )
    #expect(again.configuration == loaded.configuration)
  }

  @Test(arguments: [
    ("5", "not a list of sets"), ("[leaf]", "not a set of rows"),
    ("[{clean: prompts}]", "the name is missing"),
    ("[{name: prompts, plugin: jsonl}]", "the name of another set"),
    ("[{name: a, plugin: jsonl}, {name: a, plugin: jsonl}]", "the name of another set"),
    ("[{name: a, clean: promts}]", "there is no set promts before this one. Name one of: prompts"),
    ("[{name: a, clean: b}, {name: b, plugin: jsonl}]", "there is no set b before this one"),
    ("[{name: a}]", "the plugin is missing"),
    ("[{name: a, plugin: jsonl, pair_by: x}]", "has no partner"),
    ("[{name: a, clean: prompts, timeout: 3}]", "has no effect"),
    ("[{name: a, clean: prompts, paramters: {}}]", "paramters"),
    ("[{name: 7, clean: prompts}]", "not text"),
    ("[{name: a, plugin: jsonl, wieght: 2}]", "unknown key"),
  ])
  func mistakes(sets: String, message: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try load(sets) }
    let text = "\(try #require(error))"
    #expect(text.contains(message) && text.contains("evaluation.sets"), "\(text)")
  }

  @Test func perturbationsOfTheCommandLine() throws {
    let set = try EvaluationSetConfiguration(
      perturbation: "perturbation=leaf,names=5,role_words=angel/devil"
    )
    #expect(
      set.name == "perturbation=leaf,names=5,role_words=angel/devil" && set.clean == "prompts"
    )
    #expect(set.changes.json == #"{"perturbation":"leaf","names":5,"role_words":"angel/devil"}"#)
    for text in ["leaf", "", "=leaf", "a=1,", "a=[1"] {
      #expect(throws: ConfigurationError.self, "\(text)") {
        try EvaluationSetConfiguration(perturbation: text)
      }
    }
  }

  @Test func categoriesAreTexts() throws {
    func categories(_ value: String) throws -> [String]? {
      try RunConfiguration.load(
        yaml: Self.base + "  categories: \(value)\n",
        file: "c.yaml",
        purpose: .evaluation
      ).configuration.evaluationCategories
    }
    #expect(try categories("level") == ["level"])
    #expect(try categories("[level, subject]") == ["level", "subject"])
    #expect(try categories("null") == nil && categories("[]") == [])
    #expect(throws: ConfigurationError.self) { try categories("3") }
    #expect(throws: ConfigurationError.self) { try categories("[a, 3]") }
    #expect(throws: ConfigurationError.self) { try categories("['']") }
  }
}
