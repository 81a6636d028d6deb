import CPlatform
import Glibc

/// The listening end of a run's socket.
///
/// The file has mode 0600 from its first moment, and appears under its name only when it listens:
///
/// - The umask cannot give it that mode: it belongs to the whole process, and other threads make files meanwhile. But the file
///   takes the mode of the socket that is bound, less the umask's bits: fchmod before bind leaves no moment with more than 0600.
///   chmod afterwards gives back what an odd umask took.
/// - It is bound under another name and renamed once it listens. So nobody finds a socket that refuses them although the run is
///   going, and a stale one, of a run that was killed, is replaced in one step. Two processes cannot do this at once: the run's
///   lock lets in one.
/// - Should a file system make little of modes, the server still asks the kernel who connected.
final class ControlSocket: Sendable {
  static let fileName = "control.sock"
  private static let temporaryName = ".control.sock.new"
  /// Connections that wait to be accepted: beyond the server's own limit, so that those too many are answered "busy".
  private static let backlog: Int32 = 64

  /// Accepts connections. Whoever listens on it closes it: those in its queue learn only thereby that the run is over.
  let listener: Int32
  private let directory: SocketDirectory
  /// Which file is ours: the next process of this run puts its own in its place.
  private let identity: (device: dev_t, inode: ino_t)

  init(run: String) throws(ControlError) {
    do {
      directory = try SocketDirectory(run)
    } catch {
      throw error.code == ENOENT
        ? .noDirectory(run) : .system(run, "open the directory", error.code)
    }
    if directory.status(of: Self.fileName) != nil, !directory.isSocket(Self.fileName) {
      throw .inTheWay(run)
    }
    let descriptor = platform_unix_socket()
    guard descriptor >= 0 else { throw .system(run, "make a socket", errno) }
    do throws(ControlError) {
      identity = try Self.listen(descriptor, in: directory)
      listener = descriptor
    } catch {
      unlinkat(directory.descriptor, Self.temporaryName, 0)
      close(descriptor)
      throw error
    }
  }

  /// Takes the file away, unless another process has put its own there.
  func remove() {
    guard let status = directory.status(of: Self.fileName), status.st_dev == identity.device,
      status.st_ino == identity.inode
    else { return }
    unlinkat(directory.descriptor, Self.fileName, 0)
  }

  private static func listen(
    _ descriptor: Int32,
    in directory: SocketDirectory
  ) throws(ControlError) -> (device: dev_t, inode: ino_t) {
    let place = "\(directory.path)/\(fileName)"
    func check(_ result: Int32, _ operation: String) throws(ControlError) {
      if result != 0 { throw .system(place, operation, errno) }
    }
    // What a process left that was killed half-way through here.
    unlinkat(directory.descriptor, temporaryName, 0)
    try check(fchmod(descriptor, 0o600), "restrict the socket")
    let address = directory.address(of: temporaryName)
    try check(platform_unix_bind(descriptor, address), "make the socket")
    try check(
      fchmodat(directory.descriptor, temporaryName, 0o600, 0),
      "set the socket's mode"
    )
    try check(Glibc.listen(descriptor, backlog), "listen")
    guard let status = directory.status(of: temporaryName) else {
      throw .system(place, "look at the socket", errno)
    }
    try check(
      renameat(directory.descriptor, temporaryName, directory.descriptor, fileName),
      "name the socket"
    )
    return (status.st_dev, status.st_ino)
  }
}
