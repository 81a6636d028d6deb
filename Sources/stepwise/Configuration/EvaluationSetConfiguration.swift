import Components

/// Held-out rows beside `evaluation.prompts`: a dataset of its own, or another set with some parameters changed.
struct EvaluationSetConfiguration: Sendable, Equatable {
  /// What results call it.
  var name: String
  /// The set that it is a perturbation of: rows are compared in pairs. `nil`: it stands for itself.
  var clean: String?
  /// The column that partners have in common; `nil` for the rows' ids.
  var pairBy: String?
  /// Its dataset; `nil`: that of `clean`.
  var component: ComponentConfiguration?
  /// Without a dataset of its own: parameters that go over those of `clean`.
  var changes = ParameterValue.object([])

  /// What results call the rows of `evaluation.prompts`.
  static let promptsName = "prompts"

  /// What the slots of sets begin with.
  static let slotPrefix = "evaluation.sets/"
  /// What the slot of its plugin is called.
  var slot: String { Self.slotPrefix + name }

  /// The keys of a set's table.
  static let keys = ["name", "clean", "pair_by"] + ComponentConfiguration.keys

  /// Its dataset with all parameters.
  func component(in configuration: RunConfiguration) -> ComponentConfiguration {
    if let component { return component }
    guard let clean else {
      preconditionFailure("the check refuses a set without dataset and clean")
    }
    var component: ComponentConfiguration
    if clean == Self.promptsName, let prompts = configuration.evaluationPrompts?.single {
      component = prompts
    } else if let set = configuration.evaluationSets.first(where: { $0.name == clean }) {
      component = set.component(in: configuration)
    } else {
      preconditionFailure("the check refuses the clean set \(clean), which is not there")
    }
    component.parameters = component.parameters.replacing(changes)
    return component
  }

  /// Another form of the rows of `evaluation.prompts`, named by what is changed.
  ///
  /// - Parameter text: `key=value`, or several with commas between them; values have YAML's syntax.
  init(perturbation text: String) throws(ConfigurationError) {
    self.init(name: text, clean: Self.promptsName)
    var entries: [ParameterEntry] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let equals = part.firstIndex(of: "="), equals != part.startIndex else {
        throw ConfigurationError(
          "--perturbed \(text)",
          key: "",
          problem: "\(part.isEmpty ? "an empty part" : String(part)) is not of the form key=value",
          cure: "Write a parameter of the dataset, for example perturbation=leaf"
        )
      }
      let value = String(part[part.index(after: equals)...])
      let read = try YAMLReader.read(value, from: .argument("--perturbed \(text)"))
      entries.append(ParameterEntry(String(part[..<equals]), read.plain))
    }
    changes = .object(entries)
  }

  init(name: String, clean: String? = nil) {
    self.name = name
    self.clean = clean
  }

  var encoded: ParameterValue {
    var entries = [ParameterEntry("name", .string(name))]
    if let clean { entries.append(ParameterEntry("clean", .string(clean))) }
    if let pairBy { entries.append(ParameterEntry("pair_by", .string(pairBy))) }
    if case .object(let own)? = component?.encoded {
      entries += own
    } else {
      entries.append(ParameterEntry("parameters", changes))
    }
    return .object(entries)
  }

  /// Reads `evaluation.sets`.
  static func list(
    _ value: LocatedValue,
    path: String
  ) throws(ConfigurationError) -> [EvaluationSetConfiguration] {
    if value.isNull { return [] }
    guard case .list(let elements) = value.content else {
      throw ConfigurationError(
        value.origin,
        key: path,
        problem: "\(value.plain.shown) (\(value.plain.typeName)) is not a list of sets",
        cure:
          "Put a dash before each: `- {name: leaf, clean: prompts, parameters: {perturbation: leaf}}`"
      )
    }
    var sets: [EvaluationSetConfiguration] = []
    for (index, element) in elements.enumerated() {
      sets.append(try one(element, path: "\(path).\(index)"))
    }
    return sets
  }

  private static func one(
    _ value: LocatedValue,
    path: String
  ) throws(ConfigurationError) -> EvaluationSetConfiguration {
    guard case .table(let entries) = value.content else {
      throw ConfigurationError(
        value.origin,
        key: path,
        problem: "\(value.plain.shown) (\(value.plain.typeName)) is not a set of rows",
        cure: "Write a table with name and plugin, or with name, clean and parameters"
      )
    }
    var set = EvaluationSetConfiguration(name: "")
    var rest: [LocatedValue.Entry] = []
    for entry in entries {
      switch entry.key {
      case "name": set.name = try decode(.text(), entry, path)
      case "clean": set.clean = try decode(KeyType.text().orNull("no partner"), entry, path)
      case "pair_by": set.pairBy = try decode(KeyType.text().orNull("the rows' ids"), entry, path)
      default: rest.append(entry)
      }
    }
    if set.name.isEmpty {
      throw ConfigurationError(
        value.origin,
        key: "\(path).name",
        problem: "the name is missing",
        cure: "Name the set"
      )
    }
    if set.clean != nil, !rest.contains(where: { $0.key == "plugin" }) {
      for entry in rest where entry.key != "parameters" {
        throw ConfigurationError(
          entry.keyOrigin,
          key: "\(path).\(entry.key)",
          problem: "has no effect on a set that has the plugin of its clean one",
          cure: "Name the plugin, or remove the key; only parameters can differ"
        )
      }
      if let entry = rest.first {
        set.changes =
          try decode(KeyType<ParameterValue>.table.orNull("none"), entry, path) ?? .object([])
      }
    } else {
      let own = LocatedValue(content: .table(rest), origin: value.origin)
      set.component = try ComponentReader.component(own, path: path)
    }
    return set
  }

  private static func decode<Value>(
    _ type: KeyType<Value>,
    _ entry: LocatedValue.Entry,
    _ path: String
  ) throws(ConfigurationError) -> Value {
    do throws(KeyRefusal) {
      return try type.decode(entry.value.plain)
    } catch {
      throw ConfigurationError(
        entry.value.origin,
        key: "\(path).\(entry.key)",
        problem: error.problem,
        cure: error.cure
      )
    }
  }
}

