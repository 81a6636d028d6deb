#define _GNU_SOURCE  // sched_getaffinity
#include "include/ck_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// How a job is handed out. `ticket` holds the job's generation in its upper and the next task in its
// lower 32 bits; a thread takes a task by a compare-and-swap of the whole word. A worker that wakes
// late, with the fields of an older job in its hand, therefore fails the swap and harms nothing, and
// the caller need not wait for workers that never woke: it waits for `done` to reach `tasks` only.
struct ck_pool {
  _Alignas(64) _Atomic uint64_t ticket;
  _Alignas(64) _Atomic int64_t done;
  _Alignas(64) _Atomic(ck_task) fn;
  _Atomic(void *) context;
  _Atomic int64_t tasks;
  _Atomic int32_t sleepers;
  _Atomic bool stop;
  pthread_mutex_t callers;  // one job at a time
  pthread_mutex_t mutex;    // guards the two conditions
  pthread_cond_t work;
  pthread_cond_t finished;
  _Atomic bool caller_sleeps;
  int32_t threads;
  pthread_t *workers;
};

static _Thread_local bool inside_task;

static inline void pause_cpu(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// Long enough to bridge the gap between two kernels of a training step, short enough not to be seen
// in a process that waits for a plugin.
static const int64_t spin_ns = 50000;

// Takes tasks of the generation until none is left.
static void drain(ck_pool *pool, uint32_t generation) {
  for (;;) {
    uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    if ((uint32_t)(ticket >> 32) != generation) return;
    ck_task fn = atomic_load_explicit(&pool->fn, memory_order_relaxed);
    void *context = atomic_load_explicit(&pool->context, memory_order_relaxed);
    int64_t tasks = atomic_load_explicit(&pool->tasks, memory_order_relaxed);
    int64_t task = (int64_t)(uint32_t)ticket;
    if (task >= tasks) return;
    if (!atomic_compare_exchange_weak_explicit(
            &pool->ticket, &ticket, ticket + 1, memory_order_acq_rel, memory_order_acquire))
      continue;
    fn(context, task);
    if (atomic_fetch_add_explicit(&pool->done, 1, memory_order_seq_cst) + 1 == tasks &&
        atomic_load_explicit(&pool->caller_sleeps, memory_order_seq_cst)) {
      pthread_mutex_lock(&pool->mutex);
      pthread_cond_broadcast(&pool->finished);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
}

static void *worker_main(void *argument) {
  ck_pool *pool = argument;
  inside_task = true;
  uint32_t seen = 0;
  for (;;) {
    int64_t deadline = now_ns() + spin_ns;
    uint32_t generation = seen;
    for (int i = 1;; ++i) {
      generation = (uint32_t)(atomic_load_explicit(&pool->ticket, memory_order_acquire) >> 32);
      if (generation != seen || atomic_load_explicit(&pool->stop, memory_order_relaxed)) break;
      pause_cpu();
      if (i % 32 == 0 && now_ns() > deadline) break;
    }
    if (generation == seen) {
      pthread_mutex_lock(&pool->mutex);
      atomic_fetch_add_explicit(&pool->sleepers, 1, memory_order_seq_cst);
      while (!atomic_load(&pool->stop) &&
             (generation = (uint32_t)(atomic_load(&pool->ticket) >> 32)) == seen)
        pthread_cond_wait(&pool->work, &pool->mutex);
      atomic_fetch_sub(&pool->sleepers, 1);
      pthread_mutex_unlock(&pool->mutex);
    }
    if (atomic_load(&pool->stop)) return NULL;
    seen = generation;
    drain(pool, generation);
  }
}

ck_pool *ck_pool_create(int32_t threads) {
  ck_pool *pool = aligned_alloc(64, (sizeof(ck_pool) + 63) / 64 * 64);
  if (!pool) return NULL;
  atomic_init(&pool->ticket, 0);
  atomic_init(&pool->done, 0);
  atomic_init(&pool->fn, NULL);
  atomic_init(&pool->context, NULL);
  atomic_init(&pool->tasks, 0);
  atomic_init(&pool->sleepers, 0);
  atomic_init(&pool->stop, false);
  atomic_init(&pool->caller_sleeps, false);
  pthread_mutex_init(&pool->callers, NULL);
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->work, NULL);
  pthread_cond_init(&pool->finished, NULL);
  pool->threads = 1;
  pool->workers = calloc((size_t)(threads > 1 ? threads - 1 : 1), sizeof(pthread_t));
  for (int32_t i = 1; i < threads; ++i) {
    if (pthread_create(&pool->workers[i - 1], NULL, worker_main, pool) != 0) {
      ck_pool_destroy(pool);
      return NULL;
    }
    pool->threads += 1;
  }
  return pool;
}

void ck_pool_destroy(ck_pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->stop, true);
  pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->mutex);
  for (int32_t i = 0; i + 1 < pool->threads; ++i) pthread_join(pool->workers[i], NULL);
  pthread_cond_destroy(&pool->work);
  pthread_cond_destroy(&pool->finished);
  pthread_mutex_destroy(&pool->mutex);
  pthread_mutex_destroy(&pool->callers);
  free(pool->workers);
  free(pool);
}

