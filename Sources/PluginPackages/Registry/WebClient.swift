import Glibc
import PluginHost

/// Gets files over HTTP with the `curl` program, which every Debian has and which brings the system's certificates and proxies.
/// (FoundationNetworking would add its own libcurl to every start of the program, for a command that few use.)
struct WebClient: Sendable {
  /// Seconds without an end after which a download is given up.
  var patience = 300
  /// Where programs are looked for.
  var searchPath = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"

  static func handles(_ place: String) -> Bool {
    let lower = place.lowercased()
    return lower.hasPrefix("http://") || lower.hasPrefix("https://")
  }

  /// The bytes at an address; `nil` where the server says that there is nothing (404, 410).
  ///
  /// - Parameter limit: more bytes than this are an error, whatever the server announced.
  func get(_ url: String, limit: Int) throws -> [UInt8]? {
    guard let program else {
      throw PackageError(
        .registry,
        url,
        "there is no curl program",
        cure: "install it (apt-get install curl), or give a folder"
      )
    }
    let isSecure = url.lowercased().hasPrefix("https://")
    let arguments = [
      // Before anything else: no .curlrc of the user's.
      "--disable", "--silent", "--show-error", "--location", "--max-redirs", "5",
      "--proto", "=http,https", "--proto-redir", isSecure ? "=https" : "=http,https",
      "--max-time", String(patience), "--connect-timeout", "20",
      // The status comes last, behind a newline; a page that says "not found" is not the file.
      "--write-out", "\n%{http_code}", "--url", url,
    ]
    let (output, errors, exit) = try run(program, arguments, limit: limit + 16, url: url)
    guard exit == .exited(0) else {
      let reason = errors.isEmpty ? "\(exit)" : errors
      throw PackageError(.registry, url, reason, cure: "check the address and the network")
    }
    guard let newline = output.lastIndex(of: 0x0A) else {
      throw PackageError(.registry, url, "curl gave no status")
    }
    let status = String(decoding: output[(newline + 1)...], as: UTF8.self)
    switch status {
    case "200": break
    case "404", "410": return nil
    default:
      throw PackageError(.registry, url, "the server answers \(status)", cure: "check the address")
    }
    guard newline <= limit else { throw Self.tooLarge(url, limit) }
    return Array(output[..<newline])
  }

  private static func tooLarge(_ url: String, _ limit: Int) -> PackageError {
    PackageError(
      .registry,
      url,
      "it has more than \(limit) bytes",
      cure: "the index is old or the server lies: tell who keeps the registry"
    )
  }

  private var program: String? {
    searchPath.split(separator: ":").map { "\($0)/curl" }.first { access($0, X_OK) == 0 }
  }

  /// Runs curl and takes what it writes, up to a limit.
  private func run(
    _ program: String,
    _ arguments: [String],
    limit: Int,
    url: String
  ) throws -> (output: [UInt8], errors: String, exit: ChildProcess.Exit) {
    let (child, output, errors) = try start(program, arguments)
    var texts: [Int32: [UInt8]] = [:]
    var open = [output.number, errors.number]
    // curl keeps its own time; this is for one that does not.
    let deadline = ContinuousClock.now + .seconds(patience + 10)
    while !open.isEmpty {
      guard ContinuousClock.now < deadline else {
        child.kill()
        throw PackageError(.registry, url, "no end after \(patience) s", cure: "try again")
      }
      var entries = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard poll(&entries, nfds_t(entries.count), 1000) > 0 else { continue }
      for entry in entries where entry.revents != 0 {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(entry.fd, &chunk, chunk.count)
        if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
        if count <= 0 {
          open.removeAll { $0 == entry.fd }
          continue
        }
        texts[entry.fd, default: []].append(contentsOf: chunk[..<count])
        if texts[entry.fd]!.count > limit {
          child.kill()
          throw Self.tooLarge(url, limit - 16)
        }
      }
    }
    let exit = child.wait(timeout: .seconds(10)) ?? child.kill()
    let message = String(decoding: texts[errors.number] ?? [], as: UTF8.self)
      .split(separator: "\n").joined(separator: "; ")
    withExtendedLifetime((output, errors)) {}
    return (texts[output.number] ?? [], message, exit)
  }

  /// Starts curl; its output and its messages. The writing ends are the child's alone once this returns: else no pipe would end.
  private func start(
    _ program: String,
    _ arguments: [String]
  ) throws -> (child: ChildProcess, output: Descriptor, errors: Descriptor) {
    let output = try Descriptor.pipe()
    let errors = try Descriptor.pipe()
    let child = try ChildProcess(
      ChildProcess.Launch(
        executable: program,
        arguments: arguments,
        descriptors: [1: output.write, 2: errors.write]
      )
    )
    return (child, output.read, errors.read)
  }
}
