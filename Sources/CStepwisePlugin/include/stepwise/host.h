/* What the host does for a plugin: a table of functions, so that no symbol of the host can replace one of the plugin's. */
#ifndef STEPWISE_HOST_H
#define STEPWISE_HOST_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  STEPWISE_LOG_DEBUG = 0,
  STEPWISE_LOG_INFO = 1,
  STEPWISE_LOG_WARNING = 2,
  STEPWISE_LOG_ERROR = 3
};

/* Which weights `log_probabilities` uses. */
enum {
  /* The policy as it is while the call runs: rewards see the weights that generated the batch, before its update. */
  STEPWISE_MODEL_POLICY = 0,
  /* The frozen reference model. STEPWISE_ERROR_UNSUPPORTED in a run without one. */
  STEPWISE_MODEL_REFERENCE = 1
};

/* The host's services for one instance.
 *
 * Lifetime: from `create` until `destroy` returns; the pointer may be kept, the table does not change. In `create` it may be
 * kept but nothing of it may be called; in `destroy` only `log` and `deallocate` may be. Between calls (from a thread that a
 * plugin keeps running) nothing may be called.
 *
 * Each function takes the table itself first. Functions marked optional are NULL where the host cannot do it: check before
 * use, or let `init` fail with a clear message. Growable. */
typedef struct stepwise_host {
  uint32_t struct_size;
  uint32_t reserved;
  /* The ABI that the host speaks. */
  uint32_t abi_major;
  uint32_t abi_minor;
  /* The host's own. */
  void *context;

  /* Writes a line to the run's log, under the plugin's id. `level` is STEPWISE_LOG_... [any] The text is copied. */
  void (*log)(const struct stepwise_host *host, int32_t level, stepwise_text message);

  /* Records a number of the current step as `plugins/LABEL/NAME`. Non-finite values are recorded as they are. Of several
   * values in one step the mean is kept. [any] The text is copied. */
  void (*metric)(const struct stepwise_host *host, stepwise_text name, double value);

  /* Memory from the host's allocator, `alignment` a power of two up to 4096; NULL where there is none. [any] The plugin owns
   * it until `deallocate`. A plugin need not use it: malloc and the like are as good. */
  void *(*allocate)(const struct stepwise_host *host, uint64_t size, uint64_t alignment);
  /* Gives back what `allocate` gave; NULL is ignored. [any] */
  void (*deallocate)(const struct stepwise_host *host, void *memory);

  /* Not 0 once the user wants to stop: long work should end with STEPWISE_ERROR_CANCELLED. Cheap. [any] */
  int32_t (*cancelled)(const struct stepwise_host *host);

  /* Nanoseconds left to the running call; 0 when it is overdue, UINT64_MAX when it has no deadline. Time spent in services
   * counts. An isolated plugin is killed some time after; a plugin in the host's process is only asked. [any] */
  uint64_t (*remaining)(const struct stepwise_host *host);

  /* A uniform draw in [0, 1): a pure function of its arguments, the same in every host, process and thread, and the only
   * randomness that leaves a run reproducible. `seed` and `step` are those of the batch or context at hand, `item` is the
   * item's or row's id, `draw` counts the draws made for it. [any]
   *
   * Exactly: block = Philox4x32-10 with key (k & 0xffffffff, k >> 32), k = seed XOR 0x53544550574953, and counter
   * (item & 0xffffffff, item >> 32, step & 0xffffffff, draw >> 1); the words of the block are paired (w0 | w1 << 32) for even
   * draws and (w2 | w3 << 32) for odd ones; the pair's upper 53 bits, divided by 2^53, are the draw. `step` and `draw` are
   * below 2^32. */
  double (*uniform)(
      const struct stepwise_host *host, uint64_t seed, uint64_t step, uint64_t item, uint64_t draw);

  /* Calls body(context, i) for every i below `count` on the host's worker threads and returns when all are done. The order is
   * not defined. `body` may call services but not `parallel_for`. It must not unwind. [any] */
  void (*parallel_for)(
      const struct stepwise_host *host, uint64_t count, void (*body)(void *context, uint64_t index), void *context);

  /* Absolute path of the directory that holds the plugin's manifest and its data files, without a trailing slash. [any]
   * Lives as long as the table. The library itself was loaded from elsewhere: do not look beside it. */
  stepwise_text (*resource_directory)(const struct stepwise_host *host);

  /* Token ids of a text by the run's tokenizer, without special tokens around it. Writes at most `capacity` ids and the full
   * number to `*count`; STEPWISE_ERROR_CAPACITY where that is more. [any] Optional. */
  stepwise_status (*encode)(
      const struct stepwise_host *host, stepwise_text text, int32_t *ids, uint64_t capacity, uint64_t *count,
      stepwise_error *error);

  /* Text of token ids, special tokens kept where `keep_special` is not 0. Writes at most `capacity` bytes and the full number
   * to `*size`; STEPWISE_ERROR_CAPACITY where that is more. [any] Optional. */
  stepwise_status (*decode)(
      const struct stepwise_host *host, const int32_t *ids, uint64_t count, int32_t keep_special, char *text,
      uint64_t capacity, uint64_t *size, stepwise_error *error);

  /* log p (nats, temperature 1) of each of `count` ids after `context_count` ids of context (at least 1), under
   * STEPWISE_MODEL_... `model`, into `log_probs`, which has room for `count`. The work is done on the calling thread or on the
   * host's, one request at a time; the trainer, which waits for the plugin meanwhile, holds no lock that it needs. It counts
   * towards the deadline. [any], but not inside `parallel_for`. Optional. */
  stepwise_status (*log_probabilities)(
      const struct stepwise_host *host, int32_t model, const int32_t *context_ids, uint64_t context_count,
      const int32_t *ids, uint64_t count, float *log_probs, stepwise_error *error);

  /* A further table by its id, for example `org.stepwise.host.NAME`, in at least that revision; NULL where the host has none.
   * Drafts have `.draft` at the end of their id. [any] The table lives as long as this one. */
  const void *(*extension)(const struct stepwise_host *host, stepwise_text id, uint32_t revision);
} stepwise_host;

#ifdef __cplusplus
}
#endif

#endif
