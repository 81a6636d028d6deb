/* A reward that uses every service of the host and checks what it can: an item's score is a bit for each that did what it should. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <stepwise/plugin.h>

struct stepwise_instance {
  const stepwise_host *host;
};

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  (void)factory;
  (void)error;
  *instance = malloc(sizeof(stepwise_instance));
  (*instance)->host = configuration->host;
  return STEPWISE_OK;
}

static void destroy(stepwise_instance *instance) { free(instance); }

static void count_up(void *context, uint64_t index) { atomic_fetch_add((atomic_ullong *)context, index); }

static int services(const stepwise_host *host, const stepwise_reward_batch *batch, stepwise_error *error) {
  int passed = 0;
  int32_t ids[16];
  char text[64];
  float log_probs[3];
  uint64_t n = 0;
  atomic_ullong sum = 0;
  stepwise_text directory = host->resource_directory(host);
  void *memory = host->allocate(host, 1000, 256);
  host->log(host, STEPWISE_LOG_WARNING, stepwise_text_of("hello"));
  host->metric(host, stepwise_text_of("seen"), 2.5);
  if (memory != NULL && (uintptr_t)memory % 256 == 0) passed |= 1 << 0;
  host->deallocate(host, memory);
  if (host->allocate(host, 8, 3) == NULL) passed |= 1 << 1;
  if (host->cancelled(host) == 1) passed |= 1 << 2;
  if (host->remaining(host) > 0 && host->remaining(host) <= 5000000000ULL) passed |= 1 << 3;
  host->parallel_for(host, 101, count_up, &sum);
  if (atomic_load(&sum) == 5050) passed |= 1 << 4;
  if (directory.size > 1 && directory.data[0] == '/') passed |= 1 << 5;
  if (host->encode(host, stepwise_text_of("abc"), ids, 16, &n, error) == STEPWISE_OK && n == 3 && ids[2] == 'c')
    passed |= 1 << 6;
  if (host->encode(host, stepwise_text_of("abc"), ids, 2, &n, error) == STEPWISE_ERROR_CAPACITY && n == 3)
    passed |= 1 << 7;
  if (host->decode(host, ids, 3, 1, text, 64, &n, error) == STEPWISE_OK && n == 5 && memcmp(text, "<abc>", 5) == 0)
    passed |= 1 << 8;
  if (host->log_probabilities(host, STEPWISE_MODEL_REFERENCE, ids, 1, ids + 1, 2, log_probs, error) == STEPWISE_OK &&
      log_probs[0] == -98.0f - 97.0f && log_probs[1] == -99.0f - 97.0f)
    passed |= 1 << 9;
  /* The model closure of the test refuses the policy. */
  error->size = 0;
  if (host->log_probabilities(host, STEPWISE_MODEL_POLICY, ids, 1, ids, 1, log_probs, error) == STEPWISE_ERROR &&
      error->size > 0)
    passed |= 1 << 10;
  if (host->uniform(host, batch->seed, batch->step, 9, 1) == host->uniform(host, batch->seed, batch->step, 9, 1) &&
      host->uniform(host, batch->seed, batch->step, 9, 1) != host->uniform(host, batch->seed, batch->step, 9, 0))
    passed |= 1 << 11;
  if (host->extension(host, stepwise_text_of("org.example.none"), 1) == NULL) passed |= 1 << 12;
  if (host->struct_size == sizeof(stepwise_host) && host->abi_major == STEPWISE_ABI_MAJOR) passed |= 1 << 13;
  return passed;
}

static stepwise_status score(
    stepwise_instance *instance, const stepwise_reward_batch *batch, stepwise_reward_results *results,
    stepwise_error *error) {
  uint64_t i;
  for (i = 0; i < batch->count; i++) {
    results->scores[i].item = stepwise_reward_item_at(batch, i)->id;
    results->scores[i].value = services(instance->host, batch, error);
    results->scores[i].status = STEPWISE_SCORE_OK;
  }
  results->count = batch->count;
  return STEPWISE_OK;
}

static const stepwise_reward table = {sizeof(stepwise_reward), 0, NULL, score};

static const stepwise_factory factory = {
    .struct_size = sizeof(stepwise_factory),
    .kind = STEPWISE_KIND_REWARD,
    .id = {"org.stepwise.fixture.services", 29},
    .table = &table,
    .create = create,
    .destroy = destroy,
};

static const stepwise_plugin plugin = {
    STEPWISE_PLUGIN_MAGIC, STEPWISE_ABI_MAJOR, STEPWISE_ABI_MINOR, 0, sizeof(stepwise_plugin),
    {"org.stepwise.fixture.services", 29}, {"1.0.0", 5}, {NULL, 0}, &factory, 1, sizeof(stepwise_factory)};

STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) { return &plugin; }
