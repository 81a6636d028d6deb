import CStepwisePlugin
import Glibc
import Synchronization

/// A library that is mapped into this process, past its handshake. It is never unloaded: the host crashed in Swift's protocol
/// lookup after every dlclose of an image that held Swift.
///
/// Unchecked because the tables behind the pointers are constant for the life of the process.
final class LoadedImage: @unchecked Sendable {
  /// The digest of its bytes.
  let digest: String
  /// The copy that was loaded.
  let path: String
  /// The plugin's table, zero where the plugin's ends.
  let plugin: stepwise_plugin
  /// Copies of the factories.
  let factories: [FactoryTable]

  private init(digest: String, path: String, plugin: stepwise_plugin, factories: [FactoryTable]) {
    self.digest = digest
    self.path = path
    self.plugin = plugin
    self.factories = factories
  }

  /// A factory as the plugin made it. The plugin is called with its own pointer; the host reads its own copy.
  struct FactoryTable {
    let original: UnsafePointer<stepwise_factory>
    let table: stepwise_factory
    let id: String
  }

  /// How many libraries a process loads at most; 400 copies of a small one took 17 MB together.
  private static let imageLimit = 256
  private static let loaded = Mutex<[String: LoadedImage]>([:])

  /// Loads a copy from the store, or answers with the image of the same bytes that is already there.
  ///
  /// - Parameters:
  ///   - path: the copy.
  ///   - digest: that of its bytes.
  ///   - plugin: the manifest's id, for messages.
  ///   - file: where the library came from, for messages.
  static func load(
    path: String,
    digest: String,
    plugin: String,
    file: String
  ) throws(PluginError) -> LoadedImage {
    let result = loaded.withLock { images -> Result<LoadedImage, PluginError> in
      if let image = images[digest] { return .success(image) }
      guard images.count < imageLimit else {
        return .failure(
          PluginError(
            .linker,
            plugin: plugin,
            file: file,
            "this process has already loaded \(imageLimit) libraries",
            cure: "restart it; `train --resume` goes on where it was"
          )
        )
      }
      do throws(PluginError) {
        let image = try open(path: path, digest: digest, plugin: plugin, file: file)
        images[digest] = image
        return .success(image)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Whether another build of a component is in this process already.
  static func hasAnotherBuild(of component: String, than digest: String) -> Bool {
    loaded.withLock { images in
      images.contains { $0.key != digest && $0.value.factories.contains { $0.id == component } }
    }
  }

  private static func open(
    path: String,
    digest: String,
    plugin: String,
    file: String
  ) throws(PluginError) -> LoadedImage {
    // Constructors may change the floating-point mode (-ffast-math sets flush-to-zero); training's bits depend on it.
    let environment = FloatingPointEnvironment()
    defer { environment.restore() }
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw linkerError(plugin: plugin, file: file)
    }
    guard let symbol = dlsym(handle, STEPWISE_PLUGIN_ENTRY) else {
      let problem = ELFProblem.missingEntry(STEPWISE_PLUGIN_ENTRY)
      throw PluginError(
        .image(problem),
        plugin: plugin,
        file: file,
        problem.description,
        cure: problem.cure
      )
    }
    let entry = unsafeBitCast(symbol, to: EntryFunction.self)
    let handshake = Handshake(plugin: plugin, file: file)
    let table = try handshake.check(entry())
    return LoadedImage(
      digest: digest,
      path: path,
      plugin: table,
      factories: try handshake.factories(of: table)
    )
  }

  private typealias EntryFunction = @convention(c) () -> UnsafeRawPointer?

  /// What the dynamic linker said last, as an error.
  static func linkerError(plugin: String, file: String) -> PluginError {
    let text = dlerror().map { String(cString: $0) } ?? "unknown error"
    let marker = "undefined symbol: "
    if let range = text.utf8Range(of: marker) {
      let symbol = text[range.upperBound...].prefix { $0 != " " && $0 != "," }
      return PluginError(
        .linker,
        plugin: plugin,
        file: file,
        "it needs the symbol \(symbol), which nothing defines",
        cure: "link the library that defines it; the host exports none"
      )
    }
    return PluginError(
      .linker,
      plugin: plugin,
      file: file,
      "the dynamic linker says: \(text)",
      cure: "check what it needs with `ldd \(file)`"
    )
  }
}

extension String {
  /// Where an ASCII text first occurs, byte by byte.
  fileprivate func utf8Range(of text: String) -> Range<String.Index>? {
    let pattern = Array(text.utf8)
    var start = utf8.startIndex
    while start != utf8.endIndex {
      if utf8[start...].starts(with: pattern) {
        return start..<utf8.index(start, offsetBy: pattern.count)
      }
      start = utf8.index(after: start)
    }
    return nil
  }
}

/// What the log says of a function that leaves another floating-point mode, after the function's name.
package let floatingPointWarning = "left the floating-point mode changed; it was put back"

/// The floating-point mode of this thread, to be put back after foreign code ran.
struct FloatingPointEnvironment {
  private var environment = fenv_t()

  init() { fegetenv(&environment) }

  /// Puts the mode back.
  ///
  /// - Returns: whether it was another one: rounding, flushing to zero or traps, not the flags that any division sets.
  @discardableResult
  func restore() -> Bool {
    let left = FloatingPointEnvironment()
    _ = withUnsafePointer(to: environment) { fesetenv($0) }
    return left.mode != mode
  }

  private var mode: UInt64 {
    #if arch(x86_64)
    // The lower 6 bits of MXCSR are the exceptions seen so far.
    UInt64(environment.__mxcsr & ~0x3F) << 32 | UInt64(environment.__control_word)
    #elseif arch(arm64)
    UInt64(environment.__fpcr)
    #endif
  }
}
