import Foundation
import Testing

@testable import Tensors

struct SafetensorsTests {
  private func withFile<R>(_ bytes: [UInt8]? = nil, _ body: (String) throws -> R) throws -> R {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("tensors-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("model.safetensors").path
    if let bytes { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
    return try body(path)
  }

  private func file(header: String, data: Int, claimed: UInt64? = nil) -> [UInt8] {
    let json = Array(header.utf8)
    return withUnsafeBytes(of: (claimed ?? UInt64(json.count)).littleEndian) { Array($0) } + json
      + [UInt8](repeating: 0, count: data)
  }

  @Test(arguments: SafetensorsDType.allCases)
  func roundTrip(_ dtype: SafetensorsDType) throws {
    try withFile { path in
      // Exact in every dtype; 5 values so that the next tensor of 16-bit values is off by 2 bytes.
      let a: [Float] = [0, -1.5, 0.25, 2, -.infinity]
      let b = (0..<12).map { Float($0) }
      try writeSafetensors(
        to: path,
        tensors: [
          SafetensorsTensor(name: "a \"quoted\" \u{1}", shape: [5]) { a },
          SafetensorsTensor(name: "b", shape: [3, 4]) { b },
          SafetensorsTensor(name: "scalar", shape: []) { [7] },
          SafetensorsTensor(name: "empty", shape: [0, 3]) { [] },
        ],
        metadata: ["format": "pt", "é": "\n"],
        dtype: dtype
      )
      let file = try SafetensorsFile(path: path)
      #expect(file.metadata == ["format": "pt", "é": "\n"])
      #expect(try file.load("a \"quoted\" \u{1}") == a)
      #expect(try file.load("b") == b)
      #expect(file["b"]?.shape == [3, 4] && file["b"]?.dtype == dtype)
      #expect(try file.load("scalar") == [7])
      #expect(try file.load("empty").isEmpty)
      let left = try FileManager.default.contentsOfDirectory(
        atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path
      )
      #expect(left == ["model.safetensors"], "no temporary file stays")
    }
  }

  /// Every 16-bit pattern through FP32 and back, and rounding at the ties.
  @Test func halfPrecisionIsExact() throws {
    for dtype in [SafetensorsDType.bf16, .f16] {
      let patterns = (0...UInt16.max).map { $0 }
      let data = patterns.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      let header =
        "{\"x\":{\"dtype\":\"\(dtype.rawValue)\",\"shape\":[65536],\"data_offsets\":[0,131072]}}"
      let bytes = file(header: header, data: 0) + data
      try withFile(bytes) { path in
        let values = try SafetensorsFile(path: path).load("x")
        if dtype == .f16 {
          for (pattern, value) in zip(patterns, values) {
            let expected = Float(Float16(bitPattern: pattern))
            #expect(value.isNaN ? expected.isNaN : value.bitPattern == expected.bitPattern)
          }
        } else {
          for (pattern, value) in zip(patterns, values) {
            #expect(value.bitPattern == UInt32(pattern) << 16)
          }
        }
        try writeSafetensors(
          to: path,
          tensors: [SafetensorsTensor(name: "x", shape: [65536]) { values }],
          dtype: dtype
        )
        let again = try SafetensorsFile(path: path).load("x")
        for (a, b) in zip(values, again) {
          #expect(a.isNaN ? b.isNaN : a.bitPattern == b.bitPattern)
        }
      }
    }
  }

  @Test func roundingToHalfPrecision() throws {
    var values = normals(5000, stream: 1, scale: 100) + normals(5000, stream: 2, scale: 1e-6)
    values += [65519.996, 65520, 1e30, 0x1p-25, 0x1.8p-25, 0x1p-24, 1 + 0x1p-11, 1 + 0x3p-11]
    try withFile { path in
      let tensor = SafetensorsTensor(name: "x", shape: [values.count]) { values }
      try writeSafetensors(to: path, tensors: [tensor], dtype: .f16)
      let halves = try SafetensorsFile(path: path).load("x")
      #expect(halves == values.map { Float(Float16($0)) })
      try writeSafetensors(to: path, tensors: [tensor], dtype: .bf16)
      let brains = try SafetensorsFile(path: path).load("x")
      for (value, brain) in zip(values, brains) {
        // The nearest multiple of the BF16 spacing; at a tie the even one.
        let spacing = Double(value.ulp) * 65536
        let expected = (Double(value) / spacing).rounded(.toNearestOrEven) * spacing
        #expect(Double(brain) == expected)
      }
    }
  }

  /// Lies that a damaged or malicious file tells, and the error each must give.
  @Test func liesAreNamed() throws {
    typealias Fault = SafetensorsError.Fault
    func tensor(_ name: String, _ dtype: String, _ shape: String, _ offsets: String) -> String {
      "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
    }
    let a = tensor("a", "F32", "[2]", "[0,8]")
    let cases: [(bytes: [UInt8], fault: Fault)] = [
      ([1, 2, 3], .tooShort(bytes: 3)),
      (
        file(header: "{\(a)}", data: 8, claimed: 1 << 40),
        .headerTooLong(headerBytes: 1 << 40, fileBytes: 16 + "{\(a)}".utf8.count)
      ),
      (
        file(header: "{\(a)}", data: 8, claimed: UInt64.max),
        .headerTooLong(headerBytes: .max, fileBytes: 16 + "{\(a)}".utf8.count)
      ),
      (file(header: "{\(a)}", data: 7), .outsideFile(tensor: "a", end: 8, dataBytes: 7)),
      (file(header: "{\(a)}", data: 12), .trailingBytes(4)),
      (file(header: "{\(a),\(a)}", data: 8), .duplicateTensor("a")),
      (
        file(header: "{\(a),\(tensor("b", "F32", "[2]", "[4,12]"))}", data: 12),
        .overlap("a", "b")
      ),
      (
        file(header: "{\(a),\(tensor("b", "F32", "[1]", "[12,16]"))}", data: 16),
        .hole(before: "b", bytes: 4)
      ),
      (
        file(header: "{\(tensor("a", "I64", "[1]", "[0,8]"))}", data: 8),
        .unknownDType(tensor: "a", dtype: "I64")
      ),
      (
        file(header: "{\(tensor("a", "F32", "[3]", "[0,8]"))}", data: 8),
        .sizeMismatch(tensor: "a", shapeBytes: 12, rangeBytes: 8)
      ),
      (
        file(header: "{\(tensor("a", "F32", "[1]", "[8,4]"))}", data: 8),
        .reversedRange(tensor: "a")
      ),
      (
        file(
          header: "{\(tensor("h", "F16", "[1]", "[0,2]")),\(tensor("a", "F32", "[1]", "[2,6]"))}",
          data: 6
        ), .misaligned(tensor: "a", offset: 2, dtype: "F32")
      ),
      (
        file(header: "{\(tensor("a", "F32", "[4611686018427387904,4]", "[0,8]"))}", data: 8),
        .shapeOverflow(tensor: "a")
      ),
      (
        file(header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", data: 8),
        .missingKey(tensor: "a", key: "data_offsets")
      ),
      (
        file(header: "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", data: 0),
        .duplicateKey(tensor: "a", key: "dtype")
      ),
    ]
    for (bytes, fault) in cases {
      try withFile(bytes) { path in
        #expect(throws: SafetensorsError(file: path, fault: fault)) {
          try SafetensorsFile(path: path)
        }
        let text = SafetensorsError(file: path, fault: fault).description
        #expect(text.hasPrefix("\(path): "))
      }
    }
    let malformed = [
      "", "[", "{", "{\"a\"", "{\"a\":1}", "{\"a\":{\"dtype\":3}}", "{} x",
      "{\(tensor("a", "F32", "[-2]", "[0,8]"))}", "{\(tensor("a", "F32", "[2.0]", "[0,8]"))}",
      "{\(tensor("a", "F32", "[2]", "[0,99999999999999999999]"))}",
      "{\(tensor("a", "F32", "[2]", "[0]"))}", "{\"\\ud800\":{}}", "{\"\\x\":{}}", "{\"\u{1}\":{}}",
      "{\"\\u+041\":{}}", "{\"\\u-000\":{}}", "{\"\\u00\":{}}", "{\"\\ud83d \\ude00\":{}}",
    ]
    for header in malformed {
      try withFile(file(header: header, data: 8)) { path in
        do {
          _ = try SafetensorsFile(path: path)
          Issue.record("accepted \(header)")
        } catch let error as SafetensorsError {
          guard case .malformedHeader = error.fault else {
            Issue.record("\(header): \(error)")
            return
          }
        }
      }
    }
  }

  @Test func escapedNamesAreRead() throws {
    let name = #"\u0041\/\ud83d\ude00\t"#
    let tensor = "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"
    try withFile(file(header: "{\(tensor)}", data: 4)) { path in
      let names = try SafetensorsFile(path: path).entries.map(\.name)
      #expect(names == ["A/\u{1F600}\t"])
    }
  }

  /// Neither is waited for nor mapped.
  @Test func whatIsNoFileIsRefused() throws {
    try withFile { path in
      let directory = (path as NSString).deletingLastPathComponent
      let pipe = path + ".pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      for path in [directory, pipe] {
        #expect(throws: SafetensorsError(file: path, fault: .notAFile)) {
          try SafetensorsFile(path: path)
        }
      }
    }
  }

