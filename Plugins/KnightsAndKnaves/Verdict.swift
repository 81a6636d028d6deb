/// How an answer was judged.
public enum Verdict: String, CaseIterable, Sendable {
  /// Well formed, and everybody's role is right.
  case correct
  /// Well formed, and somebody's role is wrong.
  case wrong
  /// The format is kept, but the answer does not give each person one role.
  case unreadable
  /// The format is not kept; the answer was not looked at.
  case malformed

  /// Logic-RL's total: format +1 or -1, answer +2, -1.5 or -2.
  public var logicRLScore: Double {
    switch self {
    case .correct: 3
    case .wrong: -0.5
    case .unreadable: -1
    case .malformed: -3
    }
  }

  /// 1 for a correct answer, else 0: the reward whose mean is the accuracy.
  public var binaryScore: Double { self == .correct ? 1 : 0 }
}
