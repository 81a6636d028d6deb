import CFFI
import Glibc

/// A function with its types prepared for libffi: made once, called by any thread.
///
/// Unchecked because nothing changes after it was made; libffi reads the description only.
final class FunctionCall: @unchecked Sendable {
  /// The type of one C argument.
  enum ArgumentType: Equatable {
    case scalar(FunctionSignature.CType)
    case pointer
  }

  private let function: UnsafeMutableRawPointer
  private let description: UnsafeMutablePointer<ffi_cif>
  private let types: UnsafeMutablePointer<UnsafeMutablePointer<ffi_type>?>
  let arguments: [ArgumentType]
  let result: FunctionSignature.Result

  /// Prepares a call; `nil` where libffi does not know the types, which the closed set rules out.
  init?(
    function: UnsafeMutableRawPointer,
    arguments: [ArgumentType],
    result: FunctionSignature.Result
  ) {
    self.function = function
    self.arguments = arguments
    self.result = result
    description = .allocate(capacity: 1)
    description.initialize(to: ffi_cif())
    types = .allocate(capacity: max(1, arguments.count))
    for (index, argument) in arguments.enumerated() {
      (types + index).initialize(to: Self.type(argument))
    }
    let returned: UnsafeMutablePointer<ffi_type>?
    switch result {
    case .score(let type): returned = Self.type(.scalar(type))
    case .status: returned = stepwise_ffi_int32()
    case .void: returned = stepwise_ffi_void()
    }
    let status = ffi_prep_cif(
      description,
      FFI_DEFAULT_ABI,
      UInt32(arguments.count),
      returned,
      types
    )
    if status != FFI_OK { return nil }
  }

  deinit {
    description.deallocate()
    types.deallocate()
  }

  /// What the function gave.
  enum Answer: Equatable {
    case score(Double)
    case status(Int32)
    case nothing
    /// A `bool` that is neither 0 nor 1: the function returns something else.
    case noBool(UInt8)
  }

  /// Calls the function.
  ///
  /// - Parameter slots: the bits of each argument, in the lowest bytes.
  func call(_ slots: UnsafeMutablePointer<UInt64>) -> Answer {
    // libffi widens a returned integer to a whole register; both targets are little-endian, so the lowest bytes are the value.
    var returned: UInt64 = 0
    withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: arguments.count + 1)
    {
      pointers in
      for index in arguments.indices {
        pointers[index] = UnsafeMutableRawPointer(slots + index)
      }
      stepwise_ffi_call(description, function, &returned, pointers.baseAddress)
    }
    switch result {
    case .status: return .status(Int32(truncatingIfNeeded: returned))
    case .void: return .nothing
    case .score(let type):
      switch type {
      case .int32: return .score(Double(Int32(truncatingIfNeeded: returned)))
      case .int64: return .score(Double(Int64(bitPattern: returned)))
      case .uint64: return .score(Double(returned))
      case .float: return .score(Double(Float(bitPattern: UInt32(truncatingIfNeeded: returned))))
      case .double: return .score(Double(bitPattern: returned))
      case .bool:
        let byte = UInt8(truncatingIfNeeded: returned)
        return byte <= 1 ? .score(Double(byte)) : .noBool(byte)
      case .string, .text: preconditionFailure("a function returns no \(type.rawValue)")
      }
    }
  }

  private static func type(_ argument: ArgumentType) -> UnsafeMutablePointer<ffi_type>? {
    switch argument {
    case .pointer: return stepwise_ffi_pointer()
    case .scalar(let type):
      switch type {
      case .int32: return stepwise_ffi_int32()
      case .int64: return stepwise_ffi_int64()
      case .uint64: return stepwise_ffi_uint64()
      case .float: return stepwise_ffi_float()
      case .double: return stepwise_ffi_double()
      case .bool: return stepwise_ffi_bool()
      case .string, .text: return stepwise_ffi_pointer()
      }
    }
  }
}
