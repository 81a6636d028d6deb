import Glibc

/// The functions that templates call by name.
enum TemplateFunctions {
  static let names: Set<String> = [
    "raise_exception", "strftime_now", "namespace", "range", "dict",
  ]

  static func call(
    _ name: String,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    let position = arguments.position
    switch name {
    case "raise_exception":
      try arguments.check(name, ["message"])
      throw ChatTemplateError(.raised, arguments.value(0, "message")?.text ?? "", at: position)
    case "strftime_now":
      guard case .string(let format)? = arguments.value(0, "format") else {
        throw ChatTemplateError(.value, "strftime_now needs a format", at: position)
      }
      return .string(now(format))
    case "namespace":
      let namespace = TemplateNamespace()
      if case .object(let members)? = arguments.positional.first { namespace.members = members }
      for member in arguments.named { namespace.members.set(member.key, member.value) }
      return .namespace(namespace)
    case "dict":
      var members: [TemplateMember] = []
      if case .object(let first)? = arguments.positional.first { members = first }
      for member in arguments.named { members.set(member.key, member.value) }
      return .object(members)
    default: return try range(arguments)
    }
  }

  private static func range(
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    let numbers = arguments.positional.compactMap(\.integer)
    guard numbers.count == arguments.positional.count, (1...3).contains(numbers.count),
      arguments.named.isEmpty, numbers.count < 3 || numbers[2] != 0
    else {
      throw ChatTemplateError(.value, "range needs 1 to 3 integers", at: arguments.position)
    }
    let start = numbers.count > 1 ? numbers[0] : 0
    let stop = numbers.count > 1 ? numbers[1] : numbers[0]
    let step = numbers.count > 2 ? numbers[2] : 1
    // Jinja's own limit keeps a template from filling the memory.
    let limit = 1 << 40
    guard [start, stop, step].allSatisfy({ abs($0.clamped) <= limit }),
      // One less than the numbers there are.
      (stop - start - step.signum()) / step < 100_000
    else {
      throw ChatTemplateError(.value, "range is longer than 100000", at: arguments.position)
    }
    return .list(
      stride(from: start, to: stop, by: step).map { .int($0) },
      isTuple: false
    )
  }

  /// The local time in C's `strftime` format.
  private static func now(_ format: String) -> String {
    var seconds = time(nil)
    var fields = tm()
    localtime_r(&seconds, &fields)
    var buffer = [CChar](repeating: 0, count: 1024)
    let count = strftime(&buffer, buffer.count, format, &fields)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

extension Int {
  /// The number, with the one whose magnitude does not fit moved by one.
  fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}
