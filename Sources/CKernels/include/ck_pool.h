// The worker pool under every kernel.
//
// A job is `tasks` calls fn(context, task). How a job is cut into tasks is decided by shapes only,
// never by the number of threads, and tasks write disjoint memory: the bits of a result are equal
// for any number of threads. Which thread runs which task is left to chance.
#ifndef CK_POOL_H
#define CK_POOL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ck_pool ck_pool;

/// One task of a job.
typedef void (*ck_task)(void *context, int64_t task);

/// Makes a pool that runs jobs on `threads` threads in all: the caller's and threads - 1 workers.
/// NULL when threads cannot be started. Workers spin for about 50 us after a job, then sleep.
ck_pool *ck_pool_create(int32_t threads);

/// Stops and joins the workers. No job may be running.
void ck_pool_destroy(ck_pool *pool);

int32_t ck_pool_threads(const ck_pool *pool);

/// Runs fn for every task in 0 ..< tasks and returns when all are done. Any thread may call; callers
/// take turns. A call from inside a task runs its tasks in place, one after the other.
/// tasks < 2^32.
void ck_parallel_for(ck_pool *pool, int64_t tasks, ck_task fn, void *context);

/// Processors this process may run on: its affinity mask, which containers and taskset narrow.
int32_t ck_processors(void);

/// Scratch memory of the calling thread, 64-byte aligned, contents undefined; one buffer per slot,
/// which grows and is freed with its thread. It stays valid until the thread's next call with the
/// same slot.
enum { CK_SCRATCH_TASK = 0, CK_SCRATCH_TASK_B = 1, CK_SCRATCH_SHARED = 2, CK_SCRATCH_SLOTS = 3 };
void *ck_scratch(int slot, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
