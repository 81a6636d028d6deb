import Glibc

/// Names of users.
enum UserName {
  /// The name of a user, or the number where it has none.
  static func of(_ user: UInt32) -> String {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 1 << 14)
    guard getpwuid_r(user, &entry, &buffer, buffer.count, &found) == 0, found != nil,
      let name = entry.pw_name
    else { return String(user) }
    return String(cString: name)
  }
}
