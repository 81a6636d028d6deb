/* A reward whose score is the number of calls that were seen inside it at once. MODE is its STEPWISE_CONCURRENCY_... */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <stepwise/plugin.h>

struct stepwise_instance {
  atomic_int inside;
  atomic_int most;
};

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  (void)factory;
  (void)configuration;
  (void)error;
  *instance = calloc(1, sizeof(stepwise_instance));
  return STEPWISE_OK;
}

static void destroy(stepwise_instance *instance) { free(instance); }

static stepwise_status score(
    stepwise_instance *instance, const stepwise_reward_batch *batch, stepwise_reward_results *results,
    stepwise_error *error) {
  struct timespec pause = {0, 20000000};
  int now = atomic_fetch_add(&instance->inside, 1) + 1;
  int most = atomic_load(&instance->most);
  uint64_t i;
  (void)error;
  while (now > most && !atomic_compare_exchange_weak(&instance->most, &most, now)) {
  }
  nanosleep(&pause, NULL);
  for (i = 0; i < batch->count; i++) {
    results->scores[i].item = stepwise_reward_item_at(batch, i)->id;
    results->scores[i].value = atomic_load(&instance->most);
    results->scores[i].status = STEPWISE_SCORE_OK;
  }
  results->count = batch->count;
  atomic_fetch_sub(&instance->inside, 1);
  return STEPWISE_OK;
}

static const stepwise_reward table = {sizeof(stepwise_reward), 0, NULL, score};

static const stepwise_factory factory = {
    .struct_size = sizeof(stepwise_factory),
    .kind = STEPWISE_KIND_REWARD,
    .id = {"org.stepwise.fixture.concurrency", 32},
    .concurrency = MODE,
    .table = &table,
    .create = create,
    .destroy = destroy,
};

static const stepwise_plugin plugin = {
    STEPWISE_PLUGIN_MAGIC, STEPWISE_ABI_MAJOR, STEPWISE_ABI_MINOR, 0, sizeof(stepwise_plugin),
    {"org.stepwise.fixture.concurrency", 32}, {"1.0.0", 5}, {NULL, 0}, &factory, 1, sizeof(stepwise_factory)};

STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) { return &plugin; }
