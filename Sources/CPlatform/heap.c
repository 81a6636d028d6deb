#define _GNU_SOURCE
#include "CPlatform.h"

#include <dlfcn.h>
#include <malloc.h>

uint64_t platform_heap_in_use(void) {
  /* A sanitizer's malloc, which also keeps what was freed: only it knows what is in use. */
  size_t (*sanitizer)(void) = (size_t (*)(void))dlsym(RTLD_DEFAULT, "__sanitizer_get_current_allocated_bytes");
  if (sanitizer != NULL) return (uint64_t)sanitizer();
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
  struct mallinfo2 info = mallinfo2();
  return (uint64_t)info.uordblks + (uint64_t)info.hblkhd;
#else
  return 0;
#endif
}
