import Components

/// What is wrong with a run that a command looks at, or with what was asked of it.
struct RunError: Error, Equatable, CustomStringConvertible {
  /// The run, a file of it, or an argument.
  var subject: String
  var problem: String
  var cure: String

  init(_ subject: String, _ problem: String, cure: String) {
    self.subject = subject
    self.problem = problem
    self.cure = cure
  }

  var description: String {
    let end = cure.hasSuffix("?") || cure.hasSuffix(".") ? "" : "."
    return "\(subject): \(problem). \(cure)\(end)"
  }

  /// A metric that is not there, with the nearest that are.
  static func unknownMetric(_ name: String, in subject: String, names: [String]) -> UsageError {
    let nearest = nearestNames(to: name, among: names)
    let cure =
      nearest.isEmpty
      ? "There is \(names.joined(separator: ", "))"
      : "Did you mean \(nearest.joined(separator: ", "))?"
    return UsageError(error: RunError(subject, "there is no metric \(name)", cure: cure))
  }

  /// Up to three names that may have been meant: by spelling, or because what was written stands in them.
  private static func nearestNames(to name: String, among names: [String]) -> [String] {
    var nearest: [String] = []
    while nearest.count < 3,
      let found = nearestName(to: name, among: names.filter { !nearest.contains($0) })
    {
      nearest.append(found)
    }
    let parts = names.filter { $0.contains(name) && !nearest.contains($0) }
    return nearest + parts.prefix(3 - nearest.count)
  }
}
