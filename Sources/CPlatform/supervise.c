#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CPlatform.h"

/* The parent of a process, or -1 where it is gone. */
static pid_t parent_of(const char *process) {
  char path[64], line[512];
  snprintf(path, sizeof path, "/proc/%.20s/stat", process);
  FILE *file = fopen(path, "re");
  if (file == NULL) return -1;
  size_t size = fread(line, 1, sizeof line - 1, file);
  fclose(file);
  line[size] = 0;
  /* The name stands in parentheses and may contain anything. */
  const char *end = strrchr(line, ')');
  char state;
  int parent;
  return end != NULL && sscanf(end + 1, " %c %d", &state, &parent) == 2 ? parent : -1;
}

/* Kills the children of this process, among which every orphan among its descendants comes to be, until there is none. */
static void end_family(void) {
  pid_t self = getpid();
  for (;;) {
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    while (processes != NULL && (entry = readdir(processes)) != NULL) {
      /* A child that was not reaped keeps its number: this signals nobody else. */
      if (parent_of(entry->d_name) == self) kill((pid_t)atoi(entry->d_name), SIGKILL);
    }
    if (processes != NULL) closedir(processes);
    pid_t ended;
    while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
    }
    if (ended < 0 && errno == ECHILD) return;
    usleep(500);
  }
}

/* Ends as the child did. */
static void end_like(int status) {
  if (WIFSIGNALED(status)) {
    int signal_number = WTERMSIG(status);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(signal_number, SIG_DFL);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    kill(getpid(), signal_number);
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 127);
}

static void supervise(pid_t child) {
  close_range(0, ~0U, 0);
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  sigaddset(&awaited, SIGTERM);
  for (;;) {
    int signal_number = sigwaitinfo(&awaited, NULL);
    if (signal_number == SIGTERM) {
      end_family();
      end_like(SIGKILL);
    }
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
      if (ended != child) continue;
      end_family();
      end_like(status);
    }
  }
}

int platform_supervise(void) {
  pid_t host = getppid();
  sigset_t awaited, before;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  sigaddset(&awaited, SIGTERM);
  sigprocmask(SIG_BLOCK, &awaited, &before);
  platform_become_subreaper();
  /* The host's death must leave time to end the family. */
  platform_set_death_signal(SIGTERM);
  if (getppid() != host) _exit(127);
  pid_t supervisor = getpid();
  pid_t child = fork();
  if (child < 0) return -1;
  if (child > 0) supervise(child);
  /* A signal to the plugin's own group must not reach the supervisor. */
  setpgid(0, 0);
  platform_set_death_signal(SIGKILL);
  if (getppid() != supervisor) _exit(127);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return 0;
}
