/// The characters that charts are drawn with.
struct Glyphs: Sendable {
  /// Heights from low to high, for charts.
  var levels: [Character]
  /// A finished part of a bar, its end, and the part to come.
  var barDone: Character
  var barEnd: Character
  var barRest: Character
  /// One step of each kind; they differ in shape, not in colour alone.
  var sft: Character
  var rl: Character
  var both: Character
  /// Gradient norm.
  var norm: String
  /// Between parts of a heading.
  var dot: String

  /// For any terminal of this century.
  static let unicode = Glyphs(
    levels: Array("▁▂▃▄▅▆▇█"),
    barDone: "━",
    barEnd: "╸",
    barRest: "─",
    sft: "█",
    rl: "▂",
    both: "▅",
    norm: "‖∇‖",
    dot: "·"
  )

  /// For a locale that says it is not UTF-8.
  static let ascii = Glyphs(
    levels: Array("_.-=+*#@"),
    barDone: "=",
    barEnd: ">",
    barRest: "-",
    sft: "S",
    rl: "g",
    both: "B",
    norm: "|g|",
    dot: "-"
  )
}
