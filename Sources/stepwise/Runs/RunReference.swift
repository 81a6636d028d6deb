import Components
import Foundation
import Glibc
import RunStore

/// A run as people name it on a command line.
///
/// In this order: `latest` is the run below ./runs that was begun or gone on with last; a text with a slash, `.` or `..` is a
/// directory; any other is the run of that name below ./runs, or else the directory of that name. A run that is itself called
/// `latest` is `runs/latest`.
struct RunReference: Equatable {
  /// The run's directory, absolute. It holds a config.yaml; whether the run is going is not known.
  let url: URL

  /// The path as people would type it.
  var shown: String { ProcessPaths.shown(url) }

  /// The word that stands for the newest run.
  static let latest = "latest"
  /// Where `stepwise train` makes runs that name no output_dir.
  static let base = "runs"

  /// Finds the run.
  ///
  /// - Throws: `UsageError` that says what is there instead.
  init(_ text: String) throws {
    do {
      url = try Self.directory(text)
    } catch {
      throw UsageError(error: error)
    }
  }

  private init(url: URL) { self.url = url }

  /// Every run below ./runs, the one that was begun or gone on with last first.
  static func all() -> [RunReference] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
    let runs = names.compactMap { name -> (url: URL, name: String, start: String)? in
      let path = "\(base)/\(name)"
      guard (try? isRun(path)) == true else { return nil }
      return (absolute(path), name, lastStart(path))
    }
    // Runs of one second are told apart by their numbers: kk, kk-2, kk-10.
    let newestFirst = runs.sorted {
      $0.start != $1.start
        ? $0.start > $1.start : $0.name.compare($1.name, options: .numeric) == .orderedDescending
    }
    return newestFirst.map { RunReference(url: $0.url) }
  }

  private static func directory(_ text: String) throws(Failure) -> URL {
    if text.isEmpty { throw Failure(text, "the name of a run is empty", cure: choices(text)) }
    if text == latest {
      guard let newest = all().first else {
        throw Failure(
          text,
          "there is no run below \(base)/ here",
          cure: "Begin one with `stepwise train`, or name a run's directory."
        )
      }
      return newest.url
    }
    let isPath = text.contains("/") || text == "." || text == ".."
    let candidates = isPath ? [text] : ["\(base)/\(text)", text]
    for path in candidates where try isRun(path) { return absolute(path) }
    if let there = candidates.first(where: exists) {
      throw Failure(
        there,
        "no run here (config.yaml is missing)",
        cure: "Name a directory that `stepwise train` made. \(choices(text))"
      )
    }
    throw Failure(
      text,
      isPath ? "there is no such directory" : "there is no run of this name below \(base)/",
      cure: choices(text)
    )
  }

  private static func absolute(_ path: String) -> URL {
    URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL
  }

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private static func isRun(_ path: String) throws(Failure) -> Bool {
    var status = stat()
    if stat("\(path)/config.yaml", &status) == 0 { return true }
    let code = errno
    if code == ENOENT || code == ENOTDIR { return false }
    throw Failure(
      path,
      "cannot look into it: \(String(cString: strerror(code)))",
      cure: code == EACCES
        ? "A run belongs to the user who began it: ask them, or do this as that user."
        : "Check the path."
    )
  }

  /// When the run was begun or gone on with last, ISO 8601 in UTC, which sorts by time. Where provenance.json does not say, the
  /// folder's own time stands in.
  private static func lastStart(_ path: String) -> String {
    let file = URL(filePath: "\(path)/provenance.json")
    if let data = try? Data(contentsOf: file),
      let starts = try? JSONDecoder().decode(Starts.self, from: data)
    {
      return ([starts.startedAt] + (starts.resumptions ?? []).map(\.at)).max() ?? starts.startedAt
    }
    var status = stat()
    guard stat(path, &status) == 0 else { return "" }
    let date = Date(timeIntervalSince1970: Double(status.st_mtim.tv_sec))
    return date.formatted(.iso8601)
  }

  /// The part of provenance.json that is needed here; a run of a newer Stepwise may hold more.
  private struct Starts: Decodable {
    struct Resumption: Decodable { var at: String }
    var startedAt: String
    var resumptions: [Resumption]?
  }

  /// What may have been meant: the nearest names, or else the newest runs.
  private static func choices(_ text: String) -> String {
    var names = all().map(\.url.lastPathComponent)
    guard !names.isEmpty else {
      return "There are no runs below \(base)/ here: name a run's directory, or begin one with "
        + "`stepwise train`."
    }
    let wanted = text.split(separator: "/").last.map(String.init) ?? text
    var nearest: [String] = []
    let candidates = names + [latest]
    while nearest.count < 3,
      let name = nearestName(to: wanted, among: candidates.filter { !nearest.contains($0) })
    {
      nearest.append(name)
    }
    if !nearest.isEmpty { return "Did you mean \(nearest.joined(separator: ", "))?" }
    let count = names.count
    names = Array(names.prefix(5))
    let more = count > names.count ? ", and \(count - names.count) more" : ""
    return "The runs below \(base)/, newest first: \(names.joined(separator: ", "))\(more)."
  }

  /// Why a text names no run.
  struct Failure: Error, Equatable, CustomStringConvertible {
    var subject: String
    var problem: String
    var cure: String

    init(_ subject: String, _ problem: String, cure: String) {
      self.subject = subject
      self.problem = problem
      self.cure = cure
    }

    var description: String { "\(subject.isEmpty ? "RUN" : subject): \(problem).\n\(cure)" }
  }
}
