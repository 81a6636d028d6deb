import Components
import Training

extension DataSelection {
  /// Held-out rows among the trained ones; `nil` where the configuration does not have both.
  ///
  /// - Parameter limit: at most so many rows of each slot; `nil`: all. Streams are left out: they may only go forward, and were read.
  func contamination(limit: Int?) throws -> ContaminationCheck.Result? {
    let trained = slots.filter { $0.slot != "evaluation.prompts" && $0.part.count != nil }
    guard let heldOut = slots.first(where: { $0.slot == "evaluation.prompts" }), !trained.isEmpty
    else { return nil }
    return try ContaminationCheck.run(
      heldOut: heldOut.part,
      limit: min(limit ?? .max, loaded.configuration.training.evaluation.maxPrompts),
      trained: trained.map { ($0.slot, $0.part) },
      trainedLimit: limit ?? .max
    )
  }
}

extension LoadedParts {
  /// What a run is warned of at its start: held-out rows that it will train on. Streams are left out.
  ///
  /// - Parameter limit: at most so many rows of each slot are compared.
  func contaminationWarning(maxPrompts: Int, limit: Int = 100_000) throws -> String? {
    // A stream is not asked: it may only go forward, and what is read here would be lost to the run.
    let trained = [demonstrations, prompts].compactMap { $0 }.filter { $0.part.count != nil }
    guard let evaluation, !trained.isEmpty else { return nil }
    let result = try ContaminationCheck.run(
      heldOut: evaluation.part,
      limit: maxPrompts,
      trained: trained.map { ($0.slot, $0.part) },
      trainedLimit: limit
    )
    // Overlap alone is no news where rows are made of few words; `data check` lists it.
    guard !result.exact.isEmpty else { return nil }
    func count(_ rows: [ContaminationCheck.Result.Row]) -> String {
      NumberText.grouped(rows.count)
    }
    let first = (result.exact + result.overlapping)[0]
    return "evaluation.prompts: of \(NumberText.grouped(result.heldOutRows)) held-out rows "
      + "\(count(result.exact)) are trained on"
      + (result.overlapping.isEmpty ? "" : ", and \(count(result.overlapping)) nearly")
      + " (row \(first.id) is in \(first.match.slot), row \(first.match.id)); accuracies will be too "
      + "high. `\(ProcessPaths.program) data check` lists them"
  }
}

extension ContaminationCheck.Result {
  /// As JSON.
  var value: ParameterValue {
    func rows(_ rows: [Row]) -> ParameterValue {
      .array(
        rows.map {
          .object([
            ParameterEntry("id", .string(String($0.id))),
            ParameterEntry("share", .double($0.share)),
            ParameterEntry("slot", .string($0.match.slot)),
            ParameterEntry("row", .string(String($0.match.id))),
            ParameterEntry("text", .string($0.text)),
          ])
        }
      )
    }
    return .object([
      ParameterEntry("held_out_rows", .int(Int64(heldOutRows))),
      ParameterEntry("trained_rows", .int(Int64(trainedRows))),
      ParameterEntry("exact", rows(exact)), ParameterEntry("overlapping", rows(overlapping)),
    ])
  }
}
