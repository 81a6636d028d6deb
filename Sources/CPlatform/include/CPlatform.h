/* What Linux offers and Swift's Glibc module does not show: processes that cannot be lost, memory that cannot be cut, and
 * sockets that hand descriptors over. Functions answer -1 with errno set unless they say otherwise. */
#ifndef STEPWISE_CPLATFORM_H
#define STEPWISE_CPLATFORM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- Memory ---------------------------------------------------------------------------------------------------------- */

/* A new anonymous file of `size` bytes that can be sealed; close-on-exec. */
int platform_memory_file(const char *name, uint64_t size);

/* Makes the file's size final and forbids writing through any mapping or descriptor that does not exist yet: a reader that
 * could shrink it would take its writer down with SIGBUS. Map it for writing before. */
int platform_seal(int file);

/* Makes the file's size final; it can still be written up to there. */
int platform_seal_size(int file);

/* Bytes that were allocated with malloc, in all arenas or by a sanitizer, and not freed; 0 where that is not known. */
uint64_t platform_heap_in_use(void);

/* ---- Processes ------------------------------------------------------------------------------------------------------- */

/* The most descriptors that a child is given. */
enum { PLATFORM_DESCRIPTOR_LIMIT = 256 };

struct platform_launch {
  /* The program's file; no search path is used. */
  const char *path;
  /* NULL-terminated. */
  char *const *arguments;
  char *const *environment;
  /* The working directory, or NULL for the caller's. */
  const char *directory;
  /* descriptors[i] becomes the child's descriptor i, -1 stays closed. All others are closed in the child. */
  const int *descriptors;
  int descriptor_count;
  /* The signal that the child gets when this process dies. */
  int death_signal;
};

/* What could not be done when a spawn failed. */
enum platform_spawn_step {
  PLATFORM_SPAWN_FORK = 1,
  PLATFORM_SPAWN_DESCRIPTORS = 2,
  PLATFORM_SPAWN_DIRECTORY = 3,
  PLATFORM_SPAWN_EXECUTE = 4
};

/* Starts a program in a process group of its own, with default signal handlers and an empty signal mask, and answers its id
 * and a pidfd.
 *
 * The child gets `death_signal` when its parent *thread* ends, so every child is made by one thread that never ends. It is made
 * with vfork: the host may hold gigabytes, whose page tables a fork would copy. */
pid_t platform_spawn(const struct platform_launch *launch, int *pidfd, int *step);

int platform_pidfd_open(pid_t process);
int platform_pidfd_signal(int pidfd, int signal);

/* How a child ended: 1 with `*exit_code`, or with `*signal` not 0; 0 while it runs. The child stays a zombie, and its number its
 * own, until `platform_reap`. */
int platform_ended(int pidfd, int *exit_code, int *signal);

/* Takes away a child that has ended: 1, or 0 while it runs. */
int platform_reap(int pidfd);

/* Makes orphaned descendants children of this process. */
int platform_become_subreaper(void);

/* The signal that this process gets when its parent's thread ends. */
int platform_set_death_signal(int signal);

/* Splits a process that was just started and has one thread: the caller goes on in a child, and this process becomes its
 * supervisor. 0 in the child; -1 where there can be none.
 *
 * The supervisor ends as the child did, after it has killed and reaped all that the child left, in whatever group, session or
 * environment; SIGTERM, or the death of the host, ends them all. Nobody but the supervisor can be the parent of their orphans, so
 * that none escapes, also when the host is killed. */
int platform_supervise(void);

/* No core files from here on, and the first to go when memory is short. */
void platform_become_expendable(void);

/* The name of the calling thread, of which the system keeps 15 bytes. */
void platform_name_thread(const char *name);

/* What is printed to standard output leaves the process line by line, as to a terminal. */
void platform_write_lines(void);

/* ---- Sockets and pipes ----------------------------------------------------------------------------------------------- */

/* Two connected stream sockets; close-on-exec. */
int platform_socket_pair(int sockets[2]);

/* A pipe, {reading end, writing end}; close-on-exec, reading does not block. */
int platform_pipe(int ends[2]);

/* Sends without blocking and without SIGPIPE; `descriptor` goes along unless it is -1. */
ssize_t platform_send(int socket, const void *bytes, size_t count, int descriptor);

/* Receives without blocking; a descriptor that came along is stored in `*descriptor`, close-on-exec, else -1. */
ssize_t platform_receive(int socket, void *bytes, size_t count, int *descriptor);

/* ---- Sockets with a name in the file system --------------------------------------------------------------------------- */

/* The longest path that an address holds, in bytes. */
enum { PLATFORM_UNIX_PATH_LIMIT = 107 };

/* A directory to name files in, not to read; close-on-exec. Searching it needs no right to read it. */
int platform_open_directory(const char *path);

/* A Unix stream socket that does not block; close-on-exec. */
int platform_unix_socket(void);

/* Gives a socket a name, or connects it to one: ENAMETOOLONG beyond PLATFORM_UNIX_PATH_LIMIT. */
int platform_unix_bind(int socket, const char *path);
int platform_unix_connect(int socket, const char *path);

/* The next connection, which does not block; close-on-exec. */
int platform_unix_accept(int socket);

/* Who connected, as the kernel noted it then. `*process` is 0 where it cannot be seen from here. */
int platform_unix_peer(int socket, uid_t *user, pid_t *process);

/* Tells the processor that this thread is spinning. */
static inline void platform_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
