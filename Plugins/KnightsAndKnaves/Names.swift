/// Where the inhabitants' names come from.
public enum Names {
  /// The 51 names of the published data, in their order. Both Sofia and Sophia are among them.
  public static let common: [String] = [
    "Emma", "Liam", "Olivia", "Noah", "Ava", "Ethan", "Sophia", "Mason", "Isabella", "William",
    "Mia", "James", "Charlotte", "Benjamin", "Amelia", "Lucas", "Harper", "Henry", "Evelyn",
    "Alexander", "Abigail", "Michael", "Emily", "Daniel", "Elizabeth", "Jacob", "Sofia", "Logan",
    "Avery", "Jackson", "Ella", "Sebastian", "Scarlett", "Jack", "Grace", "Aiden", "Chloe", "Owen",
    "Victoria", "Samuel", "Riley", "Matthew", "Aria", "Joseph", "Lily", "Luke", "Aurora", "David",
    "Zoey", "Oliver", "Penelope",
  ]

  /// 50 names that are rare in running text, for the perturbation "uncommon names".
  public static let uncommon: [String] = [
    "Zephyrine", "Caspian", "Thessaly", "Oberon", "Isaura", "Lysander", "Wilhelmina", "Evander",
    "Ottoline", "Peregrine", "Seraphina", "Leocadia", "Balthazar", "Ianthe", "Thelonius",
    "Calliope",
    "Ignatius", "Philomena", "Alaric", "Xanthe", "Barnaby", "Eulalia", "Cornelius", "Ondine",
    "Percival", "Saskia", "Torquil", "Undine", "Valerian", "Winifred", "Ambrose", "Beatrix",
    "Cosima", "Dashiell", "Endymion", "Fenella", "Gideon", "Hesper", "Inigo", "Jocasta", "Kenelm",
    "Lucasta", "Mortimer", "Nerissa", "Octavian", "Perpetua", "Quillon", "Rosamund", "Severin",
    "Tamsin",
  ]
}

/// The two words for who tells the truth and who lies.
public struct RoleWords: Hashable, Sendable {
  /// Who always tells the truth: "knight".
  public let truthful: String
  /// Who always lies: "knave".
  public let lying: String

  /// The words of the published data.
  public static let knightAndKnave = RoleWords(truthful: "knight", lying: "knave")

  /// The words of the text perturbations.
  ///
  /// The last pair is the usual one with its meaning exchanged: there, knaves always tell the truth.
  public static let perturbed: [RoleWords] = [
    RoleWords(truthful: "pioneer", lying: "laggard"), RoleWords(truthful: "saint", lying: "sinner"),
    RoleWords(truthful: "hero", lying: "villain"), RoleWords(truthful: "angel", lying: "devil"),
    RoleWords(truthful: "altruist", lying: "egoist"), RoleWords(truthful: "sage", lying: "fool"),
    RoleWords(truthful: "knave", lying: "knight"),
  ]

  /// - Parameters:
  ///   - truthful: A singular noun in lower case.
  ///   - lying: A singular noun in lower case.
  public init(truthful: String, lying: String) {
    self.truthful = truthful
    self.lying = lying
  }

  /// The word for a knight (true) or a knave (false).
  public subscript(isKnight: Bool) -> String { isKnight ? truthful : lying }

  /// The word with its article: "a knight", "an angel".
  public func withArticle(_ isKnight: Bool) -> String {
    let word = self[isKnight]
    return "\(Self.article(before: word.scalars)) \(word)"
  }

  static func article(before word: Scalars) -> String {
    word.first.map("aeiou".scalars.contains) == true ? "an" : "a"
  }

  /// The plural of the word: "knights", "heroes".
  public func plural(_ isKnight: Bool) -> String {
    let word = self[isKnight]
    return word + (word.hasSuffix("o") ? "es" : "s")
  }
}
