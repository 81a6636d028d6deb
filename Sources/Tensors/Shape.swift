extension Collection<Int> {
  /// The number of values of a shape. A plain loop: `reduce(1, *)` specialised across this module
  /// crashed the optimizer of Swift 6.3.1.
  @inline(never)
  var product: Int {
    var result = 1
    for extent in self { result *= extent }
    return result
  }
}