  /// NaN and infinity are values like others until somebody says that they are weights.
  @Test(arguments: SafetensorsDType.allCases)
  func nonFiniteWeightsAreNamed(_ dtype: SafetensorsDType) throws {
    let backend = BackendCase.all[0].backend
    for (value, place) in [(Float.nan, 0), (.infinity, 20_000), (-.infinity, 29_999)] {
      var values = [Float](repeating: 1, count: 30_000)
      values[place] = value
      try withFile { path in
        let tensor = SafetensorsTensor(name: "w", shape: [3, 100, 100]) { values }
        try writeSafetensors(to: path, tensors: [tensor], dtype: dtype)
        let file = try SafetensorsFile(path: path)
        #expect(try file.load("w").count == 30_000)
        let index = [place / 10_000, place / 100 % 100, place % 100]
        let fault = SafetensorsError.Fault.notFinite(
          tensor: "w",
          index: index,
          value: value.description
        )
        let error = SafetensorsError(file: path, fault: fault)
        #expect("\(error)".contains("w has \(value) at \(index)"))
        #expect(throws: error) { try file.load("w", refusingNonFinite: true) }
        for matrices in [MatrixStorage.float32, .bfloat16] {
          let store = ParameterStore(
            specs: [ParameterSpec(name: "w", shape: [3, 100, 100])],
            backend: backend,
            trainable: false,
            matrices: matrices
          )
          #expect(throws: error) {
            try file.load(into: store["w"], refusingNonFinite: true)
          }
        }
      }
    }
  }

  @Test func tensorsAreCompared() throws {
    try withFile { path in
      var values = normals(40_000, stream: 8)
      values[7] = .nan
      var others = values
      others[39_999] += 1
      try writeSafetensors(
        to: path,
        tensors: [
          SafetensorsTensor(name: "a", shape: [400, 100]) { values },
          SafetensorsTensor(name: "same", shape: [400, 100]) { values },
          SafetensorsTensor(name: "other", shape: [400, 100]) { others },
          SafetensorsTensor(name: "flat", shape: [40_000]) { values },
        ]
      )
      let file = try SafetensorsFile(path: path)
      #expect(try file.holds("a", equalTo: "same", of: file))
      #expect(try !file.holds("a", equalTo: "other", of: file))
      #expect(try !file.holds("a", equalTo: "flat", of: file))
      let half = path + ".half"
      try writeSafetensors(
        to: half,
        tensors: [SafetensorsTensor(name: "a", shape: [400, 100]) { values }],
        dtype: .bf16
      )
      #expect(try !file.holds("a", equalTo: "a", of: SafetensorsFile(path: half)))
    }
  }

  @Test func loadingIntoParameters() throws {
    let backend = BackendCase.all[0].backend
    let store = ParameterStore(
      specs: [ParameterSpec(name: "w", shape: [2, 3])],
      backend: backend
    )
    try withFile { path in
      let values: [Float] = [1, 2, 3, 4, 5, 6]
      try writeSafetensors(
        to: path,
        tensors: [SafetensorsTensor(name: "w", shape: [2, 3]) { values }]
      )
      let file = try SafetensorsFile(path: path)
      try file.load(into: store["w"])
      #expect(store["w"].value.array == values)
      try writeSafetensors(to: path, tensors: [SafetensorsTensor(store["w"])], dtype: .bf16)
      try SafetensorsFile(path: path).load("w", into: store["w"])
      #expect(store["w"].value.array == values)
      #expect(throws: SafetensorsError(file: path, fault: .noSuchTensor("v"))) {
        try file.load("v")
      }
      try writeSafetensors(
        to: path,
        tensors: [SafetensorsTensor(name: "w", shape: [3, 2]) { values }]
      )
      #expect(
        throws: SafetensorsError(
          file: path,
          fault: .wrongShape(tensor: "w", found: [3, 2], wanted: [2, 3])
        )
      ) { try SafetensorsFile(path: path).load(into: store["w"]) }
    }
  }

  @Test func failedWritesLeaveTheOldFile() throws {
    try withFile([1, 2, 3]) { path in
      #expect(
        throws: SafetensorsError(
          file: path,
          fault: .wrongCount(tensor: "x", values: 1, shape: [2])
        )
      ) {
        try writeSafetensors(
          to: path,
          tensors: [SafetensorsTensor(name: "x", shape: [2]) { [1] }]
        )
      }
      let kept = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(kept == Data([1, 2, 3]))
      let missing = path + "/no/such/directory"
      #expect(throws: SafetensorsError.self) {
        try writeSafetensors(to: missing, tensors: [])
      }
    }
  }
}
