import Testing

@testable import stepwise

@Suite struct DoctorTests {
  @Test func theVariableIsNoticed() {
    #expect(Examination.coreTypeVariable { _ in nil } == nil)
    #expect(Examination.coreTypeVariable { _ in "" } == nil)
    let finding = Examination.coreTypeVariable { $0 == "OPENBLAS_CORETYPE" ? "Haswell" : nil }
    #expect(finding?.verdict == .notice)
    #expect(finding?.message.contains("Haswell") == true)
    #expect(finding?.message.contains("ignores it") == true)
  }
}
