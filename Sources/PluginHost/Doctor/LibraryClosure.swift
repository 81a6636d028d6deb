/// A library and all that it needs, found as the dynamic linker would find them, none of them loaded.
struct LibraryClosure {
  /// A library that was found.
  struct Member {
    var name: String
    var file: String
    var image: ELFImage
  }

  /// What was found, in the linker's order: breadth first.
  private(set) var members: [Member] = []
  /// Names of what is needed and not there, with who needs it.
  private(set) var missing: [(name: String, neededBy: String)] = []

  /// A library of the system of a sane size.
  private static let sizeLimit = 1 << 30
  /// More libraries than any program has.
  private static let memberLimit = 512

  /// What `image` needs, and what those need.
  ///
  /// - Parameters:
  ///   - name: what messages call the image.
  ///   - folder: what `$ORIGIN` stands for in its RUNPATH; `nil`: a folder that has no libraries.
  ///   - loaded: libraries that the process has already: the linker takes those of the same name before it searches.
  init(
    of image: ELFImage,
    name: String,
    folder: String?,
    loaded: LibraryClosure? = nil,
    search: LibrarySearch = .host
  ) {
    var waiting: [(image: ELFImage, name: String, folder: String?)] = [(image, name, folder)]
    var seen: Set<String> = []
    while let next = waiting.first, members.count < Self.memberLimit {
      waiting.removeFirst()
      let paths = Self.runPath(of: next.image, folder: next.folder)
      for needed in next.image.neededLibraries where seen.insert(needed).inserted {
        if let present = loaded?[needed] {
          members.append(present)
          waiting.append((present.image, needed, Self.folder(of: present.file)))
        } else if let place = search.find(needed, runPath: paths),
          let bytes = try? Files.read(place.file, limit: Self.sizeLimit),
          let found = try? ELFImage(bytes)
        {
          let file = Files.canonical(place.file)
          members.append(Member(name: needed, file: file, image: found))
          waiting.append((found, needed, Self.folder(of: file)))
        } else {
          missing.append((needed, next.name))
        }
      }
    }
  }

  /// The member of that name.
  subscript(_ name: String) -> Member? { members.first { $0.name == name } }

  /// What this process was linked with: what every plugin finds loaded.
  static let process: LibraryClosure? = {
    guard let bytes = try? Files.read("/proc/self/exe", limit: sizeLimit),
      let image = try? ELFImage(bytes)
    else { return nil }
    return LibraryClosure(
      of: image,
      name: "this program",
      folder: folder(of: Files.canonical("/proc/self/exe"))
    )
  }()

  /// Every symbol that a member defines for others.
  func definitions() -> Set<String> {
    var names: Set<String> = []
    for member in members {
      let symbols = (try? member.image.dynamicSymbols()) ?? nil
      for symbol in symbols ?? [] where symbol.isDefined && symbol.isVisible {
        names.insert(symbol.name)
      }
    }
    return names
  }

  /// The folders of a RUNPATH, `$ORIGIN` replaced; those that start with it are left out where there is no folder for it.
  static func runPath(of image: ELFImage, folder: String?) -> [String] {
    (image.runPath ?? "").split(separator: ":").compactMap { part -> String? in
      guard part.contains("$ORIGIN") || part.contains("${ORIGIN}") else { return String(part) }
      guard let folder else { return nil }
      let whole = String(part).replacing("${ORIGIN}", with: folder)
      return whole.replacing("$ORIGIN", with: folder)
    }
  }

  /// The folder of a file.
  static func folder(of file: String) -> String {
    file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
  }
}
