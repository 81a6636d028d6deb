/// Answers what a plugin asks of the host during a call.
struct PythonServices {
  private let services: HostServices
  private let draws: PythonSession.Draws?

  /// Why there is no answer.
  struct Refusal: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
  }

  init(_ services: HostServices, draws: PythonSession.Draws?) {
    self.services = services
    self.draws = draws
  }

  func answer(_ name: String, _ arguments: [JSONTree]) throws -> JSONWriter {
    var writer = JSONWriter()
    switch name {
    case "uniform":
      guard let draws else { throw Refusal("there are draws in begin_step and shape_rollout only") }
      guard let item = arguments.first?.uint64 else { throw Self.wrong }
      writer.real(draws.uniform(item))
    case "cancelled":
      writer.bool(services.isCancelled())
    case "encode":
      guard let encode = services.encode else { throw Refusal("the run has no tokenizer") }
      guard let text = arguments.first?.string else { throw Self.wrong }
      writer.list(try encode(text)) { $0.int($1) }
    case "decode":
      guard let decode = services.decode else { throw Refusal("the run has no tokenizer") }
      guard arguments.count == 2, case .bool(let keep) = arguments[1] else { throw Self.wrong }
      writer.text(try decode(try Self.ids(arguments[0]), keep))
    case "log_probabilities":
      try logProbabilities(arguments, into: &writer)
    default:
      throw Refusal("there is no such service")
    }
    return writer
  }

  private func logProbabilities(_ arguments: [JSONTree], into writer: inout JSONWriter) throws {
    guard let compute = services.logProbabilities else { throw Refusal("the run has no model") }
    guard arguments.count == 3, let name = arguments[0].string else { throw Self.wrong }
    let models: [String: HostServices.Model] = ["policy": .policy, "reference": .reference]
    guard let model = models[name] else {
      throw Refusal("there is no model '\(name)', only policy and reference")
    }
    let (context, ids) = (try Self.ids(arguments[1]), try Self.ids(arguments[2]))
    guard !context.isEmpty else { throw Refusal("the context is empty") }
    let values = try compute(model, context, ids)
    writer.list(values) { $0.real(Double($1)) }
  }

  private static let wrong = Refusal("the arguments are wrong")

  private static func ids(_ tree: JSONTree) throws -> [Int32] {
    guard case .array(let values) = tree else { throw wrong }
    return try values.map { value in
      guard let id = value.int64.flatMap({ Int32(exactly: $0) }) else {
        throw Refusal("a token id is \(value.text)")
      }
      return id
    }
  }
}
