#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CPlatform.h"

/* ---- In the child ---------------------------------------------------------------------------------------------------- */

/* All below runs after vfork, in the host's memory: no allocation, no lock, nothing written but locals. */

static int place_descriptors(const struct platform_launch *launch) {
  int moved[PLATFORM_DESCRIPTOR_LIMIT];
  /* Out of the way first: a source may have the number of another's target. */
  for (int i = 0; i < launch->descriptor_count; i++) {
    moved[i] = -1;
    if (launch->descriptors[i] < 0) continue;
    moved[i] = fcntl(launch->descriptors[i], F_DUPFD_CLOEXEC, launch->descriptor_count);
    if (moved[i] < 0) return -1;
  }
  for (int i = 0; i < launch->descriptor_count; i++) {
    if (moved[i] < 0) {
      close(i);
    } else if (dup2(moved[i], i) < 0) {
      return -1;
    }
  }
  /* Not only what was forgotten: also what another thread has open without close-on-exec. */
  return close_range((unsigned)launch->descriptor_count, ~0U, 0);
}

/* Becomes the program; answers the step that failed, with errno. */
static int become(const struct platform_launch *launch, pid_t host) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, launch->death_signal, 0, 0, 0);
  /* The host may have died before the line above. */
  if (getppid() != host) _exit(127);
  struct sigaction usual;
  memset(&usual, 0, sizeof usual);
  usual.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &usual, NULL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (place_descriptors(launch) != 0) return PLATFORM_SPAWN_DESCRIPTORS;
  if (launch->directory != NULL && chdir(launch->directory) != 0) return PLATFORM_SPAWN_DIRECTORY;
  execve(launch->path, launch->arguments, launch->environment);
  return PLATFORM_SPAWN_EXECUTE;
}

/* ---- In the host ----------------------------------------------------------------------------------------------------- */

struct request {
  const struct platform_launch *launch;
  pid_t process;
  int pidfd;
  int step;
  int error;
  int done;
};

static void spawn_on_this_thread(struct request *request) {
  /* The child shares this memory until it becomes the program, and says so what failed. */
  volatile int step = 0, error = 0;
  sigset_t all, before;
  sigfillset(&all);
  /* A handler of the host must not run in the child. */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t host = getpid();
  pid_t child = vfork();
  if (child == 0) {
    step = become(request->launch, host);
    error = errno;
    _exit(127);
  }
  int fork_error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  request->process = -1;
  if (child < 0) {
    request->step = PLATFORM_SPAWN_FORK;
    request->error = fork_error;
    return;
  }
  if (step != 0) {
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    request->step = step;
    request->error = error;
    return;
  }
  /* Nobody else takes this child's end, so that the id is still its own. */
  request->pidfd = pidfd_open(child, 0);
  if (request->pidfd < 0) {
    request->step = PLATFORM_SPAWN_FORK;
    request->error = errno;
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    return;
  }
  request->process = child;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct request *pending;
static pid_t spawner_owner;

static void *spawner(void *unused) {
  (void)unused;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (pending == NULL) pthread_cond_wait(&changed, &lock);
    struct request *request = pending;
    pthread_mutex_unlock(&lock);
    spawn_on_this_thread(request);
    pthread_mutex_lock(&lock);
    pending = NULL;
    request->done = 1;
    pthread_cond_broadcast(&changed);
  }
  return NULL;
}

static int start_spawner(void) {
  pthread_t thread;
  pthread_attr_t attributes;
  sigset_t all, before;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  /* The host's signals are for its other threads. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, &attributes, spawner, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return error;
}

pid_t platform_spawn(const struct platform_launch *launch, int *pidfd, int *step) {
  struct request request = {.launch = launch, .process = -1, .pidfd = -1};
  pthread_mutex_lock(&lock);
  if (spawner_owner != getpid()) {
    int error = start_spawner();
    if (error != 0) {
      pthread_mutex_unlock(&lock);
      *step = PLATFORM_SPAWN_FORK;
      errno = error;
      return -1;
    }
    spawner_owner = getpid();
  }
  while (pending != NULL) pthread_cond_wait(&changed, &lock);
  pending = &request;
  pthread_cond_broadcast(&changed);
  while (!request.done) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
  *pidfd = request.pidfd;
  *step = request.step;
  if (request.process < 0) errno = request.error;
  return request.process;
}
