import KnightsAndKnaves
import StepwisePlugin

extension PuzzleDatasetOptions {
  /// Reads the parameters; a key that is absent keeps the default of the property.
  init(_ parameters: Parameters) throws {
    self.init()
    let fewest = try parameters.int("people", default: people.lowerBound)
    let most = try parameters.int("people_max", default: fewest)
    guard fewest <= most else {
      throw InvalidOption(
        key: "people_max",
        value: "\(most)",
        cure: "use at least `people`, which is \(fewest)"
      )
    }
    people = fewest...most
    depth = try parameters.int("depth", default: depth)
    width = try parameters.int("width", default: width)
    names = try parameters.int("names", default: names)
    // The bits of a negative seed make a seed as good as any.
    seed = UInt64(bitPattern: Int64(try parameters.int("seed", default: 0)))
    size = try parameters.int("size", default: size)
    distinctForms = try parameters.bool("distinct_forms", default: distinctForms)
    uncommonNames = try parameters.bool("uncommon_names", default: uncommonNames)
    shuffledStatements = try parameters.bool("shuffled_statements", default: shuffledStatements)

    form = try parameters.choice("form", ExampleForm.self) ?? form
    demonstration = try parameters.choice("demonstrations", Demonstration.self) ?? demonstration
    style = try parameters.choice("cot", ReasoningStyle.self)
    split = try parameters.choice("split", Split.self, none: "all", default: split)
    perturbation = try parameters.choice("perturbation", Perturbation.self, none: "none")
    if parameters.value("demonstration_limit") != nil {
      demonstrationLimit = try parameters.int("demonstration_limit")
    }
    roles = try parameters.roles() ?? roles
  }
}

extension Parameters {
  /// The case that the key names; `nil` where the key is absent.
  fileprivate func choice<T: RawRepresentable & CaseIterable>(
    _ key: String,
    _ type: T.Type
  ) throws -> T? where T.RawValue == String {
    guard value(key) != nil else { return nil }
    let name = try string(key)
    guard let choice = T(rawValue: name) else {
      throw InvalidOption(
        key: key,
        value: name,
        cure: "use one of \(T.allCases.map(\.rawValue).joined(separator: ", "))"
      )
    }
    return choice
  }

  /// The same for an option that can be switched off by a word of its own.
  fileprivate func choice<T: RawRepresentable & CaseIterable>(
    _ key: String,
    _ type: T.Type,
    none: String,
    default fallback: T? = nil
  ) throws -> T? where T.RawValue == String {
    guard let value = value(key) else { return fallback }
    return value == .string(none) ? nil : try choice(key, type)
  }

  /// Two words separated by a slash: `angel/devil`.
  fileprivate func roles() throws -> RoleWords? {
    guard value("role_words") != nil else { return nil }
    let words = try string("role_words")
    let possible = [RoleWords.knightAndKnave] + RoleWords.perturbed
    guard let roles = possible.first(where: { "\($0.truthful)/\($0.lying)" == words }) else {
      throw InvalidOption(
        key: "role_words",
        value: words,
        cure: "use one of \(possible.map { "\($0.truthful)/\($0.lying)" }.joined(separator: ", "))"
      )
    }
    return roles
  }
}
