import RunStore
import Training

/// What `stepwise eval` says, as lines.
struct EvaluationReport {
  let results: EvaluationResults
  let glyphs: Glyphs

  var lines: [StyledLine] {
    let sections = [heading, accuracy, categories, robustness, diversity].filter { !$0.isEmpty }
    return Array(sections.joined(separator: [[]]))
  }

  private var heading: [StyledLine] {
    let step = results.step.map { " \(glyphs.dot) step \(NumberText.grouped($0))" } ?? ""
    return [
      [Span(results.model.printable, .strong), Span(step, .quiet)],
      [Span("in brackets: 95 % intervals, with the prompt as the unit", .quiet)],
    ]
  }

  private var accuracy: [StyledLine] {
    let largest = Self.largest(results.scores.flatMap(\.scores))
    var table = TextTable(
      columns: [
        .init(title: "set"), .init(title: "mode"), .init(title: "prompts", alignment: .right),
        .init(title: "pass@1"),
      ]
    )
    let more = largest.pass.map { [$0] } ?? []
    let votes = largest.majority.map { [$0] } ?? []
    for name in more + votes { table.columns.append(.init(title: name)) }
    for title in ["reward", "length", "cut"] {
      table.columns.append(.init(title: title, alignment: .right))
    }
    for scores in results.scores {
      table.rows.append(
        [
          Span(scores.set.printable), Span(Self.mode(scores)),
          Span(NumberText.grouped(scores.count)),
          Self.share(scores["pass@1"]),
        ] + (more + votes).map { Self.share(scores[$0]) } + [
          Self.number(scores["reward"], 3), Self.number(scores["completions/mean_length"], 1),
          Span(
            scores["completions/clipped_ratio"].map { NumberText.percent($0.estimate.value) } ?? ""
          ),
        ]
      )
    }
    return table.lines(rule: glyphs.barRest) + rewards
  }

  /// One line for each reward of several.
  private var rewards: [StyledLine] {
    let names = results.scores.first?.scores.map(\.name).filter { $0.hasPrefix("rewards/") } ?? []
    guard names.count > 1 else { return [] }
    var table = TextTable(columns: [.init(title: "reward")])
    for scores in results.scores {
      table.columns.append(.init(title: "\(scores.set.printable), \(scores.mode)"))
    }
    for name in names {
      let short = String(name.dropFirst("rewards/".count).dropLast("/mean".count))
      table.rows.append([Span(short.printable)] + results.scores.map { Self.share($0[name]) })
    }
    return [[]] + table.lines(rule: glyphs.barRest)
  }

  /// The clean sets by category: perturbed ones have theirs beside the clean rows.
  private var categories: [StyledLine] {
    let perturbed = Set(results.perturbations.map(\.set))
    var tables: [[StyledLine]] = []
    for set in Self.unique(results.scores.map(\.set)) where !perturbed.contains(set) {
      let modes = results.scores.filter { $0.set == set }
      let columns = Self.unique(modes.flatMap { $0.categories.map(\.column) })
      for column in columns {
        var table = TextTable(
          columns: [
            .init(title: "\(set.printable): \(column.printable)"),
            .init(title: "prompts", alignment: .right),
          ]
        )
        for scores in modes {
          for name in Self.shown(scores.scores) {
            table.columns.append(.init(title: "\(scores.mode) \(name)"))
          }
        }
        for category in modes.first?.categories ?? [] where category.column == column {
          var row = [
            Span(category.value?.printable ?? "(none)"), Span(NumberText.grouped(category.count)),
          ]
          for scores in modes {
            let same = scores.categories.first { $0.column == column && $0.value == category.value }
            for name in Self.shown(scores.scores) {
              row.append(Self.share(same?.scores.first { $0.name == name }))
            }
          }
          table.rows.append(row)
        }
        tables.append(table.lines(rule: glyphs.barRest))
      }
    }
    return Array(tables.joined(separator: [[]]))
  }

