import Testing

@testable import stepwise

@Suite struct NumberTextTests {
  @Test(arguments: [
    (0.0, "0"), (0.4716, "0.472"), (0.9996, "1.000"), (12.34, "12.3"), (99.96, "100.0"),
    (1234.4, "1234"), (1.5e-4, "1.5e-4"), (9.96e-5, "1.0e-4"), (0.0123, "0.0123"),
    (0.00123, "0.00123"), (-0.25, "-0.250"), (2.5e7, "2.5e7"), (.nan, "–"), (.infinity, "∞"),
    (-.infinity, "-∞"), (.leastNonzeroMagnitude, "4.9e-324"), (1.7e308, "1.7e308"),
  ])
  func short(value: Double, text: String) {
    #expect(NumberText.short(value) == text)
  }

  @Test(arguments: [
    (1.005, 2, "1.00"), (0.05, 1, "0.1"), (-0.04, 1, "0.0"), (1e20, 0, "1e+20"), (3, 0, "3"),
    (-1.25, 1, "-1.3"),
  ])
  func fixed(value: Double, decimals: Int, text: String) {
    #expect(NumberText.fixed(value, decimals) == text)
  }

  @Test func otherForms() {
    #expect(NumberText.quantity(950) == "950")
    #expect(NumberText.quantity(41_234) == "41.2 k")
    #expect(NumberText.quantity(999_960) == "1.00 M")
    #expect(NumberText.quantity(811_264) == "811.3 k")
    #expect(NumberText.grouped(1_234_567) == "1,234,567")
    #expect(NumberText.grouped(-12) == "-12")
    #expect(NumberText.duration(161) == "2:41")
    #expect(NumberText.duration(3723.4) == "1:02:03")
    #expect(NumberText.duration(.infinity) == "–")
    #expect(NumberText.percent(0.456) == "46 %")
  }
}
