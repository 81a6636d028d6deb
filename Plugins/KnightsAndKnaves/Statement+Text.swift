extension Statement {
  /// The statement in English, as in the published data.
  ///
  /// Those have at most two levels. Below that, an operator inside another one is put into parentheses
  /// and its negation reads `it is not the case that (...)`.
  public func text(names: [String], roles: RoleWords = .knightAndKnave) -> String {
    switch self {
    case .knight(let person): "\(names[person]) is \(roles.withArticle(true))"
    case .knave(let person): "\(names[person]) is \(roles.withArticle(false))"
    case .not(.knight(let person)): "\(names[person]) is not \(roles.withArticle(true))"
    case .not(.knave(let person)): "\(names[person]) is not \(roles.withArticle(false))"
    case .not(let child): "it is not the case that \(child.operand(names, roles))"
    case .and(let children):
      children.map { $0.operand(names, roles) }.joined(separator: " and ")
    case .or(let children):
      children.map { $0.operand(names, roles) }.joined(separator: " or ")
    case .implies(let left, let right):
      "If \(left.operand(names, roles)) then \(right.operand(names, roles))"
    case .iff(let left, let right):
      "\(left.operand(names, roles)) if and only if \(right.operand(names, roles))"
    }
  }

  private func operand(_ names: [String], _ roles: RoleWords) -> String {
    let text = text(names: names, roles: roles)
    return depth == 1 ? text : "(\(text))"
  }
}
