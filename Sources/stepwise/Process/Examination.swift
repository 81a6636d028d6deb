import Glibc
import PluginHost
import RunStore
import Tensors

/// One thing that `doctor` looked at.
struct Finding: Equatable {
  enum Verdict: String {
    case good
    case notice
    case failed
  }

  var verdict: Verdict
  var subject: String
  var message: String
}

/// What `doctor` looks at.
enum Examination {
  static func all(
    environment: (String) -> String? = TerminalDevice.environment
  ) -> [Finding] {
    [cpu(), kernels(), openBLAS(), coreTypeVariable(environment)].compactMap { $0 }
      + plugins() + [disk()]
  }

  private static func cpu() -> Finding {
    let host = HostDescription.current()
    return Finding(
      verdict: .good,
      subject: "processor",
      message: "\(host.cpu), \(host.cpus) CPUs, \(host.architecture), \(host.system)"
    )
  }

  /// The builtin kernels, with the instruction set that they use here.
  private static func kernels() -> Finding {
    do {
      let numerics = try CPUBackend().numerics
      return Finding(
        verdict: numerics.kernelLevel == CPUOptions.KernelLevel.baseline.rawValue ? .notice : .good,
        subject: "kernels",
        message: "\(numerics.provider) version \(numerics.version), level \(numerics.kernelLevel), "
          + "\(numerics.threads) threads"
      )
    } catch {
      return Finding(verdict: .failed, subject: "kernels", message: "\(error)")
    }
  }

  private static func openBLAS() -> Finding {
    do {
      let options = CPUOptions(matrixProvider: .openBLAS)
      let numerics = try CPUBackend(threads: 1, options: options).numerics
      return Finding(
        verdict: .good,
        subject: "OpenBLAS",
        message: "core type \(numerics.coreType), \(numerics.version)"
      )
    } catch {
      // The default needs no OpenBLAS: its absence limits a choice, it breaks nothing.
      return Finding(verdict: .notice, subject: "OpenBLAS", message: "\(error)")
    }
  }

  static func coreTypeVariable(_ environment: (String) -> String?) -> Finding? {
    guard let type = environment("OPENBLAS_CORETYPE"), !type.isEmpty else { return nil }
    return Finding(
      verdict: .notice,
      subject: "OPENBLAS_CORETYPE",
      message:
        "set to \(type) in the environment. Stepwise ignores it, so that the environment cannot "
        + "change a run's bits; other programs that use OpenBLAS may run at half their speed under it "
        + "(measured for Haswell kernels on an AVX-512 processor). To choose kernels for a run, set "
        + "numerics.openblas_coretype."
    )
  }

  private static func plugins() -> [Finding] {
    let paths = ProcessPaths.pluginSearchPaths
    let catalog = PluginCatalog.standard
    let all = catalog.list()
    let usable = all.filter { $0.libraryFile != nil }
    let count = Finding(
      verdict: usable.isEmpty ? .failed : .good,
      subject: "plugins",
      message: usable.isEmpty
        ? "none in \(paths.isEmpty ? "the usual places" : paths.joined(separator: ", ")). Build them "
          + "with `make build`, or set STEPWISE_PLUGIN_PATH."
        : "\(usable.count) in \(paths.joined(separator: ", "))"
    )
    let broken = catalog.problems.map {
      Finding(verdict: .failed, subject: "plugins", message: "\($0)")
    }
    let missing = all.filter { $0.libraryFile == nil }.map {
      Finding(
        verdict: .notice,
        subject: "plugins",
        message: "\($0.id): no library for this machine (\($0.manifestFile))"
      )
    }
    return [count] + broken + missing
  }

  private static func disk() -> Finding {
    var status = statvfs()
    let path = ProcessPaths.workingDirectory
    guard statvfs(path, &status) == 0 else {
      return Finding(
        verdict: .failed,
        subject: "disk",
        message: "\(path): \(String(cString: strerror(errno)))"
      )
    }
    let free = Double(status.f_bavail) * Double(status.f_frsize)
    let isLow = free < 1e9
    return Finding(
      verdict: isLow ? .notice : .good,
      subject: "disk",
      message: "\(NumberText.fixed(free / 1e9, 1)) GB free for runs in \(path)"
        + (isLow ? "; a checkpoint takes twelve bytes for each parameter" : "")
    )
  }
}
