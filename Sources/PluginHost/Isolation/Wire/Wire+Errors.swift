// Errors that the adapters in the worker throw, on their way to the host.

extension PluginError: WireValue {
  func write(to writer: inout WireWriter) {
    let (code, detail) = problem.wireForm
    writer.number(code)
    writer.value(detail)
    writer.value(plugin)
    writer.value(file)
    writer.value(hook)
    writer.value(message)
    writer.value(cure)
  }

  init(from reader: inout WireReader) throws(WireProblem) {
    let code = try reader.number(UInt8.self)
    let detail = try reader.value(Int32.self)
    guard let problem = Problem(code: code, detail: detail) else {
      throw WireProblem(description: "\(code) is no sort of error")
    }
    self.init(problem, plugin: try reader.value(), "")
    file = try reader.value()
    hook = try reader.value()
    message = try reader.value()
    cure = try reader.value()
  }
}

extension PluginError.Problem {
  /// A code and a number that goes with it.
  fileprivate var wireForm: (UInt8, Int32) {
    switch self {
    case .parameters: return (1, 0)
    case .file: return (2, 0)
    // The ELF checks are made in the host; a worker finds no more than that the entry is missing.
    case .image, .linker: return (3, 0)
    case .handshake: return (4, 0)
    case .refused(let status): return (5, status)
    case .output: return (6, 0)
    case .state: return (7, 0)
    case .manifest: return (8, 0)
    default: return (0, 0)
    }
  }

  /// A worker cannot speak of crashes and time limits: those the host sees.
  fileprivate init?(code: UInt8, detail: Int32) {
    switch code {
    case 0: self = .isolation
    case 1: self = .parameters
    case 2: self = .file
    case 3: self = .linker
    case 4: self = .handshake
    case 5: self = .refused(status: detail)
    case 6: self = .output
    case 7: self = .state
    case 8: self = .manifest
    default: return nil
    }
  }
}
