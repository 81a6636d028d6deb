import Components
import PluginHost

extension ConformanceTest {
  /// The manifest against the library, and whether the component comes to life at all.
  static let manifest: [ConformanceTest] = [
    ConformanceTest(
      id: "load.library",
      kinds: ComponentKind.allCases,
      reach: .native,
      summary: "The library is there, is whole, is for this machine and passes the handshake."
    ) { component in
      component.note("loading the library")
      do {
        _ = try component.probe()
      } catch let error as PluginError where error.problem != .parameters {
        throw CheckEnd.failed(error.description, cure: error.cure ?? "see the message")
      }
    },
    ConformanceTest(
      id: "life.create",
      kinds: ComponentKind.allCases,
      reach: .native,
      summary: "create makes no host call, starts no thread and opens no file."
    ) { component in
      let probe = try component.probe()
      let before = (ProcessFacts.threads, ProcessFacts.descriptors)
      component.note("calling create")
      do {
        let instance = try probe.create()
        let after = (ProcessFacts.threads, ProcessFacts.descriptors)
        withExtendedLifetime(instance) {}
        guard after.0 <= before.0, after.1 <= before.1 else {
          throw CheckEnd.failed(
            "create left \(after.0 - before.0) threads and \(after.1 - before.1) descriptors",
            cure: "move it into init"
          )
        }
      } catch let error as PluginError {
        if case .output = error.problem {
          throw CheckEnd.failed(error.message, cure: error.cure ?? "move it into init")
        }
        throw error
      }
    },
    ConformanceTest(
      id: "load.component",
      kinds: ComponentKind.allCases,
      summary: "The component comes to life with its example's parameters, else its defaults."
    ) { component in
      component.note("bringing the component to life")
      do {
        _ = try component.load()
      } catch let error as PluginError where error.problem == .parameters && error.hook == nil {
        throw CheckEnd.skipped("\(error.message); give --params, or an example with parameters")
      } catch let error as PluginError {
        throw CheckEnd.failed(error.description, cure: error.cure ?? "see the message")
      }
    },
    ConformanceTest(
      id: "manifest.id",
      kinds: ComponentKind.allCases,
      reach: .native,
      summary: "The library says the manifest's id."
    ) { component in
      let found = try component.probe().pluginID
      guard found == component.manifest.id else {
        throw CheckEnd.failed(
          "the library says \(found), the manifest \(component.manifest.id)",
          cure: "make the two agree"
        )
      }
    },
    ConformanceTest(
      id: "manifest.components",
      kinds: ComponentKind.allCases,
      reach: .native,
      summary: "Every component of the library stands in the manifest."
    ) { component in
      let declared = component.manifest.components
      let hidden = try component.probe().components.filter { found in
        !declared.contains { $0.kind == found.kind && $0.id == found.id }
      }
      guard hidden.isEmpty else {
        let names = hidden.map { "\($0.kind?.rawValue ?? "unknown kind") \($0.id)" }
        throw CheckEnd.warning(
          "the library also has \(names.joined(separator: ", ")), which nobody can use",
          cure: "add it to the manifest's components, or take it out"
        )
      }
    },
    ConformanceTest(
      id: "manifest.abi",
      kinds: ComponentKind.allCases,
      reach: .native,
      summary: "The manifest's abi covers what the library says that it needs."
    ) { component in
      let needed = try component.probe().minimumHostMinor
      guard needed <= component.manifest.abi.minor else {
        throw CheckEnd.failed(
          "min_host_minor is \(needed), the manifest's abi is \(component.manifest.abi)",
          cure: "write abi: \"\(component.manifest.abi.major).\(needed)\""
        )
      }
    },
    ConformanceTest(
      id: "manifest.columns",
      kinds: [.reward],
      summary: "The columns that the reward needs stand in the manifest's measures."
    ) { component in
      let needed = try component.reward().part.description.requiredColumns
      let missing = needed.filter { !(component.component.measures?.columns ?? []).contains($0) }
      guard missing.isEmpty else {
        let names = missing.map { "'\($0)'" }.joined(separator: ", ")
        throw CheckEnd.warning(
          "it needs \(names), and measures.columns does not say so",
          cure: "add it: a dataset without the column is then refused before anything is loaded"
        )
      }
    },
    ConformanceTest(
      id: "manifest.documented",
      kinds: ComponentKind.allCases,
      summary: "Every parameter has a description."
    ) { component in
      let silent = component.component.parameters.parameters.filter(\.description.isEmpty)
      guard silent.isEmpty else {
        throw CheckEnd.warning(
          "there is none for \(silent.map(\.name).joined(separator: ", "))",
          cure: "say in one line what it means, with its unit"
        )
      }
    },
    ConformanceTest(
      id: "manifest.symbols",
      kinds: ComponentKind.allCases,
      reach: .native,
      summary: "The library shows its entry to others, and nothing else."
    ) { component in
      let facts = try LibraryFacts(contentsOf: try component.probe().libraryFile)
      // What every linker adds, and a sanitizer's registrations.
      let usual: Set<String> = [
        "stepwise_plugin_entry", "_init", "_fini", "__bss_start", "_edata", "_end",
      ]
      let others = facts.definedSymbols.filter { !usual.contains($0) && !$0.hasPrefix("__asan") }
      guard others.isEmpty else {
        throw CheckEnd.warning(
          "it also shows \(others.count) symbols, such as \(others[0])",
          cure: "compile with -fvisibility=hidden, or link with Plugins/entry-only.map"
        )
      }
    },
  ]
}

extension CheckedComponent {
  /// Turns a PluginError into a finding of this test.
  func expect(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as PluginError {
      throw CheckEnd.failed(error.description, cure: error.cure ?? "see the message")
    }
  }
}
