/* A host that starts a child, says its id, and waits to be killed. The thread that asked for the child ends at once: what counts is
 * the life of the process. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "CPlatform.h"

static void *ask(void *unused) {
  char *arguments[] = {"/bin/sleep", "1000", NULL};
  char *environment[] = {NULL};
  int descriptors[] = {-1, -1, -1};
  struct platform_launch launch = {
      .path = "/bin/sleep",
      .arguments = arguments,
      .environment = environment,
      .descriptors = descriptors,
      .descriptor_count = 3,
      .death_signal = SIGKILL,
  };
  int pidfd, step;
  printf("%d\n", platform_spawn(&launch, &pidfd, &step));
  fflush(stdout);
  return unused;
}

int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, ask, NULL);
  pthread_join(thread, NULL);
  for (;;) pause();
}
