import CPlatform
import Glibc

/// Memory that the host writes and a worker reads.
///
/// The worker can neither write to it nor change its size: the file is sealed after the host has mapped it. So the host never reads
/// anything here that a worker wrote, and nothing that a worker does makes an access of the host's fail.
final class SharedRegion {
  let memory: UnsafeMutableRawBufferPointer
  let file: Descriptor

  init(size: Int) throws(ProcessFailure) {
    let number = platform_memory_file("stepwise-batch", UInt64(size))
    guard number >= 0 else { throw ProcessFailure("make", "\(size) bytes of shared memory") }
    file = Descriptor(owning: number)
    let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0)
    guard let address, address != MAP_FAILED else {
      throw ProcessFailure("map", "\(size) bytes of shared memory")
    }
    memory = UnsafeMutableRawBufferPointer(start: address, count: size)
    guard platform_seal(number) == 0 else { throw ProcessFailure("seal", "shared memory") }
  }

  deinit { munmap(memory.baseAddress, memory.count) }
}

/// The worker's view of a region.
final class RegionView {
  let address: UnsafeRawPointer
  let size: Int

  init(_ file: Descriptor) throws(ProcessFailure) {
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw ProcessFailure("inspect", "shared memory") }
    size = Int(status.st_size)
    let address = mmap(nil, size, PROT_READ, MAP_SHARED, file.number, 0)
    guard let address, address != MAP_FAILED else { throw ProcessFailure("map", "shared memory") }
    self.address = UnsafeRawPointer(address)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: address), size) }
}
