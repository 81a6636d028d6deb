/// A step of a compiled pattern.
enum Instruction: Sendable {
  case set(ScalarSet)
  case assertion(PatternNode.Assertion)
  /// Goes on at both, the first preferred.
  case split(Int, Int)
  case jump(Int)
  /// Notes where the wanted group begins, or ends.
  case save(isEnd: Bool)
  case match
}

/// Turns a pattern into steps.
struct PatternCompiler {
  /// The group whose place is noted; 0 is the whole match.
  let wanted: Int
  private var program: [Instruction] = []
  private static let limit = 20_000

  init(wanted: Int) { self.wanted = wanted }

  mutating func program(of node: PatternNode) throws -> [Instruction] {
    if wanted == 0 { try add(.save(isEnd: false)) }
    try compile(node)
    if wanted == 0 { try add(.save(isEnd: true)) }
    try add(.match)
    return program
  }

  private mutating func add(_ instruction: Instruction) throws {
    guard program.count < Self.limit else {
      throw Pattern.Problem(place: 0, message: "the pattern is too large: its repetitions multiply")
    }
    program.append(instruction)
  }

  private mutating func compile(_ node: PatternNode) throws {
    switch node {
    case .empty: break
    case .set(let set): try add(.set(set))
    case .assertion(let assertion): try add(.assertion(assertion))
    case .sequence(let nodes): for node in nodes { try compile(node) }
    case .group(let number, let node):
      let isWanted = number > 0 && number == wanted
      if isWanted { try add(.save(isEnd: false)) }
      try compile(node)
      if isWanted { try add(.save(isEnd: true)) }
    case .choice(let nodes):
      var ends: [Int] = []
      for node in nodes.dropLast() {
        let split = program.count
        try add(.split(split + 1, 0))
        try compile(node)
        ends.append(program.count)
        try add(.jump(0))
        program[split] = .split(split + 1, program.count)
      }
      if let last = nodes.last { try compile(last) }
      for end in ends { program[end] = .jump(program.count) }
    case .repetition(let node, let least, let most, let isLazy):
      for _ in 0..<least {
        let start = program.count
        try compile(node)
        // What takes no step takes none however often, and would never reach the limit: ((){1000}){1000}...
        if program.count == start { break }
      }
      if let most {
        var splits: [Int] = []
        for _ in least..<most {
          splits.append(program.count)
          try add(.split(0, 0))
          try compile(node)
        }
        for split in splits { program[split] = fork(split + 1, program.count, isLazy) }
      } else {
        let split = program.count
        try add(.split(0, 0))
        try compile(node)
        try add(.jump(split))
        program[split] = fork(split + 1, program.count, isLazy)
      }
    }
  }

  private func fork(_ inner: Int, _ outer: Int, _ isLazy: Bool) -> Instruction {
    isLazy ? .split(outer, inner) : .split(inner, outer)
  }
}

/// Runs all ways through a pattern side by side, the preferred ones first (Thompson, 1968; Pike's captures).
struct PatternMachine {
  let program: [Instruction]
  let text: [Unicode.Scalar]
  let extent: Pattern.Extent

  private struct Thread {
    var step: Int
    var start: Int?
    var end: Int?
  }

  private var current: [Thread] = []
  private var following: [Thread] = []
  /// At which place a step was reached last, so that none is taken twice at one place.
  private var reached: [Int]
  private var pending: [Thread] = []

  init(program: [Instruction], text: [Unicode.Scalar], extent: Pattern.Extent) {
    self.program = program
    self.text = text
    self.extent = extent
    reached = Array(repeating: -1, count: program.count)
  }

  mutating func run() -> Pattern.Match? {
    var best: Pattern.Match?
    for place in 0...text.count {
      if best == nil, extent == .search || place == 0 {
        add(Thread(step: 0), at: place, isNext: false)
      }
      if current.isEmpty, best != nil || extent != .search { break }
      following.removeAll(keepingCapacity: true)
      for thread in current {
        switch program[thread.step] {
        case .match:
          if extent == .full, place < text.count { continue }
          best = Pattern.Match(group: Self.range(thread))
        case .set(let set):
          if place < text.count, set.contains(text[place]) {
            add(
              Thread(step: thread.step + 1, start: thread.start, end: thread.end),
              at: place + 1,
              isNext: true
            )
          }
          continue
        default: preconditionFailure("a thread waits at a step that takes nothing")
        }
        // Whoever comes after a match is preferred less.
        break
      }
      swap(&current, &following)
    }
    return best
  }

  private static func range(_ thread: Thread) -> Range<Int>? {
    guard let start = thread.start, let end = thread.end, start <= end else { return nil }
    return start..<end
  }

  /// Follows all steps that take nothing of the text.
  private mutating func add(
    _ thread: Thread,
    at place: Int,
    isNext: Bool
  ) {
    pending.append(thread)
    while var next = pending.popLast() {
      guard reached[next.step] != place else { continue }
      reached[next.step] = place
      switch program[next.step] {
      case .set, .match:
        if isNext { following.append(next) } else { current.append(next) }
      case .jump(let step):
        next.step = step
        pending.append(next)
      case .split(let first, let second):
        pending.append(Thread(step: second, start: next.start, end: next.end))
        next.step = first
        pending.append(next)
      case .save(let isEnd):
        if isEnd { next.end = place } else { next.start = place }
        next.step += 1
        pending.append(next)
      case .assertion(let assertion):
        guard holds(assertion, at: place) else { continue }
        next.step += 1
        pending.append(next)
      }
    }
  }

  private func holds(_ assertion: PatternNode.Assertion, at place: Int) -> Bool {
    switch assertion {
    case .textStart: return place == 0
    case .textEnd: return place == text.count
    case .lastLineEnd:
      return place == text.count || (place == text.count - 1 && text[place] == "\n")
    case .lineStart: return place == 0 || text[place - 1] == "\n"
    case .lineEnd: return place == text.count || text[place] == "\n"
    case .wordBoundary, .noWordBoundary:
      let before = place > 0 && text[place - 1].isIn(.word)
      let after = place < text.count && text[place].isIn(.word)
      return (before != after) == (assertion == .wordBoundary)
    }
  }
}
