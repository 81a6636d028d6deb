/* A reward that gives a completion's length in bytes, or misbehaves as the first completion says. CONSTRUCTOR makes the library
 * misbehave while it is loaded, INITIALISER while the instance is made ready. */
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stepwise/plugin.h>

enum { NOTHING, ABORTS, LOOPS, EXITS };

#ifndef CONSTRUCTOR
#define CONSTRUCTOR NOTHING
#endif
#ifndef INITIALISER
#define INITIALISER NOTHING
#endif

static void misbehave(int how) {
  if (how == ABORTS) abort();
  if (how == EXITS) exit(0);
  for (;;) {
    if (how != LOOPS) return;
    usleep(1000);
  }
}

__attribute__((constructor)) static void constructor(void) { misbehave(CONSTRUCTOR); }

struct stepwise_instance {
  const stepwise_host *host;
  int hang_at_end;
};

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  *instance = calloc(1, sizeof(stepwise_instance));
  (*instance)->host = configuration->host;
  return STEPWISE_OK;
}

static void destroy(stepwise_instance *instance) {
  while (instance->hang_at_end) usleep(1000);
  instance->host->log(instance->host, STEPWISE_LOG_INFO, stepwise_text_of("destroyed"));
  free(instance);
}

static stepwise_status init(stepwise_instance *instance, stepwise_error *error) {
  misbehave(INITIALISER);
  return STEPWISE_OK;
}

static int recurse(volatile char *above) {
  volatile char room[4096];
  room[0] = above[0];
  return recurse(room) + room[1];
}

static void *crash_later(void *unused) {
  usleep(20000);
  abort();
  return unused;
}

static void *log_on(void *host) {
  for (;;) {
    ((const stepwise_host *)host)->log(host, STEPWISE_LOG_INFO, stepwise_text_of("from a thread"));
    usleep(1000);
  }
  return NULL;
}

