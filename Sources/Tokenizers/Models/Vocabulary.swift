/// A model's tokens and ids as the file has them.
struct Vocabulary: Sendable {
  private var table: ByteTable
  /// Entry of each id, -1 for an id without a token.
  private var entryOfID: [Int32] = []
  /// Number of tokens as the library counts them: in a list a token may stand twice.
  private(set) var size = 0

  /// Reads the `vocab` object of a BPE or WordLevel model.
  init(_ node: JSONNode) throws(TokenizerError) {
    let members = try node.object().members
    table = ByteTable(minimumCapacity: members.count)
    // Ids are dense in every real file; a wild one must not make us allocate gigabytes.
    let limit = members.count * 4 + 1_000_000
    for (token, value) in members {
      // Made only where it is needed: there are 150,000 tokens.
      func place() -> JSONNode {
        JSONNode(value, path: "\(node.path)[\"\(token)\"]", file: node.file)
      }
      guard case .int(let number) = value, let id = Int32(exactly: number), id >= 0 else {
        _ = try place().tokenID()
        continue
      }
      guard id < limit else {
        throw place().failure(
          "the id is far beyond the number of tokens, \(members.count)",
          value: String(id),
          cure: "Renumber the vocabulary from 0"
        )
      }
      if let other = self.token(id), !other.elementsEqual(token.utf8) {
        throw place().failure(
          "the id is also that of \"\(String(decoding: other, as: UTF8.self))\"",
          value: String(id),
          cure: "Give each token an id of its own"
        )
      }
      guard add(token, id) else {
        throw place().failure(
          "the token appears twice",
          value: String(id),
          cure: "Keep one of the two entries"
        )
      }
    }
    size = table.count
  }

  /// Takes the tokens of a list: their places are their ids, and of two equal ones the later counts.
  init(list: [String]) {
    table = ByteTable(minimumCapacity: list.count)
    entryOfID.reserveCapacity(list.count)
    for (id, token) in list.enumerated() {
      let before = table.count
      let earlier = table.find(token)
      table.insert(token, Int32(id))
      entryOfID.append(earlier.map { entryOfID[Int($0)] } ?? Int32(before))
    }
    size = list.count
  }

  /// False where the token is there already.
  private mutating func add(_ token: String, _ id: Int32) -> Bool {
    let before = table.count
    table.insert(token, id)
    guard table.count > before else { return false }
    if Int(id) >= entryOfID.count {
      entryOfID.append(
        contentsOf: repeatElement(-1, count: Int(id) + 1 - entryOfID.count)
      )
    }
    entryOfID[Int(id)] = Int32(before)
    return true
  }

  /// One more than the largest id.
  var idLimit: Int { entryOfID.count }

  /// Whether a token satisfies `predicate`.
  func contains(where predicate: (Bytes) -> Bool) -> Bool {
    (0..<table.count).contains { entry in
      table.key(entry).withUnsafeBufferPointer { predicate($0) }
    }
  }

  @inline(__always)
  func id(_ token: Bytes) -> Int32? { table.find(token) }
  func id(_ token: [UInt8]) -> Int32? { table.find(token) }
  func id(_ token: String) -> Int32? { table.find(token) }

  /// The bytes of the token `id`, nil where there is none.
  func token(_ id: Int32) -> ArraySlice<UInt8>? {
    guard id >= 0, Int(id) < entryOfID.count, entryOfID[Int(id)] >= 0 else { return nil }
    return table.key(Int(entryOfID[Int(id)]))
  }

  /// Ids of `<0x00>` to `<0xFF>`, -1 where absent.
  func byteFallbackIDs() -> [Int32] {
    (0..<256).map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return id("<0x" + (digits.utf8.count < 2 ? "0" : "") + digits + ">") ?? -1
    }
  }
}
