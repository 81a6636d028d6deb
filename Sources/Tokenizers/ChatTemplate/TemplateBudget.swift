/// What a rendering may still do before it is stopped: loops in loops, or texts that double, would
/// otherwise take all time and memory.
///
/// A step is about one operation on one value, or 16 bytes of text. Real templates take some
/// hundreds of steps for each message.
final class TemplateBudget {
  private var left: Int

  /// Enough for any template that goes through its messages a few dozen times.
  init(forInputOfWeight weight: Int) {
    left = 4_000_000 + 64 * min(weight, 1 << 40)
  }

  func charge(_ steps: Int, at position: TemplatePosition) throws(ChatTemplateError) {
    left = steps < left ? left - steps : -1
    guard left >= 0 else {
      throw ChatTemplateError(
        .value,
        "the template does not come to an end: it was stopped after some million steps",
        at: position
      )
    }
  }

  /// Charges for going through all of a value, which must not be nested beyond reason.
  func charge(_ value: TemplateValue, at position: TemplatePosition) throws(ChatTemplateError) {
    var weight = 0
    guard Self.weigh(value, depth: 0, limit: max(left, 0), &weight) else {
      throw ChatTemplateError(.unsupported, "a value nested this deep", at: position)
    }
    try charge(weight, at: position)
  }

  /// Deeper than any real value; what prints and compares values recurses.
  private static let maximumDepth = 200

  /// Adds the parts of a value to `weight` up to a limit; false where it is nested too deeply.
  static func weigh(_ value: TemplateValue, depth: Int, limit: Int, _ weight: inout Int) -> Bool {
    weight += 1
    switch value {
    case .string(let text): weight += text.utf8.count >> 4
    case .list(let values, _):
      if depth == maximumDepth { return false }
      for value in values {
        guard weight <= limit else { break }
        if !weigh(value, depth: depth + 1, limit: limit, &weight) { return false }
      }
    case .object(let members):
      if depth == maximumDepth { return false }
      for member in members {
        guard weight <= limit else { break }
        weight += member.key.utf8.count >> 4
        if !weigh(member.value, depth: depth + 1, limit: limit, &weight) { return false }
      }
    case .loop(let state):
      // By itself it shows values that are weighed already; within others it could nest without end.
      guard depth > 0 else { break }
      let elements = TemplateValue.list(state.elements, isTuple: false)
      return weigh(elements, depth: depth, limit: limit, &weight)
    case .method(let receiver, _):
      return weigh(receiver, depth: depth, limit: limit, &weight)
    default: break
    }
    return true
  }
}

extension JSONValue {
  /// How many values there are, itself included, and how many levels of them.
  var size: (values: Int, depth: Int) {
    let parts: [JSONValue] =
      switch self {
      case .array(let elements): elements
      case .object(let object): object.members.map(\.value)
      default: []
      }
    return parts.reduce((1, 1)) { total, part in
      let size = part.size
      return (total.0 + size.values, max(total.1, size.depth + 1))
    }
  }
}
