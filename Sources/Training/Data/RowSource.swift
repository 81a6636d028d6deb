import Components

/// Draws rows of one slot in an order that depends on the seed and the epoch alone, and that a checkpoint can name.
///
/// A finite dataset is permuted anew in each epoch; a stream is read in its own order. Rows of the probe are left out. Of a mixture,
/// each row's dataset is drawn by weight, and each dataset has epochs of its own.
final class RowSource {
  /// Where the source stands: everything that a resume needs.
  struct Cursor: Codable, Equatable, Sendable {
    var epoch = 0
    var position = 0
    var drawn = 0
    /// Where each dataset of a mixture stands; `nil` for one dataset alone.
    var lanes: [Lane]?
    /// Choices made among the datasets of a mixture, rows that were passed over included.
    var choices: UInt64?

    /// Where one dataset of a mixture stands.
    struct Lane: Codable, Equatable, Sendable {
      var epoch = 0
      var position = 0
      var drawn = 0
    }
  }

  let slot: String
  let dataset: any Dataset
  private(set) var cursor = Cursor()
  private let random: CounterRandom
  private let shuffle: Bool
  /// Positions that are never drawn.
  private let heldOut: Set<Int>
  private var order: [Int] = []
  private var orderEpoch = -1
  private var positions: [UInt64: Int]?
  private let mixture: DatasetMixture?
  /// For each dataset of a mixture the order of the epoch that it is in.
  private var laneOrders: [(epoch: Int, order: [Int])] = []
  /// Upper ends of the datasets' shares of [0, 1).
  private let shares: [Double]

  init(
    slot: String,
    dataset: any Dataset,
    random: CounterRandom,
    shuffle: Bool,
    heldOut: Set<Int> = []
  ) throws {
    self.slot = slot
    self.dataset = dataset
    self.random = random
    self.shuffle = shuffle
    self.heldOut = heldOut
    mixture = dataset as? DatasetMixture
    if let mixture {
      let total = mixture.sources.reduce(0) { $0 + $1.weight }
      var sum = 0.0
      shares = mixture.sources.map {
        sum += $0.weight / total
        return sum
      }
      laneOrders = mixture.sources.map { _ in (-1, []) }
      cursor.lanes = mixture.sources.map { _ in Cursor.Lane() }
      cursor.choices = 0
    } else {
      shares = []
    }
    if let count = dataset.count, count <= heldOut.count {
      throw TrainingError.configuration(
        key: slot,
        value: "\(count) rows",
        problem: "are too few: \(heldOut.count) are held out for the probe",
        cure: "Give more rows, or lower probe_size"
      )
    }
  }

  /// Rows drawn in one epoch; `nil` for a stream.
  var epochLength: Int? { dataset.count.map { $0 - heldOut.count } }

  /// How far through the data the source is, in epochs; 0 for a stream.
  var epochProgress: Double {
    guard let epochLength, epochLength > 0 else { return 0 }
    return Double(cursor.drawn) / Double(epochLength)
  }

  /// Rows that are left of the epoch; `nil` where there are no epochs: in a stream, and in a mixture, whose datasets have their own.
  var remainingInEpoch: Int? {
    guard mixture == nil, let epochLength else { return nil }
    return cursor.position < epochLength ? epochLength - cursor.position : epochLength
  }

  /// How many rows were drawn of each dataset of a mixture, by name; empty for one dataset alone.
  var drawnBySource: [(name: String, rows: Int)] {
    guard let mixture, let lanes = cursor.lanes else { return [] }
    return zip(mixture.sources, lanes).map { ($0.name, $1.drawn) }
  }

  /// Where a row stands, so that it can be found again.
  struct Place: Sendable, Equatable {
    var epoch: Int
    /// In the dataset's own order.
    var position: Int
  }

  /// The next `count` rows, of the difficulties asked for.
  ///
  /// A row outside the window is passed over for this epoch.
  func next(_ count: Int, difficulty: ClosedRange<Double>? = nil) throws -> [Example] {
    try nextPlaced(count, difficulty: difficulty).map(\.row)
  }

  /// The next rows with their places.
  func nextPlaced(
    _ count: Int,
    difficulty: ClosedRange<Double>? = nil
  ) throws -> [(place: Place, row: Example)] {
    var rows: [(place: Place, row: Example)] = []
    rows.reserveCapacity(count)
    var passedOver = 0
    while rows.count < count {
      // Without a window every row fits, so whole runs of positions are asked for at once.
      let wanted = difficulty == nil && mixture == nil ? count - rows.count : 1
      for (place, row) in try draw(wanted) {
        if let difficulty {
          guard let value = row.difficulty else {
            throw TrainingError.row(
              slot: slot,
              id: row.id,
              problem: "has no difficulty but the strategy asks for a window",
              cure: "Use a dataset that gives difficulties, or a strategy without a window"
            )
          }
          guard difficulty.contains(value) else {
            passedOver += 1
            if passedOver > max(epochLength ?? 100_000, 1_000) {
              throw TrainingError.configuration(
                key: slot,
                value: "difficulty \(difficulty)",
                problem: "matches no row",
                cure: "Widen the strategy's difficulty window, or give rows of that difficulty"
              )
            }
            continue
          }
        }
        cursor.drawn += 1
        if mixture != nil { cursor.lanes?[DatasetMixture.source(ofRow: row.id)].drawn += 1 }
        rows.append((place, row))
      }
    }
    return rows
  }

