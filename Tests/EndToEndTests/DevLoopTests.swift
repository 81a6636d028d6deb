import Foundation
import Testing

/// `plugin dev`: it builds again on a save, survives what does not compile, and ends with Ctrl-C, leaving nothing behind.
@Suite struct DevLoopTests {
  /// Waits for a condition that another process brings about.
  private func eventually(_ seconds: Double = 60, _ condition: () throws -> Bool) throws -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while Date() < deadline {
      if try condition() { return true }
      usleep(50_000)
    }
    return false
  }

  @Test(.enabled(if: TemplateTests.has("make", "cc"), "make or cc is not in PATH"))
  func savesAreBuiltAndMistakesSurvived() throws {
    let workshop = try Workshop()
    #expect(
      try workshop.stepwise("plugin", "new", "--kind", "reward", "--lang", "c", "mine").code == 0
    )
    let dev = try workshop.start("plugin", "dev", "mine")
    defer { dev.signal(SIGKILL) }
    func rounds() -> Int { dev.outputSoFar.split(separator: "watching mine").count - 1 }
    func library() throws -> Data? { try? Data(contentsOf: workshop.file("mine/libmine.so")) }

    #expect(try eventually { rounds() == 1 }, "\(dev.outputSoFar)")
    let first = try #require(try library())
    let source = try workshop.text("mine/reward.c")

    try workshop.write("mine/reward.c", "this is no C\n")
    #expect(try eventually { rounds() == 2 }, "\(dev.outputSoFar)")
    #expect(try library() == first, "a failed build leaves the library as it was")

    // An editor that writes a new file and renames it.
    try workshop.write("draft", source.replacing("\"0.1.0\"", with: "\"0.2.0\""))
    #expect(rename(workshop.file("draft").path, workshop.file("mine/reward.c").path) == 0)
    #expect(try eventually { rounds() == 3 }, "\(dev.outputSoFar)")
    #expect(try library() != first, "a save is built")

    // Nothing was saved: nothing is built.
    usleep(600_000)
    #expect(rounds() == 3)

    dev.signal(SIGINT)
    let answer = try dev.wait()
    #expect(!answer.wasKilled)
    #expect(answer.code == 0)
    #expect(answer.error.contains("reward.c:1"), "the compiler's errors are shown")
  }

  @Test(.enabled(if: TemplateTests.has("make"), "make is not in PATH"))
  func anInterruptedBuildLeavesNoProcess() throws {
    let workshop = try Workshop()
    #expect(
      try workshop.stepwise("plugin", "new", "--kind", "reward", "--lang", "c", "mine").code == 0
    )
    try workshop.write("mine/Makefile", "all:\n\techo $$$$ > pid; exec sleep 600\n")
    let build = try workshop.start("plugin", "build", "mine")
    defer { build.signal(SIGKILL) }
    #expect(
      try eventually { try workshop.exists("mine/pid") && !workshop.text("mine/pid").isEmpty }
    )
    let process = try #require(
      Int32(try workshop.text("mine/pid").trimmingCharacters(in: .whitespacesAndNewlines))
    )
    #expect(kill(process, 0) == 0)
    build.signal(SIGINT)
    #expect(try build.wait().code == 130)
    #expect(try eventually(10) { kill(process, 0) != 0 }, "the build's processes end with it")
  }
}
