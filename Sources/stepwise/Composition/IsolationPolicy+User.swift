import PluginHost
import PluginPackages

extension IsolationPolicy {
  /// What came with Stepwise and what the user has said: keys, folders, revocations.
  static var user: IsolationPolicy {
    let store = TrustStore()
    return IsolationPolicy(
      shippedDirectories: ProcessPaths.shippedPluginDirectories,
      isTrusted: { store.isTrusted(manifestFile: $0, digest: $1) },
      refusal: { manifestFile in
        store.refusal(manifestFile: manifestFile).map {
          PluginRefusal(message: $0.message, cure: $0.cure)
        }
      }
    )
  }
}
