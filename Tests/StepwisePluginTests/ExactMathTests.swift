import Glibc
import StepwisePlugin
import Testing

@Suite struct ExactMathTests {
  @Test func exponential() {
    for x in stride(from: -700.0, through: 700, by: 0.37) {
      #expect(abs(ExactMath.exponential(x) / exp(x) - 1) < 1e-15, "\(x)")
    }
    #expect(ExactMath.exponential(0) == 1)
  }

  @Test func halfCosine() {
    for x in stride(from: 0.0, through: 1, by: 1.0 / 1024) {
      #expect(abs(ExactMath.halfCosine(x) - (1 + cos(Double.pi * x)) / 2) < 1e-15, "\(x)")
    }
    #expect([-3, -0.0, 0].allSatisfy { ExactMath.halfCosine($0) == 1 })
    #expect([1, 1.5, .infinity].allSatisfy { ExactMath.halfCosine($0) == 0 })
  }
}