extension ParameterValue {
  /// The table with the entries of another over its own.
  fileprivate func replacing(_ changes: ParameterValue) -> ParameterValue {
    guard case .object(var entries) = self, case .object(let new) = changes else { return changes }
    for entry in new {
      if let index = entries.firstIndex(where: { $0.key == entry.key }) {
        entries[index] = entry
      } else {
        entries.append(entry)
      }
    }
    return .object(entries)
  }
}

extension LoadedConfiguration {
  /// Refuses sets of rows that cannot be told apart, or whose partner is not there.
  func checkEvaluationSets() throws(ConfigurationError) {
    var known = [EvaluationSetConfiguration.promptsName]
    for (index, set) in configuration.evaluationSets.enumerated() {
      func failure(_ key: String, _ problem: String, _ cure: String) -> ConfigurationError {
        ConfigurationError(
          place(of: "evaluation.sets"),
          key: "evaluation.sets.\(index).\(key)",
          problem: problem,
          cure: cure
        )
      }
      if known.contains(set.name) {
        throw failure(
          "name",
          "\(set.name) is the name of another set",
          "Name each set differently; evaluation.prompts is `prompts`"
        )
      }
      if let clean = set.clean, !known.contains(clean) {
        throw failure(
          "clean",
          "there is no set \(clean) before this one",
          "Name one of: \(known.joined(separator: ", "))"
        )
      }
      if set.component == nil, configuration.evaluationPrompts?.sources.first?.split != nil {
        throw failure(
          "clean",
          "the rows of evaluation.prompts are a split of their dataset by content, which other parameters would cut elsewhere",
          "Give evaluation.prompts a dataset without split, for example a file of its own"
        )
      }
      if set.clean == nil, set.pairBy != nil {
        throw failure(
          "pair_by",
          "the set has no partner",
          "Name the set that it perturbs: clean: prompts"
        )
      }
      known.append(set.name)
    }
    if !configuration.evaluationSets.isEmpty, configuration.evaluationPrompts == nil {
      throw ConfigurationError(
        place(of: "evaluation.sets"),
        key: "evaluation.sets",
        problem: "there are more sets, but no evaluation.prompts",
        cure: "Give evaluation.prompts the first of them"
      )
    }
  }
}
