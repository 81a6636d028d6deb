import Components
import Testing

@testable import Training

@Suite("Contamination check")
struct ContaminationTests {
  private func row(_ id: UInt64, _ text: String) -> Example { Example(id: id, prompt: .text(text)) }

  private func result(_ heldOut: [String], _ trained: [String]) -> ContaminationCheck.Result {
    var check = ContaminationCheck()
    for (id, text) in heldOut.enumerated() { check.addHeldOut(row(UInt64(id), text)) }
    for (id, text) in trained.enumerated() {
      check.addTrained(row(UInt64(id), text), slot: "prompts")
    }
    return check.result
  }

  private let question =
    "A baker makes twelve loaves in the morning and seven more in the afternoon before he sells nine of them to a school; how many are left?"

  @Test("case, white space and punctuation hide nothing")
  func exact() {
    let result = result(
      ["What is 2 + 2?", "What is 2 - 2?", question],
      ["what  is 2+2", question.uppercased() + "\n", "What is 3 + 3?"]
    )
    #expect(result.exact.map(\.id) == [0, 2])
    #expect(result.exact.map(\.match.id) == [0, 1])
    #expect(result.overlapping.isEmpty)
    #expect(result.heldOutRows == 3 && result.trainedRows == 3)
  }

  @Test("a sign is no punctuation, and a number is its digits")
  func signs() {
    #expect(result(["What is 2 + 2?"], ["What is 2 * 2?", "What is 22?"]).isClean)
  }

  @Test("a row whose words are nearly all trained on overlaps")
  func overlap() {
    let nearly = question.replacing(
      "he sells nine of them to a school; how many are left?",
      with: ""
    )
    let whole = question + " Answer with a number."
    let result = result([question], [whole])
    #expect(result.exact.isEmpty)
    #expect(result.overlapping.map(\.share) == [1])
    #expect(self.result([question], [nearly]).isClean)
  }

  @Test("a phrase of many rows is the template's and does not count")
  func template() {
    let opening =
      "A very special island is inhabited only by knights and knaves and they all talk to you today"
    let trained = (0..<40).map { "\(opening) number \($0)" }
    #expect(result(["\(opening) stranger"], trained).isClean)
    #expect(!result(["\(opening) stranger"], Array(trained.prefix(3))).isClean)
  }

  @Test("no row, and rows of few words, are compared as a whole alone")
  func short() {
    #expect(result([], ["a"]).isClean)
    #expect(result(["a b c"], []).isClean)
    #expect(result(["a b c"], ["a b c d"]).isClean)
    #expect(result(["a b c"], ["A, b; c!"]).exact.count == 1)
  }

  @Test("rows without a word are not all the same row")
  func wordless() {
    #expect(result(["?!"], ["…", "—"]).isClean)
  }

  @Test("letters beyond ASCII are letters")
  func unicode() {
    #expect(result(["Wie groß ist Köln?"], ["wie GROSS ist köln"]).isClean)
    #expect(result(["Wie groß ist Köln?"], ["WIE groß IST KÖLN…"]).exact.count == 1)
  }
}