int32_t ck_processors(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int32_t)online : 1;
}

int32_t ck_pool_threads(const ck_pool *pool) { return pool->threads; }

void ck_parallel_for(ck_pool *pool, int64_t tasks, ck_task fn, void *context) {
  if (tasks <= 1 || pool->threads == 1 || inside_task) {
    for (int64_t task = 0; task < tasks; ++task) fn(context, task);
    return;
  }
  pthread_mutex_lock(&pool->callers);
  uint32_t generation = (uint32_t)(atomic_load(&pool->ticket) >> 32) + 1;
  // Closed first: between the stores below no worker may take a task of a half-written job.
  atomic_store(&pool->ticket, ((uint64_t)generation << 32) | UINT32_MAX);
  atomic_thread_fence(memory_order_seq_cst);
  generation += 1;
  atomic_store_explicit(&pool->fn, fn, memory_order_relaxed);
  atomic_store_explicit(&pool->context, context, memory_order_relaxed);
  atomic_store_explicit(&pool->tasks, tasks, memory_order_relaxed);
  atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
  atomic_store(&pool->ticket, (uint64_t)generation << 32);
  if (atomic_load(&pool->sleepers) > 0) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
  }
  inside_task = true;
  drain(pool, generation);
  inside_task = false;
  int64_t deadline = now_ns() + spin_ns;
  for (int i = 1; atomic_load_explicit(&pool->done, memory_order_acquire) < tasks; ++i) {
    pause_cpu();
    if (i % 32 == 0 && now_ns() > deadline) {
      pthread_mutex_lock(&pool->mutex);
      atomic_store(&pool->caller_sleeps, true);
      while (atomic_load(&pool->done) < tasks) pthread_cond_wait(&pool->finished, &pool->mutex);
      atomic_store(&pool->caller_sleeps, false);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
  pthread_mutex_unlock(&pool->callers);
}

// ---- scratch memory ------------------------------------------------------------------------------------

static const size_t huge_page = 2u << 20;

static void *scratch_allocate(size_t bytes) {
  bool huge = bytes >= 2 * huge_page;
  size_t alignment = huge ? huge_page : 64;
  size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void *pointer = aligned_alloc(alignment, rounded ? rounded : alignment);
#if defined(MADV_HUGEPAGE)
  if (pointer && huge) madvise(pointer, rounded, MADV_HUGEPAGE);
#endif
  return pointer;
}

typedef struct {
  void *pointer[CK_SCRATCH_SLOTS];
  size_t bytes[CK_SCRATCH_SLOTS];
} scratch_buffers;

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static _Thread_local scratch_buffers *scratch;

static void scratch_release(void *value) {
  scratch_buffers *buffers = value;
  for (int slot = 0; slot < CK_SCRATCH_SLOTS; ++slot) free(buffers->pointer[slot]);
  free(buffers);
}

static void scratch_make_key(void) { pthread_key_create(&scratch_key, scratch_release); }

void *ck_scratch(int slot, size_t bytes) {
  if (!scratch) {
    pthread_once(&scratch_once, scratch_make_key);
    scratch = calloc(1, sizeof *scratch);
    if (!scratch) abort();
    pthread_setspecific(scratch_key, scratch);
  }
  if (scratch->bytes[slot] < bytes) {
    free(scratch->pointer[slot]);
    size_t wanted = bytes + bytes / 4;
    scratch->pointer[slot] = scratch_allocate(wanted);
    // No result can be given without it, and no caller could do better.
    if (!scratch->pointer[slot]) abort();
    scratch->bytes[slot] = wanted;
  }
  return scratch->pointer[slot];
}
