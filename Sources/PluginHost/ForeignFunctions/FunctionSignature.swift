/// How a plain C function of a shared library is called as a reward: what the manifest's `function` section says.
///
/// The set of types is closed: no variable arguments, no struct by value, no callback. A library does not tell the types of its
/// functions, so nothing but a call can show that the section is right; see `FunctionTransport` for where that call happens.
public struct FunctionSignature: Sendable, Equatable {
  /// The exported name.
  public var symbol: String
  /// A library of the system by its soname, for example `libm.so.6`; `nil`: the manifest's variants name it.
  public var library: String?
  /// Once for each completion, or once for all of a batch.
  public var call: CallForm
  /// In the function's order. A `text` is two arguments of the function, the others are one.
  public var arguments: [Argument]
  /// What the function returns.
  public var result: Result
  /// The score that stands for "not applicable"; NaN is one that may be given.
  public var abstain: Double?
  /// Whether calls may overlap.
  public var isThreadSafe: Bool

  /// How often the function is called.
  public enum CallForm: String, Sendable, CaseIterable {
    /// Once for each completion.
    case item
    /// Once for a batch: what differs between items is an array with one entry for each.
    case batch
  }

  /// A type of C.
  public enum CType: String, Sendable, CaseIterable {
    /// `int32_t`; `int` on every platform of Stepwise.
    case int32
    /// `int64_t`; `long` on every platform of Stepwise.
    case int64
    /// `uint64_t`; `size_t` on every platform of Stepwise.
    case uint64
    /// `float`.
    case float
    /// `double`.
    case double
    /// `bool` of C99 and C++.
    case bool
    /// `const char *`, NUL-terminated UTF-8.
    case string
    /// `const char *, size_t`: UTF-8 that may hold NUL and does not end in one.
    case text

    /// Whether it is a number or a truth value.
    public var isScalar: Bool { self != .string && self != .text }
  }

  /// One argument: where its value comes from, and as what it is passed.
  public struct Argument: Sendable, Equatable {
    /// Where its value comes from.
    public var source: Source
    /// As what it is passed.
    public var type: CType
  }

  /// Where the value of an argument comes from.
  public enum Source: Sendable, Equatable {
    /// Something of the item or the batch.
    case value(Value)
    /// The column of that name of the item's row.
    case column(String)
    /// The component's parameter of that name; the same for all items, so never an array.
    case parameter(String)
    /// Where the function writes its score, or its scores: `double *`.
    case scores
  }

  /// What an item or a batch has beside columns.
  public enum Value: String, Sendable, CaseIterable {
    /// The completion without special tokens.
    case completion
    /// The prompt as the model saw it, after the chat template.
    case prompt
    /// How many tokens the completion has.
    case completionTokens = "completion_tokens"
    /// Whether the completion was cut at the length limit.
    case truncated
    /// How many items the batch has.
    case count

    /// Whether it is text.
    var isText: Bool { self == .completion || self == .prompt }
  }

  /// What the function returns.
  public enum Result: Sendable, Equatable {
    /// The score.
    case score(CType)
    /// An `int`: 0 is success. The scores are written to an argument.
    case status
    /// Nothing. The scores are written to an argument.
    case void
  }

  /// The columns that every row must have.
  public var columns: [String] {
    arguments.compactMap { if case .column(let name) = $0.source { name } else { nil } }
  }

  /// The C declaration that the section stands for.
  public var declaration: String {
    let parameters = arguments.map { argument -> String in
      switch argument.source {
      case .scores: return "double *"
      case .parameter, .value(.count): return Self.name(argument.type)
      case .value, .column:
        switch argument.type {
        case .string: return call == .batch ? "const char *const *" : "const char *"
        case .text:
          return call == .batch ? "const char *const *, const size_t *" : "const char *, size_t"
        default:
          return call == .batch ? "const \(Self.name(argument.type)) *" : Self.name(argument.type)
        }
      }
    }
    let returned: String
    switch result {
    case .score(let type): returned = Self.name(type)
    case .status: returned = "int"
    case .void: returned = "void"
    }
    return
      "\(returned) \(symbol)(\(parameters.isEmpty ? "void" : parameters.joined(separator: ", ")))"
  }

  private static func name(_ type: CType) -> String {
    switch type {
    case .int32: return "int32_t"
    case .int64: return "int64_t"
    case .uint64: return "uint64_t"
    case .float: return "float"
    case .double: return "double"
    case .bool: return "bool"
    case .string: return "const char *"
    case .text: return "const char *, size_t"
    }
  }
}
