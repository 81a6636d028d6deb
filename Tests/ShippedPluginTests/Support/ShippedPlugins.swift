import Components
import Foundation
import PluginHost

/// The folder with Package.swift.
let packageRoot = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// The plugins as they are shipped: staged by `make`, or where STEPWISE_PLUGIN_PATH says.
private let catalog: PluginCatalog = {
  let staged = packageRoot.appendingPathComponent(".build/release/plugins").path
  let given = PluginCatalog.environmentSearchPaths
  return PluginCatalog(
    searchPaths: given.isEmpty ? [staged] : given,
    policy: .trustingAll
  )
}()

/// A strategy, loaded as a run loads it.
func shippedStrategy(_ name: String, _ parameters: ParameterValue) throws -> any MixingStrategy {
  try catalog.loadStrategy(PluginReference(name, parameters: parameters)).part
}

/// A strategy whose parameters can change while it runs.
func changeableStrategy(
  _ name: String,
  _ parameters: ParameterValue
) throws -> LoadedComponent<
  any MixingStrategy
> {
  try catalog.loadStrategy(PluginReference(name, parameters: parameters))
}

/// A dataset, loaded as a run loads it.
///
/// - Parameter base: where relative paths among the parameters start.
func shippedDataset(
  _ name: String,
  _ parameters: ParameterValue,
  from base: String? = nil
) throws -> any Dataset {
  try catalog.loadDataset(
    PluginReference(name, parameters: parameters, baseDirectory: base)
  ).part
}

/// The first object with the second's entries in place of its own.
func merge(_ base: ParameterValue, _ changes: ParameterValue) -> ParameterValue {
  guard case .object(let old) = base, case .object(let new) = changes else { return changes }
  return .object(old.filter { entry in !new.contains { $0.key == entry.key } } + new)
}
