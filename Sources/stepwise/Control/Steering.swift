import Foundation
import PluginHost

/// What a run has become by what was done to it: part of every checkpoint, byte-deterministic.
struct Steering: Codable, Equatable {
  /// The configuration as it is now, complete.
  var configuration: String
  /// The plugins' bytes, by slot of the configuration.
  var pins: [String: PluginPins.Pin]
  /// Slots whose plugin is not the one that the run began with, sorted.
  var exchanged: [String] = []
  /// Settings under way.
  var ramps: [Ramp] = []
  /// What a rollback goes back to, the last one last.
  var undo: [Undo] = []
  /// Journal records up to this number are in it.
  var sequence = 0
  /// The newest step whose boundary is behind it: a checkpoint at a step may be older than that step's boundary.
  var entered = -1
  /// A newcomer that is tried alongside.
  var trial: Trial?

  /// A setting that moves in a line.
  struct Ramp: Codable, Equatable {
    var key: String
    var from: Double
    var to: Double
    /// The first step that has a changed value.
    var start: Int
    var steps: Int

    /// The value that holds in a step.
    func value(at step: Int) -> Double {
      let done = min(Double(step - start + 1) / Double(steps), 1)
      return done >= 1 ? to : from + (to - from) * done
    }

    func isOver(at step: Int) -> Bool { step - start + 1 >= steps }
  }

  /// The run before an intervention.
  struct Undo: Codable, Equatable {
    /// The intervention, for people.
    var text: String
    var configuration: String
    var pins: [String: PluginPins.Pin]
    var exchanged: [String]
    var ramps: [Ramp]
    /// The strategy's state then, where it was exchanged.
    var strategy: Data?
  }

  /// How many interventions can be undone.
  static let undoLimit = 32

  /// A newcomer that plans or scores alongside.
  struct Trial: Codable, Equatable {
    /// Its record in the journal.
    var sequence: Int
    /// What was asked for, as the journal holds it.
    var request: Data
    var slot: String
    /// The step before which it ends.
    var end: Int
    /// The step up to which it was told how steps went.
    var followed: Int
    /// What it planned for the step under way.
    var plan: UInt32?
    /// Why it is out of the running.
    var failure: String?
    /// A strategy's own state.
    var state: Data?
    var comparison = ShadowComparison()
  }

  mutating func remember(_ undo: Undo) {
    self.undo.append(undo)
    if self.undo.count > Self.undoLimit { self.undo.removeFirst() }
  }

  /// The bytes for a checkpoint.
  func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return [UInt8](try encoder.encode(self))
  }

  init(configuration: String, pins: [String: PluginPins.Pin]) {
    self.configuration = configuration
    self.pins = pins
  }

  /// Reads a checkpoint's bytes; `nil` where it has none.
  init?(_ bytes: [UInt8]) throws {
    if bytes.isEmpty { return nil }
    self = try JSONDecoder().decode(Steering.self, from: Data(bytes))
  }
}
