import Components

/// What a host asks of a worker; the first byte of its frames.
enum WorkerOperation: UInt8, WireValue {
  /// Load this component: the first frame of all.
  case start = 1
  /// Map the memory that comes along.
  case map
  case score
  case answers
  case examples
  case beginEpoch
  case beginStep
  case shapeRollout
  case route
  case advantages
  case stepWeights
  case tokenWeights
  case endStep
  case saveState
  case loadState
  case reconfigure

  /// The plugin's function, as messages call it.
  var hook: String {
    switch self {
    case .start: return "init"
    case .map, .score: return "score"
    case .answers: return "answers"
    case .examples: return "read"
    case .beginEpoch: return "begin_epoch"
    case .beginStep: return "begin_step"
    case .shapeRollout: return "shape_rollout"
    case .route: return "route"
    case .advantages: return "advantages"
    case .stepWeights: return "step_weights"
    case .tokenWeights: return "token_weights"
    case .endStep: return "end_step"
    case .saveState: return "save"
    case .loadState: return "load"
    case .reconfigure: return "reconfigure"
    }
  }
}

/// What a worker sends; the first byte of its frames.
enum WorkerReply: UInt8, WireValue {
  /// The call is over: a footer, then what the operation answers.
  case result = 1
  /// The call is over: a footer, then a PluginError.
  case failure
  /// The plugin needs the host: a service, answered by one frame.
  case service
  /// A line of the log; nothing is answered.
  case log
  /// A number; nothing is answered.
  case metric
}

/// Which service a plugin needs.
enum WorkerService: UInt8, WireValue {
  case isCancelled = 1
  case encode
  case decode
  case logProbabilities
  /// A uniform draw of the context at hand.
  case draw
}

/// What comes with the end of each call.
struct CallFooter: WireValue {
  /// The most memory that the worker ever had, bytes.
  var peakMemory: Int
  /// The component's state, when it is not what it was at the last call.
  var state: [UInt8]?

  init(peakMemory: Int, state: [UInt8]?) {
    self.peakMemory = peakMemory
    self.state = state
  }

  func write(to writer: inout WireWriter) {
    writer.number(peakMemory)
    writer.value(state != nil)
    if let state { state.withUnsafeBytes { writer.raw($0) } }
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    peakMemory = try reader.number()
    state = try reader.value(Bool.self) ? try reader.raw() : nil
  }
}

/// What a worker needs to know to bring a component to life.
struct WorkerStart: WireValue {
  var plugin: LoadedPlugin
  var component: PluginManifest.Component
  /// How it is called, where it is a C function; a plugin has nothing of the sort.
  var function: FunctionSignature?
  /// Nanoseconds that a call may take.
  var callBudget: UInt64
  var hasEncode: Bool
  var hasDecode: Bool
  var hasLogProbabilities: Bool
  /// To go on from.
  var state: [UInt8]?

  init(
    _ request: ComponentRequest,
    parameters: ParameterValue,
    callBudget: Duration,
    state: [UInt8]?
  ) {
    plugin = request.plugin
    plugin.parameters = parameters
    component = request.component
    if case .cFunction(let signature) = request.runtime { function = signature }
    let (seconds, attoseconds) = callBudget.components
    self.callBudget = UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    hasEncode = request.services.encode != nil
    hasDecode = request.services.decode != nil
    hasLogProbabilities = request.services.logProbabilities != nil
    self.state = state
  }

  func write(to writer: inout WireWriter) {
    writer.value(plugin.identity.id)
    writer.value(plugin.identity.version)
    writer.value(plugin.identity.digest)
    writer.value(plugin.kind.rawValue)
    for text in [
      plugin.label, plugin.manifestFile, plugin.manifestDigest, plugin.libraryFile,
      plugin.imageFile,
    ] {
      writer.value(text)
    }
    writer.value(plugin.parameters)
    writer.value(component.id)
    writer.value(component.needs.rawValue)
    writer.value(component.measures != nil)
    if let measures = component.measures {
      writer.value(measures.name)
      writer.value(measures.minimum)
      writer.value(measures.maximum)
      writer.value(measures.successThreshold)
      writer.value(measures.columns)
    }
    writer.value(function)
    writer.value(callBudget)
    for flag in [hasEncode, hasDecode, hasLogProbabilities] { writer.value(flag) }
    writer.value(state)
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    let identity = ComponentIdentity(
      id: try reader.value(),
      version: try reader.value(),
      digest: try reader.value()
    )
    let name = try reader.value(String.self)
    guard let kind = ComponentKind(rawValue: name) else {
      throw WireProblem(description: "\(name) is no kind of component")
    }
    plugin = LoadedPlugin(
      identity: identity,
      kind: kind,
      label: try reader.value(),
      manifestFile: try reader.value(),
      manifestDigest: try reader.value(),
      libraryFile: try reader.value(),
      imageFile: try reader.value(),
      parameters: try reader.value()
    )
    component = PluginManifest.Component(
      kind: kind,
      id: try reader.value(),
      summary: "",
      // Parameters were checked by the host, and so are their changes.
      parameters: ParameterSchema([]),
      measures: nil,
      needs: StrategyRequirements(rawValue: try reader.value()),
      example: .null
    )
    if try reader.value(Bool.self) {
      component.measures = PluginManifest.Measures(
        name: try reader.value(),
        minimum: try reader.value(),
        maximum: try reader.value(),
        successThreshold: try reader.value(),
        columns: try reader.value()
      )
    }
    function = try reader.value()
    callBudget = try reader.value()
    hasEncode = try reader.value()
    hasDecode = try reader.value()
    hasLogProbabilities = try reader.value()
    state = try reader.value()
  }
}
