import Glibc

/// Files with one record a line, read while another process may be adding to them.
public enum RecordFile {
  /// Every whole line of a file, in order. A last line without its end is still being written, or was torn by a power cut: it is
  /// left out.
  ///
  /// - Returns: `nil` where there is no such file.
  /// - Throws: `RunStoreError.damaged` with file and line where a whole line is not a record.
  public static func records(at path: String) throws -> [Record]? {
    guard Files.size(path) != nil else { return nil }
    let bytes = try Files.read(path)
    let end = bytes.lastIndex(of: newline).map { $0 + 1 } ?? 0
    return try records(of: bytes[..<end], path: path)
  }

  /// The last whole line, read from the end of the file: quick for files of any length.
  ///
  /// - Returns: `nil` where there is no file or no line.
  public static func lastRecord(at path: String) throws -> Record? {
    guard let size = Files.size(path), size > 0 else { return nil }
    let descriptor = try Files.openFile(path, O_RDONLY)
    defer { close(descriptor) }
    var length = 1 << 14
    while true {
      let start = max(0, size - length)
      let bytes = try read(descriptor, start..<size, path: path)
      if let end = bytes.lastIndex(of: newline) {
        let before = bytes[..<end].lastIndex(of: newline)
        // The line must begin in what was read.
        if before != nil || start == 0 {
          return try record(bytes[(before.map { $0 + 1 } ?? 0)..<end], place: "the last line", path)
        }
      } else if start == 0 {
        return nil
      }
      length *= 4
    }
  }

  /// One line.
  ///
  /// - Throws: `RunStoreError.damaged` where it is not a record.
  public static func record(of line: some Sequence<UInt8>, path: String = "") throws -> Record {
    try record(Array(line)[...], place: "the line", path)
  }

  private static let newline = UInt8(ascii: "\n")

  static func records(of bytes: ArraySlice<UInt8>, path: String) throws -> [Record] {
    try bytes.split(separator: newline).enumerated().map {
      try record($1, place: "line \($0 + 1)", path)
    }
  }

  private static func record(
    _ line: ArraySlice<UInt8>,
    place: String,
    _ path: String
  ) throws -> Record {
    do throws(JSONReader.Failure) {
      guard case .object(let fields) = try JSONReader.value(line) else {
        throw JSONReader.Failure(offset: 0, reason: "not a record")
      }
      return Record(fields)
    } catch {
      throw RunStoreError.damaged(
        path: path,
        reason: "\(place), byte \(error.offset): \(error.reason)"
      )
    }
  }

  private static func read(_ descriptor: Int32, _ range: Range<Int>, path: String) throws -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + done, $0.count - done, off_t(range.lowerBound + done))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw RunStoreError.system(operation: "read", path: path, code: errno)
      }
      if count == 0 { break }
      done += count
    }
    return Array(bytes[..<done])
  }
}
