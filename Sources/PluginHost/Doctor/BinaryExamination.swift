import CStepwisePlugin

/// Looks at a plugin's binary as auditwheel looks at a wheel: what it needs, what this machine has, what would go wrong. Nothing of
/// it is loaded, no code of it runs.
public struct BinaryExamination {
  /// A library of a sane size.
  private static let sizeLimit = 1 << 30

  let image: ELFImage
  let file: String
  /// The function that must be there.
  let entry: String
  /// Whether it is a plain C function, whose library may export what it likes.
  let isFunction: Bool
  /// Whether it is one of the system's own libraries, which the system answers for.
  let isSystemLibrary: Bool
  /// What the process that loads it has already.
  let process: LibraryClosure?
  let closure: LibraryClosure
  var report: BinaryReport

  /// Examines a library.
  ///
  /// - Parameters:
  ///   - function: the name of the C function, where the manifest says that it is one.
  ///   - isSystemLibrary: whether the manifest names it as a library of the system.
  public static func report(
    on file: String,
    function: String? = nil,
    isSystemLibrary: Bool = false
  ) -> BinaryReport {
    var report = BinaryReport(file: file)
    do {
      let bytes = try Files.read(file, limit: sizeLimit)
      report.size = bytes.count
      report.digest = sha256(bytes)
      let image = try ELFImage(bytes)
      report.pass("file", "a shared library of 64 bits, \(bytes.count) bytes")
      guard image.machine == ELFImage.hostMachine else {
        throw ELFProblem.wrongMachine(found: image.machine, expected: ELFImage.hostMachine)
      }
      var examination = BinaryExamination(
        image,
        file: file,
        function: function,
        isSystemLibrary: isSystemLibrary,
        report: report
      )
      try examination.run()
      return examination.report
    } catch let problem as ELFProblem {
      let check: String
      if case .wrongMachine = problem { check = "machine" } else { check = "file" }
      report.fail(check, problem.description, cure: problem.cure)
    } catch {
      report.fail(
        "file",
        String(describing: error),
        cure: "name a library, a plugin's folder or a manifest"
      )
    }
    return report
  }

  private init(
    _ image: ELFImage,
    file: String,
    function: String?,
    isSystemLibrary: Bool,
    report: BinaryReport
  ) {
    self.image = image
    self.file = file
    self.report = report
    entry = function ?? STEPWISE_PLUGIN_ENTRY
    isFunction = function != nil
    self.isSystemLibrary = isSystemLibrary
    process = LibraryClosure.process
    // A plugin is loaded from a private copy elsewhere: `$ORIGIN` leads to nothing of its own.
    closure = LibraryClosure(of: image, name: file, folder: nil, loaded: process)
  }

  private mutating func run() throws(ELFProblem) {
    report.pass(
      "machine",
      image.machine == 62 ? "x86_64, as this machine" : "aarch64, as this machine"
    )
    checkLibraries()
    try checkVersions()
    try checkSymbols()
    checkRunPath()
    checkMemory()
    try checkSwift()
  }
}
