/* The one exported symbol, the handshake behind it, the factory, and an instance's life. */
#ifndef STEPWISE_ENTRY_H
#define STEPWISE_ENTRY_H

#include "dataset.h"
#include "reward.h"
#include "strategy.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "STEPWISE", read as a little-endian number. */
#define STEPWISE_PLUGIN_MAGIC 0x4553495750455453ULL
/* The ABI of these headers. */
#define STEPWISE_ABI_MAJOR 1
#define STEPWISE_ABI_MINOR 0

enum {
  STEPWISE_KIND_REWARD = 1,
  STEPWISE_KIND_DATASET = 2,
  STEPWISE_KIND_STRATEGY = 3
};

enum {
  /* The host makes one call at a time on each instance. Different instances may be called at once. */
  STEPWISE_CONCURRENCY_SERIAL = 0,
  /* Functions marked [parallel] may be called at once on one instance. */
  STEPWISE_CONCURRENCY_THREAD_SAFE = 1
};

/* What an instance is made from. Given for the call to `create`. Growable. */
typedef struct stepwise_configuration {
  uint32_t struct_size;
  uint32_t reserved;
  /* The host's services: may be kept, must not be called before `init`. */
  const stepwise_host *host;
  /* The component's id: that of the factory. */
  stepwise_text component;
  /* The name under which the run knows the instance, for messages. */
  stepwise_text label;
  /* One JSON object. The host has checked it against the manifest and filled in the defaults: each parameter that has one is
   * there, numbers are within their range, no key is unknown. */
  stepwise_text parameters;
} stepwise_configuration;

/* Makes instances of one component.
 *
 * The life of an instance: create, [load], init, describe, then the functions of its kind and `save` and `reconfigure` in any
 * order, destroy. Every instance that `create` gave is destroyed exactly once, last, with no call in flight, also where `load`
 * or `init` failed. Many instances may live at once, of different configurations.
 *
 * Growable; it lives as long as the library. */
typedef struct stepwise_factory {
  uint32_t struct_size;
  /* STEPWISE_KIND_... */
  uint32_t kind;
  /* The component's id as in the manifest, reverse-DNS. */
  stepwise_text id;
  /* STEPWISE_CONCURRENCY_... */
  uint32_t concurrency;
  /* The version of what `save` writes. Raise it with the format. */
  uint32_t state_version;
  /* The functions of the kind: a stepwise_reward, stepwise_dataset or stepwise_strategy. */
  const void *table;
  /* The plugin's own; the host does not look at it. */
  void *data;

  /* Makes an instance and stores it in `*instance`. Reads the parameters and allocates; makes no host call, starts no thread
   * and opens no file. On an error `*instance` is not looked at and nothing may be left behind. [any] Required. */
  stepwise_status (*create)(
      const struct stepwise_factory *factory, const stepwise_configuration *configuration,
      stepwise_instance **instance, stepwise_error *error);

  /* Ends an instance. `log` and `deallocate` are the only services left. It has no way to fail. [serial] Required. */
  void (*destroy)(stepwise_instance *instance);

  /* Does what `create` may not: host calls, files, threads, long work. Called once. [serial] Optional. */
  stepwise_status (*init)(stepwise_instance *instance, stepwise_error *error);

  /* Writes the state that the instance needs to go on after a resume: the same bytes for the same state, whatever the machine,
   * hash seed or thread. [serial] Optional: there is no state. `save` and `load` come together. */
  stepwise_status (*save)(stepwise_instance *instance, const stepwise_writer *writer, stepwise_error *error);

  /* Restores what `save` of this component wrote under `state_version` `version`, this one's or an older one. Anything else,
   * empty, cut, random or with bytes left over, is refused with STEPWISE_ERROR_STATE; the host then destroys the instance.
   * Called after `create` and before `init`, so without services. [serial] Optional: there is no state. */
  stepwise_status (*load)(
      stepwise_instance *instance, uint32_t version, const stepwise_reader *reader, stepwise_error *error);

  /* Takes a new, complete parameter object, of which only parameters that the manifest calls changeable differ. On an error the
   * instance goes on with the old ones. Called between steps. [serial] Optional: nothing is changeable. */
  stepwise_status (*reconfigure)(stepwise_instance *instance, stepwise_text parameters, stepwise_error *error);

  /* A further table by its id in at least that revision, NULL where there is none. [serial] The table lives as long as the
   * library. Optional. */
  const void *(*extension)(stepwise_instance *instance, stepwise_text id, uint32_t revision);
} stepwise_factory;

/* What the entry gives. The members up to `struct_size` are the handshake: the host reads them first, refuses with an error
 * that names the one that does not fit, and reads nothing else then. Their place is fixed for all versions. The rest is
 * growable; it lives as long as the library. */
typedef struct stepwise_plugin {
  /* STEPWISE_PLUGIN_MAGIC. */
  uint64_t magic;
  /* STEPWISE_ABI_MAJOR of the headers that the plugin was compiled with; must be the host's. */
  uint32_t abi_major;
  /* STEPWISE_ABI_MINOR of those headers. Informs; does not decide. */
  uint32_t abi_minor;
  /* The lowest minor version whose host has all that the plugin cannot do without; must not be above the host's. */
  uint32_t min_host_minor;
  /* sizeof(stepwise_plugin) of those headers. */
  uint32_t struct_size;

  /* The plugin's id and version: those of the manifest. */
  stepwise_text id;
  stepwise_text version;
  /* What it was written with, for messages, for example "C headers 1.0". May be empty. */
  stepwise_text sdk;
  /* The factories, `factory_stride` bytes apart; no two of one kind with one id. */
  const stepwise_factory *factories;
  uint64_t factory_count;
  uint64_t factory_stride;
} stepwise_plugin;

#if defined(__GNUC__)
#define STEPWISE_EXPORT __attribute__((visibility("default")))
#else
#define STEPWISE_EXPORT
#endif

/* The name that the host looks up, and the type of what it finds. The function returns a table that lives as long as the
 * library and is the same each time. It does nothing else. A plugin defines it as
 *
 *     STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) { return &plugin; }
 *
 * (in C++ inside extern "C"). Required. */
#define STEPWISE_PLUGIN_ENTRY "stepwise_plugin_entry"
typedef const stepwise_plugin *(*stepwise_plugin_entry_function)(void);

#if !defined(STEPWISE_NO_ENTRY_DECLARATION)
STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void);
#endif

#ifdef __cplusplus
}
#endif

#endif
