/* Stepwise plugin ABI 1.0: everything a plugin author includes.
 *
 * A plugin is a shared library with one exported function, `stepwise_plugin_entry`, and a manifest (`plugin.yaml`) beside it.
 * The function gives a table; the table lists factories; a factory makes instances of a reward, a dataset or a strategy.
 *
 *     entry.h     the handshake, the factory and an instance's life
 *     types.h     text, values, rows, errors, state streams
 *     host.h      what the host does for a plugin
 *     reward.h    scores completions
 *     dataset.h   gives rows
 *     strategy.h  decides what the next optimizer step is
 *
 * Two more headers are conveniences, not ABI, and are included by name: easy.h turns one C function into a whole reward
 * plugin, json.h reads parameters.
 *
 * How the contracts below are written
 *
 *   Threads    [serial]   The host never makes two calls on one instance at once. They may come from different threads.
 *              [parallel] With STEPWISE_CONCURRENCY_THREAD_SAFE the call may overlap with itself on one instance; otherwise
 *                         it is [serial]. It never overlaps with a [serial] function of the same instance.
 *              [any]      From any thread, from several at once. A plugin may call such a function of the host while one of its
 *                         own [serial] or [parallel] functions runs, `create` and `destroy` excepted.
 *              [caller]   A function of the host that is called on the thread that runs the plugin's function it was given to,
 *                         before that returns.
 *   Lifetime   "for the call": the pointer, and all it leads to, is valid until the function returns. Copy what you keep.
 *   Optional   A function pointer marked so may be NULL; what happens then is said there.
 *
 * Versions. `abi_major` changes when old plugins cannot go on; `abi_minor` when something is appended. A struct that may grow
 * starts with `struct_size`, set by whoever made it; a member may be read or written only where it ends within that size (see
 * STEPWISE_HAS). New members come at the end, nothing is ever removed or reordered. Arrays of such structs carry a stride.
 * Structs marked "frozen" never change and carry no size.
 *
 * Text is UTF-8 as pointer and length, is not NUL-terminated and may contain NUL. Nothing may unwind across the boundary: no
 * C++ exception, no panic, no longjmp. A member named `reserved` is zero.
 */
#ifndef STEPWISE_PLUGIN_H
#define STEPWISE_PLUGIN_H

#include "types.h"

#include "host.h"

#include "reward.h"

#include "dataset.h"

#include "strategy.h"

#include "entry.h"

#endif
