// Holds the package to its architecture: which target may import which.
//
//   swift package describe --type json > describe.json
//   swift .ci/check-imports.swift ROOT describe.json
//
// SwiftPM lets a file import a module that its target does not declare, as long as something else in the build needs it. So
// every import of every file is compared with the target's declared dependencies, and those with the table below.
import Foundation

/// What each host target may import (system libraries and packages are named where they are allowed, too).
let allowed: [String: Set<String>] = [
  "CStepwisePlugin": [],
  "StepwisePlugin": ["CStepwisePlugin"],
  "CKernels": [],
  "CPlatform": [],
  "Tensors": ["CKernels"],
  "Tokenizers": [],
  "Components": [],
  "LanguageModels": ["Tensors", "Tokenizers"],
  "RunStore": ["CSodium"],
  "RunControl": ["RunStore", "CPlatform"],
  "Training": ["LanguageModels", "Tensors", "Tokenizers", "Components", "RunStore"],
  "PluginHost": ["CStepwisePlugin", "CPlatform", "Components", "CSodium", "CFFI", "Yams"],
  "PluginPackages": ["PluginHost", "Components", "CArchive", "CSodium", "Yams"],
  "stepwise-plugin-worker": ["PluginHost"],
  "PluginConformance": ["PluginHost", "Components", "CPlatform"],
  "stepwise": [
    "Training", "LanguageModels", "Tensors", "Tokenizers", "Components", "RunStore", "RunControl",
    "PluginHost", "PluginPackages", "PluginConformance", "Yams", "ArgumentParser",
  ],
]

/// What a plugin may import: the SDK or the bare headers, other plugin-side code, and system libraries; never a host target.
let hostOnly = Set(allowed.keys).subtracting(["CStepwisePlugin", "StepwisePlugin"])

/// Modules of the toolchain that any target may import.
let toolchain: Set<String> = [
  "Swift", "Foundation", "FoundationEssentials", "Glibc", "Dispatch", "Synchronization", "Testing",
]

struct Describe: Decodable {
  struct Target: Decodable {
    var name: String
    var path: String
    var type: String
    var sources: [String]
    var target_dependencies: [String]?
    var product_dependencies: [String]?
  }
  var targets: [Target]
}

guard CommandLine.arguments.count == 3 else {
  print("usage: swift .ci/check-imports.swift ROOT describe.json")
  exit(64)
}
let root = URL(fileURLWithPath: CommandLine.arguments[1])
let package = try JSONDecoder().decode(
  Describe.self,
  from: Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[2]))
)
let modules = Set(package.targets.map(\.name))
var problems: [String] = []
var files = 0

/// The module of an import line, or nil: attributes and access levels may stand before `import`, a kind and a member after.
func importedModule(_ line: Substring) -> String? {
  var words = line.split(separator: " ")[...]
  while let word = words.first,
    word.hasPrefix("@")
      || ["public", "package", "internal", "fileprivate", "private"].contains(word)
  { words = words.dropFirst() }
  guard words.first == "import" else { return nil }
  words = words.dropFirst()
  if let kind = words.first,
    ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"].contains(kind)
  {
    words = words.dropFirst()
  }
  return words.first.map { String($0.prefix { $0 != "." }) }
}

for target in package.targets where target.type != "system-target" {
  let declared = Set((target.target_dependencies ?? []) + (target.product_dependencies ?? []))
  if let may = allowed[target.name] {
    for name in declared.subtracting(may).sorted() {
      problems.append("Package.swift: \(target.name) must not depend on \(name)")
    }
  } else if target.path.hasPrefix("Plugins/") {
    for name in declared.intersection(hostOnly).sorted() {
      problems.append("Package.swift: plugin \(target.name) must not depend on host target \(name)")
    }
  } else if target.path.hasPrefix("Sources/") {
    problems.append("Package.swift: \(target.name) is not in the table of .ci/check-imports.swift")
  }
  for source in target.sources where source.hasSuffix(".swift") {
    files += 1
    let path = "\(target.path)/\(source)"
    let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      guard let module = importedModule(line), !toolchain.contains(module) else { continue }
      if declared.contains(module) || module == target.name { continue }
      let cure =
        modules.contains(module)
        ? "declare it in Package.swift if the table allows it" : "it is not a dependency"
      problems.append("\(path):\(number + 1): \(target.name) imports \(module); \(cure)")
    }
  }
}
guard files > 0 else {
  print("no Swift file found: is \(root.path) the package?")
  exit(1)
}
problems.forEach { print($0) }
print("\(files) files, \(problems.count) forbidden imports")
exit(problems.isEmpty ? 0 : 1)
