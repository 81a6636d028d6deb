#ifndef CK_MEMORY_H
#define CK_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Address space for tensors, a whole number of pages, zero when first touched and costing nothing until then; large parts
/// are backed by huge pages. NULL when there is none.
void *ck_memory_reserve(size_t bytes);

/// Gives whole pages of a reservation back to the system; they are zero when next touched.
void ck_memory_discard(void *pointer, size_t bytes);

/// Ends a reservation.
void ck_memory_release(void *pointer, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
