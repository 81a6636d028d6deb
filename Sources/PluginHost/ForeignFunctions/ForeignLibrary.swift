import Components
import Glibc

/// A function of a library that knows nothing of Stepwise, in this process. The library stays loaded: what it keeps in threads and
/// handlers is not known.
enum ForeignLibrary {
  /// Loads the library and finds the function.
  ///
  /// - Parameter path: the private copy of a plugin's library; for one of the system the file itself, since a second copy of the
  ///   C library beside the first would not work.
  static func function(
    _ symbol: String,
    path: String,
    plugin: String,
    file: String
  ) throws(PluginError) -> UnsafeMutableRawPointer {
    // Constructors may change the floating-point mode; training's bits depend on it.
    let environment = FloatingPointEnvironment()
    defer { environment.restore() }
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw LoadedImage.linkerError(plugin: plugin, file: file)
    }
    guard let function = dlsym(handle, symbol) else {
      let problem = ELFProblem.missingEntry(symbol)
      throw PluginError(
        .image(problem),
        plugin: plugin,
        file: file,
        problem.description,
        cure: problem.cure
      )
    }
    return function
  }
}

/// Why a library cannot be called.
struct FunctionProblem: Error {
  var problem: ELFProblem
  var cure: String
}

extension ELFImage {
  /// Refuses a library that does not have the function.
  func checkFunction(_ symbol: String) throws(FunctionProblem) {
    let symbols: [Symbol]
    do throws(ELFProblem) {
      guard let found = try dynamicSymbols() else { return }
      symbols = found.filter { $0.isDefined && $0.isVisible }
    } catch {
      throw .init(problem: error, cure: error.cure)
    }
    guard let found = symbols.first(where: { $0.name == symbol }) else {
      throw .init(problem: .missingEntry(symbol), cure: Self.cure(symbol, symbols))
    }
    guard found.isFunction else {
      throw .init(problem: .noFunction(symbol), cure: "name a function in 'function.symbol'")
    }
  }

  private static func cure(_ symbol: String, _ symbols: [Symbol]) -> String {
    let functions = symbols.filter(\.isFunction).map(\.name)
    // C++ writes the types into the name: 5score of _Z5scorePKc.
    if let mangled = functions.first(where: { $0.contains("_Z\(symbol.utf8.count)\(symbol)") }) {
      return "declare it extern \"C\"; it is exported as \(mangled)"
    }
    if let near = nearestName(to: symbol, among: functions) { return "did you mean '\(near)'?" }
    let names = functions.sorted().prefix(8).joined(separator: ", ")
    return names.isEmpty
      ? "define it, and compile without -fvisibility=hidden"
      : "it exports \(names)\(functions.count > 8 ? " and \(functions.count - 8) more" : "")"
  }
}