  private var robustness: [StyledLine] {
    guard !results.perturbations.isEmpty else { return [] }
    var table = TextTable(
      columns: [
        .init(title: "perturbed"), .init(title: "mode"), .init(title: "pairs", alignment: .right),
        .init(title: "clean", alignment: .right), .init(title: "perturbed", alignment: .right),
        .init(title: "drop of pass@1"), .init(title: "McNemar p", alignment: .right),
        .init(title: "still solved"),
      ]
    )
    for item in results.perturbations {
      func row(
        _ name: String,
        _ mode: String,
        _ count: Int,
        _ scores: [PairedScore],
        _ still: Estimate?
      ) {
        guard let score = scores.first(where: { $0.name == "pass@1" }) else { return }
        let drop = score.difference.negated
        table.rows.append([
          Span(name), Span(mode), Span(NumberText.grouped(count)),
          Span(NumberText.fixed(score.first, 3)), Span(NumberText.fixed(score.second, 3)),
          Span("\(drop.signed) \(drop.interval)"),
          Span(score.table.map { NumberText.short($0.mcNemarP) } ?? ""),
          Span(still.map { "\(NumberText.fixed($0.value, 3)) \($0.interval)" } ?? ""),
        ])
      }
      let paired = item.paired
      row(item.set.printable, item.mode, paired.count, paired.scores, paired.stillSolved)
      for category in paired.categories {
        let name = "  \(category.column.printable) \(category.value?.printable ?? "(none)")"
        row(name, "", category.count, category.scores, nil)
      }
    }
    let unpaired = results.perturbations.reduce(0) { $0 + $1.paired.unpairedSecond }
    let note: [StyledLine] =
      unpaired > 0
      ? [
        [
          Span(
            "\(NumberText.grouped(unpaired)) perturbed prompts have no partner among the clean ones",
            .quiet
          )
        ]
      ] : []
    return table.lines(rule: glyphs.barRest) + note
  }

  private static let diversityNames = [
    ("distinct_paths", "distinct paths", 2), ("path_diversity", "path diversity", 3),
    ("distinct_number_paths", "by numbers", 2), ("answer_entropy", "answer entropy", 3),
    ("distinct_answers", "answers", 2), ("distinct-1", "distinct-1", 3),
    ("distinct-2", "distinct-2", 3),
  ]

  private var diversity: [StyledLine] {
    let sampled = results.scores.filter { $0.k > 1 }
    guard !sampled.isEmpty else { return [] }
    let names = Self.diversityNames.filter { name in sampled.contains { $0[name.0] != nil } }
    var table = TextTable(columns: [.init(title: "diversity"), .init(title: "mode")])
    for name in names { table.columns.append(.init(title: name.1, alignment: .right)) }
    for scores in sampled {
      table.rows.append(
        [Span(scores.set.printable), Span(Self.mode(scores))]
          + names.map { Self.number(scores[$0.0], $0.2) }
      )
    }
    return table.lines(rule: glyphs.barRest)
  }

  // MARK: Cells

  static func mode(_ scores: EvaluationScores) -> String {
    scores.k > 1 ? "\(scores.mode), \(scores.k)" : scores.mode
  }

  static func share(_ score: Score?) -> Span {
    Span(score.map { "\(NumberText.fixed($0.estimate.value, 3)) \($0.estimate.interval)" } ?? "")
  }

  private static func number(_ score: Score?, _ decimals: Int) -> Span {
    Span(score.map { NumberText.fixed($0.estimate.value, decimals) } ?? "")
  }

  /// The columns of a category: accuracy, and pass@k and maj@k of all completions.
  private static func shown(_ scores: [Score]) -> [String] {
    let names = largest(scores)
    return ["pass@1", names.pass, names.majority].compactMap { $0 }
  }

  /// pass@k and maj@k of the largest k above 1.
  private static func largest(_ scores: [Score]) -> (pass: String?, majority: String?) {
    func largest(_ prefix: String) -> String? {
      let counts = scores.compactMap {
        $0.name.hasPrefix(prefix) ? Int($0.name.dropFirst(prefix.count)) : nil
      }
      return counts.max().flatMap { $0 > 1 ? "\(prefix)\($0)" : nil }
    }
    return (largest("pass@"), largest("maj@"))
  }

  static func unique(_ names: [String]) -> [String] {
    names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
