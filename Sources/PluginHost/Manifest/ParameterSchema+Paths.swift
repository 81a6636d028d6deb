import Components
import Glibc

extension ParameterSchema {
  /// A complete object in which each `format: path` value is an absolute path of something that is there.
  ///
  /// - Parameters:
  ///   - resolved: what `resolve` gave.
  ///   - base: where relative paths start; an absolute path.
  ///   - old: values that were brought to absolute paths before; what is equal in them is not looked at again, since the file
  ///     may have done its duty and be gone.
  func resolvePaths(
    in resolved: ParameterValue,
    from base: String,
    except old: ParameterValue = .null
  ) throws(ParameterProblem) -> ParameterValue {
    guard case .object(var entries) = resolved else { return resolved }
    for (index, entry) in entries.enumerated() {
      guard let parameter = self[entry.key], parameter.format == .path,
        entry.value != old[entry.key],
        case .string(let path) = entry.value
      else { continue }
      let absolute = try parameter.absolutePath(path, from: base)
      entries[index] = ParameterEntry(entry.key, .string(absolute))
    }
    return .object(entries)
  }
}

extension ParameterSchema.Parameter {
  fileprivate func absolutePath(
    _ path: String,
    from base: String
  ) throws(ParameterProblem) -> String {
    func problem(_ message: String, _ cure: String) -> ParameterProblem {
      let value = ParameterValue.string(path).json
      return ParameterProblem(key: name, message: "is \(value)\(message)", cure: cure)
    }
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw problem("", "give \(expectation)")
    }
    guard let absolute = Files.absolute(path, from: base) else {
      throw problem(", and there is no home folder", "set HOME, or give an absolute path")
    }
    guard access(absolute, F_OK) == 0 else {
      let reason = String(cString: strerror(errno))
      throw problem(
        ", and \(absolute) cannot be found: \(reason)",
        path == absolute
          ? "give the path of a file that is there"
          : "put the file there, or give its absolute path; relative ones start in \(base)"
      )
    }
    return absolute
  }
}