  /// Rows by id, in the order asked for.
  func rows(withIDs ids: [UInt64]) throws -> [Example] {
    if positions == nil {
      guard let count = dataset.count else {
        throw TrainingError.configuration(
          key: slot,
          value: "a stream",
          problem: "cannot be searched for stored rows",
          cure: "Use a finite dataset with this strategy"
        )
      }
      var map: [UInt64: Int] = [:]
      map.reserveCapacity(count)
      for start in stride(from: 0, to: count, by: 1_024) {
        let range = start..<min(count, start + 1_024)
        for (offset, row) in try fetch(range).enumerated() { map[row.id] = start + offset }
      }
      positions = map
    }
    return try ids.map { id in
      guard let position = positions?[id] else {
        throw TrainingError.row(
          slot: slot,
          id: id,
          problem: "was asked for by the strategy but is not in the dataset",
          cure: "The strategy must name ids that it was given"
        )
      }
      return try fetch(position..<(position + 1))[0]
    }
  }

  /// Goes to where a checkpoint stood.
  func restore(_ cursor: Cursor) throws {
    self.cursor = cursor
    orderEpoch = -1
    // No run tells a dataset of its first epoch, so none that goes on does either: its state would not be the same.
    if let mixture {
      if cursor.lanes?.count != mixture.sources.count {
        self.cursor.lanes = mixture.sources.map { _ in Cursor.Lane() }
      }
      self.cursor.choices = cursor.choices ?? UInt64(cursor.drawn)
      laneOrders = mixture.sources.map { _ in (-1, []) }
      for (source, lane) in zip(mixture.sources, self.cursor.lanes ?? []) where lane.epoch > 0 {
        try source.dataset.beginEpoch(lane.epoch)
      }
    } else if cursor.epoch > 0 {
      try dataset.beginEpoch(cursor.epoch)
    }
  }

  /// One row of a mixture: of the dataset that the seed and the number of this choice say.
  private func drawMixed(_ mixture: DatasetMixture) throws -> [(place: Place, row: Example)] {
    let choice = cursor.choices ?? 0
    cursor.choices = choice + 1
    let draw = random.uniform(.mixture, epochKey(0), item: choice)
    // The last share may fall short of 1 by rounding.
    let index = shares.firstIndex { draw < $0 } ?? shares.lastIndex { $0 > 0 }!
    var lane = cursor.lanes![index]
    let start = mixture.starts[index]
    func permuted(_ epoch: Int) -> [Int] {
      let count = mixture.starts[index + 1] - start
      // The place in the list tells the orders of two copies of a dataset apart.
      let key = epochKey(epoch) ^ UInt64(index + 1) << 40
      return (shuffle ? random.permutation(count, .order, key) : Array(0..<count))
        .map { $0 + start }.filter { !heldOut.contains($0) }
    }
    if laneOrders[index].epoch != lane.epoch {
      laneOrders[index] = (lane.epoch, permuted(lane.epoch))
    }
    guard !laneOrders[index].order.isEmpty else {
      throw TrainingError.configuration(
        key: slot,
        value: mixture.sources[index].name,
        problem: "has no row left: all are held out for the probe",
        cure: "Give it more rows, or lower probe_size"
      )
    }
    if lane.position >= laneOrders[index].order.count {
      lane.epoch += 1
      lane.position = 0
      try mixture.sources[index].dataset.beginEpoch(lane.epoch)
      laneOrders[index] = (lane.epoch, permuted(lane.epoch))
    }
    let position = laneOrders[index].order[lane.position]
    lane.position += 1
    cursor.lanes![index] = lane
    return [
      (Place(epoch: lane.epoch, position: position), try fetch(position..<(position + 1))[0])
    ]
  }

  private func draw(_ wanted: Int) throws -> [(place: Place, row: Example)] {
    if let mixture { return try drawMixed(mixture) }
    guard let count = dataset.count else {
      defer { cursor.position += wanted }
      let start = cursor.position + heldOut.count
      return try fetch(start..<(start + wanted)).enumerated().map {
        (Place(epoch: cursor.epoch, position: start + $0), $1)
      }
    }
    if orderEpoch != cursor.epoch {
      order =
        (shuffle ? random.permutation(count, .order, epochKey(cursor.epoch)) : Array(0..<count))
        .filter { !heldOut.contains($0) }
      orderEpoch = cursor.epoch
    }
    if cursor.position >= order.count {
      cursor.epoch += 1
      cursor.position = 0
      try dataset.beginEpoch(cursor.epoch)
      return try draw(wanted)
    }
    let end = min(order.count, cursor.position + wanted)
    defer { cursor.position = end }
    return try order[cursor.position..<end].map {
      (Place(epoch: cursor.epoch, position: $0), try fetch($0..<($0 + 1))[0])
    }
  }

  /// Slots permute apart even when they share a dataset and a seed.
  private func epochKey(_ epoch: Int) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in slot.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return (hash << 24) ^ UInt64(epoch)
  }

  private func fetch(_ range: Range<Int>) throws -> [Example] {
    let rows = try dataset.examples(in: range)
    guard rows.count == range.count else {
      throw TrainingError.configuration(
        key: slot,
        value: "\(dataset.identity.id)",
        problem: "gave \(rows.count) rows for the range \(range)",
        cure: "The dataset plugin must give exactly the rows it is asked for"
      )
    }
    return rows
  }
}

/// Chooses the fixed probe of held-out demonstrations.
///
/// A finite dataset gives `size` positions drawn by the seed; a stream gives its first rows.
func probePositions(of dataset: any Dataset, size: Int, random: CounterRandom) -> [Int] {
  guard let count = dataset.count else { return Array(0..<size) }
  return Array(random.permutation(count, .probe, 0).prefix(min(size, count / 2)))
}
