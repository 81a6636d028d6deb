extension Provenance {
  /// Something that decides a run's bits and is not what it was.
  public struct Difference: Sendable, Equatable, CustomStringConvertible {
    /// What differs, for example `numerics.core_type`.
    public var field: String
    /// What the run recorded; `nil` for nothing.
    public var recorded: String?
    /// What there is now; `nil` for nothing.
    public var present: String?

    /// One line for people.
    public var description: String {
      "\(field): \(recorded ?? "nothing") in the run, \(present ?? "nothing") now"
    }
  }

  /// What would keep a run from going on with the same bits: numerics but for the number of threads, plugins, seed.
  ///
  /// The machine and Stepwise's version are for people to read: where they change bits, numerics say so.
  public func differences(from recorded: Provenance) -> [Difference] {
    var found: [Difference] = []
    func compare(_ field: String, _ old: String?, _ new: String?) {
      if old != new { found.append(Difference(field: field, recorded: old, present: new)) }
    }
    compare("seed", String(recorded.seed), String(seed))
    let keys = Set(numerics.keys).union(recorded.numerics.keys).subtracting(["threads"])
    for key in keys.sorted() {
      compare("numerics.\(key)", recorded.numerics[key], numerics[key])
    }
    let old = Dictionary(recorded.plugins.map { ($0.slot, $0) }, uniquingKeysWith: { $1 })
    let new = Dictionary(plugins.map { ($0.slot, $0) }, uniquingKeysWith: { $1 })
    for slot in Set(old.keys).union(new.keys).sorted() {
      compare("plugins.\(slot)", old[slot]?.label, new[slot]?.label)
    }
    return found
  }
}

extension Provenance.Plugin {
  fileprivate var label: String { "\(id) \(version) (sha256 \(digest))" }
}
