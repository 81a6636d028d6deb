#define _GNU_SOURCE  // MAP_ANONYMOUS
#include "include/ck_memory.h"

#include <sys/mman.h>

void *ck_memory_reserve(size_t bytes) {
  // MAP_NORESERVE: only what is touched counts, against limits and in fact.
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void *pointer = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (pointer == MAP_FAILED) return NULL;
#if defined(MADV_HUGEPAGE)
  madvise(pointer, bytes, MADV_HUGEPAGE);
#endif
  return pointer;
}

void ck_memory_discard(void *pointer, size_t bytes) { madvise(pointer, bytes, MADV_DONTNEED); }

void ck_memory_release(void *pointer, size_t bytes) { munmap(pointer, bytes); }
