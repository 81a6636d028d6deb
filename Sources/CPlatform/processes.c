#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CPlatform.h"

int platform_pidfd_open(pid_t process) { return pidfd_open(process, 0); }

int platform_pidfd_signal(int pidfd, int signal) { return pidfd_send_signal(pidfd, signal, NULL, 0); }

static int look(int pidfd, int options, siginfo_t *info) {
  memset(info, 0, sizeof *info);
  while (waitid(P_PIDFD, (id_t)pidfd, info, WEXITED | WNOHANG | options) != 0) {
    if (errno != EINTR) return -1;
  }
  return info->si_pid == 0 ? 0 : 1;
}

int platform_ended(int pidfd, int *exit_code, int *signal) {
  siginfo_t info;
  int ended = look(pidfd, WNOWAIT, &info);
  if (ended != 1) return ended;
  *exit_code = info.si_code == CLD_EXITED ? info.si_status : 0;
  *signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
  return 1;
}

int platform_reap(int pidfd) {
  siginfo_t info;
  return look(pidfd, 0, &info);
}

int platform_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int platform_set_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

void platform_write_lines(void) { setvbuf(stdout, NULL, _IOLBF, BUFSIZ); }

void platform_become_expendable(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t written = write(file, "1000", 4);
  (void)written;
  close(file);
}

void platform_name_thread(const char *name) { prctl(PR_SET_NAME, name); }
