import StepwisePlugin

/// Comma-separated values after RFC 4180: fields in double quotes may hold commas, line breaks and doubled quotes; the first record
/// names the columns.
struct CSV: Sendable {
  /// The columns' names, in order.
  let header: [String]
  /// Where the records lie, the header not among them.
  let records: [LineIndex.Line]
  private let delimiter: UInt8

  /// Finds the records of a file.
  ///
  /// - Throws: `PluginFailure` with file and line where a quote is not closed or the header is unusable.
  init(_ bytes: [UInt8], delimiter: UInt8, path: String) throws {
    self.delimiter = delimiter
    var all: [LineIndex.Line] = []
    // The byte-order mark that spreadsheets write.
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var (position, line, firstLine, isQuoted) = (start, 1, 1, false)
    func close(at end: Int) {
      let isBlank = bytes[start..<end].allSatisfy { $0 == 0x0D }
      if !isBlank { all.append(.init(range: start..<end, number: firstLine)) }
    }
    while position < bytes.count {
      switch bytes[position] {
      // A doubled quote closes and opens: the state is the same after it.
      case Self.quote: isQuoted.toggle()
      case 0x0A:
        line += 1
        if !isQuoted {
          close(at: position)
          start = position + 1
          firstLine = line
        }
      default: break
      }
      position += 1
    }
    if isQuoted {
      throw PluginFailure(
        .data,
        "\(path):\(firstLine): a quote is opened and never closed; double a quote that is part of a "
          + "field, and quote the whole field"
      )
    }
    close(at: bytes.count)
    guard let first = all.first else {
      throw PluginFailure(
        .data,
        "\(path): the file has no row; give a file with a line of column names and rows"
      )
    }
    header = try Self.fields(
      bytes[first.range],
      delimiter: delimiter,
      place: "\(path):\(first.number)"
    ).map(\.text)
    records = Array(all.dropFirst())
    for (index, name) in header.enumerated() {
      if name.isEmpty || header[..<index].contains(where: { same($0, name) }) {
        throw PluginFailure(
          .data,
          "\(path):\(first.number): the name of column \(index + 1) is "
            + (name.isEmpty ? "empty" : "'\(name)' again")
            + "; the first line must name every column, each once"
        )
      }
    }
  }

  /// The columns of one record. An empty field without quotes is no value; a cell that holds a list or an object in JSON, as a
  /// column of messages does, is read as such where `parsed` names it.
  func members(
    _ record: ArraySlice<UInt8>,
    place: String,
    parsed: [String]
  ) throws -> [JSON.Member] {
    let fields = try Self.fields(record, delimiter: delimiter, place: place)
    guard fields.count == header.count else {
      throw PluginFailure(
        .data,
        "\(place): the row has \(fields.count) fields, the first line names \(header.count); quote a "
          + "field that holds the delimiter, or a line break"
      )
    }
    return try zip(header, fields).map { name, field in
      var value = JSON.string(field.text)
      if field.text.isEmpty, !field.isQuoted {
        value = .null
      } else if parsed.contains(where: { same($0, name) }), field.text.first == "[" {
        do {
          value = try JSON(parsing: field.text)
        } catch let failure as PluginFailure {
          throw PluginFailure(
            .data,
            "\(place): column '\(name)': \(failure.message); write the turns as a JSON list"
          )
        }
      }
      return JSON.Member(key: name, value: value)
    }
  }

  private static let quote = UInt8(ascii: "\"")

  private static func fields(
    _ record: ArraySlice<UInt8>,
    delimiter: UInt8,
    place: String
  ) throws -> [(text: String, isQuoted: Bool)] {
    var record = record
    if record.last == 0x0D { record.removeLast() }
    var fields: [(text: String, isQuoted: Bool)] = []
    var position = record.startIndex
    while true {
      var field: [UInt8] = []
      let isQuoted = position < record.endIndex && record[position] == quote
      if isQuoted {
        position += 1
        while position < record.endIndex {
          if record[position] == quote {
            position += 1
            guard position < record.endIndex, record[position] == quote else { break }
          }
          field.append(record[position])
          position += 1
        }
      } else {
        while position < record.endIndex, record[position] != delimiter {
          if record[position] == quote {
            throw PluginFailure(
              .data,
              "\(place): field \(fields.count + 1) has a quote inside but does not begin with one; "
                + "quote the whole field and double the quotes in it"
            )
          }
          field.append(record[position])
          position += 1
        }
      }
      guard let text = String(validating: field, as: UTF8.self) else {
        throw PluginFailure(
          .data,
          "\(place): field \(fields.count + 1) is not UTF-8; convert the file, for example with "
            + "iconv -t UTF-8"
        )
      }
      fields.append((text, isQuoted))
      guard position < record.endIndex else { return fields }
      guard record[position] == delimiter else {
        throw PluginFailure(
          .data,
          "\(place): field \(fields.count) goes on after its closing quote; double a quote that is "
            + "part of the field"
        )
      }
      position += 1
    }
  }
}