/* All descriptors that might lead to the host, and more. */
static void each_descriptor(void (*body)(int)) {
  for (int i = 0; i < 1024; i++) body(i);
}
static void close_it(int descriptor) { close(descriptor); }
static void write_to_it(int descriptor) {
  char garbage[64];
  memset(garbage, 0xEE, sizeof garbage);
  if (send(descriptor, garbage, sizeof garbage, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && descriptor > 2) (void)errno;
}
/* Frames that lie: a huge length, and a result that is none. */
static void lie_to_it(int descriptor) {
  static const unsigned char huge[] = {0xFF, 0xFF, 0xFF, 0x7F};
  send(descriptor, huge, sizeof huge, MSG_DONTWAIT | MSG_NOSIGNAL);
}
static void fake_result(int descriptor) {
  static const unsigned char frame[] = {20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  send(descriptor, frame, sizeof frame, MSG_DONTWAIT | MSG_NOSIGNAL);
}
static void shrink_it(int descriptor) {
  if (ftruncate(descriptor, 0) == 0 && descriptor > 2) abort();
}

/* Processes that try to stay. */
static void leave_children(void) {
  for (int i = 0; i < 3; i++) {
    if (fork() == 0) {
      if (i > 0) setsid();
      if (i > 1 && fork() != 0) _exit(0);
      signal(SIGTERM, SIG_IGN);
      signal(SIGHUP, SIG_IGN);
      sleep(1000);
      _exit(0);
    }
  }
}

static int is(const stepwise_reward_batch *batch, const char *fault) {
  return stepwise_text_equals(stepwise_reward_item_at(batch, 0)->completion, fault);
}

static stepwise_status score(
    stepwise_instance *instance, const stepwise_reward_batch *batch, stepwise_reward_results *results,
    stepwise_error *error) {
  const stepwise_host *host = instance->host;
  stepwise_score *scores = results->scores;
  pthread_t thread;
  uint64_t i;
  for (i = 0; i < batch->count; i++) {
    const stepwise_reward_item *item = stepwise_reward_item_at(batch, i);
    scores[i].item = item->id;
    scores[i].value = (double)item->completion.size;
    scores[i].status = STEPWISE_SCORE_OK;
  }
  results->count = batch->count;

  if (is(batch, "abort")) abort();
  if (is(batch, "segfault")) *(volatile int *)8 = 1;
  if (is(batch, "stack")) return recurse((volatile char *)"");
  if (is(batch, "divide")) raise(SIGFPE);
  if (is(batch, "exit")) exit(3);
  if (is(batch, "exit quietly")) _exit(0);
  if (is(batch, "kill itself")) kill(getpid(), SIGKILL);
  if (is(batch, "stop itself")) kill(getpid(), SIGSTOP);
  if (is(batch, "loop"))
    for (;;) (void)*(volatile int *)&instance->hang_at_end;
  if (is(batch, "sleep")) sleep(1000);
  if (is(batch, "ignore signals")) {
    for (int s = 1; s < 32; s++) signal(s, SIG_IGN);
    for (;;) sleep(1000);
  }
  if (is(batch, "leave children")) leave_children();
  if (is(batch, "leave children and crash")) {
    leave_children();
    abort();
  }
  if (is(batch, "leave children and loop")) {
    leave_children();
    for (;;) sleep(1000);
  }
  if (is(batch, "leak")) memset(malloc(1 << 20), 1, 1 << 20);
  if (is(batch, "write past the end")) memset(scores + batch->count, 0, sizeof *scores);
  if (is(batch, "write far past the end")) memset(scores, 0, 1 << 30);
  if (is(batch, "write to the input")) *(volatile char *)stepwise_reward_item_at(batch, 0)->completion.data = 'x';
  if (is(batch, "make the input writable") &&
      mprotect((void *)((uintptr_t)batch & ~4095UL), 4096, PROT_READ | PROT_WRITE) != 0)
    return stepwise_fail(error, STEPWISE_ERROR, "the input cannot be made writable");
  if (is(batch, "close descriptors")) each_descriptor(close_it);
  if (is(batch, "write to descriptors")) each_descriptor(write_to_it);
  if (is(batch, "lie about a length")) each_descriptor(lie_to_it);
  if (is(batch, "fake a result")) each_descriptor(fake_result);
  if (is(batch, "shrink descriptors")) each_descriptor(shrink_it);
  if (is(batch, "print"))
    for (i = 0; i < 3000; i++) fprintf(i % 2 ? stdout : stderr, "line %d of a plugin that prints and prints\n", (int)i);
  if (is(batch, "print and crash")) {
    fprintf(stderr, "assertion failed: the moon is full\n");
    abort();
  }
  if (is(batch, "change directory") && chdir("/") != 0) return STEPWISE_ERROR;
  if (is(batch, "change locale")) setlocale(LC_ALL, "C.UTF-8");
  if (is(batch, "change signals")) {
    for (int s = 1; s < 32; s++) signal(s, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
  }
  if (is(batch, "change rounding")) fesetround(FE_UPWARD);
  if (is(batch, "change environment")) clearenv();
  if (is(batch, "not a number")) scores[0].value = NAN;
  if (is(batch, "infinity")) scores[0].value = INFINITY;
  if (is(batch, "out of range")) scores[0].value = 1e9;
  if (is(batch, "too few")) results->count -= 1;
  if (is(batch, "too many")) results->count += 1;
  if (is(batch, "permuted")) scores[0].item = scores[1].item;
  if (is(batch, "unknown status")) scores[0].status = 77;
  if (is(batch, "error")) return stepwise_fail(error, STEPWISE_ERROR_DATA, "the item is of no use");
  if (is(batch, "cancel")) return host->cancelled(host) ? STEPWISE_ERROR_CANCELLED : STEPWISE_ERROR;
  if (is(batch, "crash later")) pthread_create(&thread, NULL, crash_later, NULL);
  if (is(batch, "log from a thread")) pthread_create(&thread, NULL, log_on, (void *)host);
  if (is(batch, "hang at the end")) instance->hang_at_end = 1;
  if (is(batch, "register at exit")) atexit(abort);
  return STEPWISE_OK;
}

static stepwise_status describe(
    stepwise_instance *instance, stepwise_reward_description *description, stepwise_error *error) {
  description->minimum = 0;
  description->maximum = 1e6;
  return STEPWISE_OK;
}

static const stepwise_reward table = {sizeof(stepwise_reward), 0, describe, score};

static const stepwise_factory factory = {
    .struct_size = sizeof(stepwise_factory),
    .kind = STEPWISE_KIND_REWARD,
    .id = {"org.stepwise.fixture.misbehave", 30},
    .concurrency = STEPWISE_CONCURRENCY_SERIAL,
    .create = create,
    .destroy = destroy,
    .init = init,
    .table = &table,
};

static const stepwise_plugin plugin = {
    .magic = STEPWISE_PLUGIN_MAGIC,
    .abi_major = STEPWISE_ABI_MAJOR,
    .abi_minor = STEPWISE_ABI_MINOR,
    .min_host_minor = 0,
    .struct_size = sizeof(stepwise_plugin),
    .id = {"org.stepwise.fixture.misbehave", 30},
    .version = {"1.0.0", 5},
    .factories = &factory,
    .factory_count = 1,
    .factory_stride = sizeof(stepwise_factory),
};

STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) { return &plugin; }
