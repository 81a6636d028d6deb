import Foundation
import PluginHost
import RunStore
import Testing
import Training

@testable import stepwise

@Suite struct ErrorReportTests {
  @Test func codesFollowTheCause() {
    func code(_ error: any Error) -> Int32 { ErrorReport(error).status.rawValue }
    #expect(code(ConfigurationError("f", key: "k", problem: "p", cure: "c")) == 64)
    #expect(code(RunStoreError.occupied(path: "p")) == 64)
    #expect(code(RunStoreError.system(operation: "write", path: "p", code: ENOSPC)) == 70)
    #expect(code(RunStoreError.inUse(path: "p")) == 1)
    #expect(code(Interrupted()) == 130)
    #expect(code(TrainingError.strategy(step: 1, hook: "h", problem: "p")) == 1)
    let missing = PluginError(.notFound, plugin: "p", "m")
    #expect(code(SlotError(place: "f", slot: "strategy", error: missing)) == 64)
    let broken = PluginError(.linker, plugin: "p", "m")
    #expect(code(SlotError(place: "f", slot: "strategy", error: broken)) == 1)
    #expect(
      code(
        TrainingFailed(error: RunStoreError.system(operation: "o", path: "p", code: EIO), run: "r")
      ) == 70
    )
  }

  @Test func aFullDiskHasOneCureInEveryModule() {
    struct Foreign: Error, CustomStringConvertible {
      var description: String {
        "x.safetensors: write failed (\(String(cString: strerror(ENOSPC))))"
      }
    }
    for error in [Foreign(), CocoaError(.fileWriteOutOfSpace)] as [any Error] {
      let report = ErrorReport(error)
      #expect(report.status == .hostFault)
      #expect(report.message.contains("Free some space"))
    }
    let failed = ErrorReport(TrainingFailed(error: Foreign(), run: "runs/x"))
    #expect(failed.status == .hostFault)
    #expect(failed.message.contains("\(ProcessPaths.program) train --resume runs/x"))
    #expect(failed.message.components(separatedBy: "Free some space").count == 2)
  }
}
