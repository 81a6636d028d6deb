import PluginPackages

/// Finds the one installed plugin that somebody means.
enum InstalledPlugin {
  /// Whether a text is a path and no name: as in configurations, a slash tells.
  static func isPath(_ text: String) -> Bool {
    text == "." || text.utf8.contains(UInt8(ascii: "/"))
  }

  /// The receipt that `ID`, `ID@VERSION` or a folder's name stands for.
  static func named(_ name: String) throws -> Receipt {
    let found = try Receipts().named(name)
    guard let receipt = found.first else {
      throw PackageError(
        .notFound,
        name,
        "there is no such package, folder or installed plugin",
        cure: "stepwise plugin list shows what there is; write a folder with a slash: ./\(name)"
      )
    }
    guard found.count == 1 else {
      throw PackageError(
        .notFound,
        name,
        "\(found.count) installed plugins answer to it: \(found.map(\.name).joined(separator: ", "))",
        cure: "give ID@VERSION, or the folder's name"
      )
    }
    return receipt
  }

  /// The receipt of the plugin in a folder, where it was installed from a package.
  static func at(_ folder: String) throws -> Receipt? {
    try Receipts().receipt(at: folder)
  }
}
