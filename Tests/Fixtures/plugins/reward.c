/* A reward that does what its contract says (1 for completions of at most 5 bytes), or breaks one rule of it: FAULT says which. */
#include <stdlib.h>
#include <string.h>

#include <stepwise/plugin.h>

enum {
  NO_FAULT,
  /* Handshake */
  WRONG_MAGIC,
  WRONG_MAJOR,
  NEWER_HOST_NEEDED,
  SHORT_PLUGIN,
  ODD_PLUGIN,
  NULL_PLUGIN,
  NO_FACTORIES,
  SHORT_FACTORY,
  NO_CREATE,
  NO_SCORE,
  SAVE_WITHOUT_LOAD,
  SHORT_TABLE,
  OTHER_VERSION,
  OTHER_ID,
  /* Life */
  CREATE_FAILS,
  CREATE_GIVES_NOTHING,
  CREATE_CALLS_HOST,
  INIT_FAILS,
  /* Description */
  RANGE_REVERSED,
  RANGE_WIDER_THAN_MANIFEST,
  /* Scores */
  SCORE_FAILS,
  SCORE_FAILS_SILENTLY,
  SCORE_ANSWERS_SEVEN,
  COUNT_TOO_LOW,
  COUNT_TOO_HIGH,
  LAST_UNWRITTEN,
  ONE_FOR_ALL,
  ONE_TOO_MANY,
  NOT_A_NUMBER,
  INFINITE,
  OUT_OF_RANGE,
  ITEM_ERROR,
  UNKNOWN_STATUS,
  PERMUTED,
  FLUSHES_TO_ZERO,
  LONG_MESSAGE,
  BAD_UTF8_MESSAGE,
  /* Answers */
  OLDER_TABLE,
  NO_ANSWERS,
  ANSWERS_FAIL,
  ANSWERS_SEVEN,
  ANSWER_BEYOND,
  ANSWER_FAR_BEYOND,
  ANSWER_TWICE,
  ANSWER_BAD_UTF8,
  ANSWER_TOO_LONG,
  ANSWER_WITHOUT_BYTES
};

#ifndef FAULT
#define FAULT NO_FAULT
#endif

#ifdef UNRESOLVED
extern int a_symbol_that_nothing_defines(void);
int (*keep_it)(void) = a_symbol_that_nothing_defines;
#endif

struct stepwise_instance {
  const stepwise_host *host;
};

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  (void)factory;
  if (FAULT == CREATE_FAILS) return stepwise_fail(error, STEPWISE_ERROR_ARGUMENT, "the parameters are not to its taste");
  if (FAULT == CREATE_GIVES_NOTHING) return STEPWISE_OK;
  *instance = malloc(sizeof(stepwise_instance));
  (*instance)->host = configuration->host;
  if (FAULT == CREATE_CALLS_HOST) (*instance)->host->cancelled((*instance)->host);
  return STEPWISE_OK;
}

static stepwise_status init(stepwise_instance *instance, stepwise_error *error) {
  (void)instance;
  if (FAULT == INIT_FAILS) return stepwise_fail(error, STEPWISE_ERROR_IO, "the file is not there");
  return STEPWISE_OK;
}

/* Says so in the log, so that a test can count. */
static void destroy(stepwise_instance *instance) {
  instance->host->log(instance->host, STEPWISE_LOG_INFO, stepwise_text_of("destroyed"));
  free(instance);
}

static stepwise_status describe(
    stepwise_instance *instance, stepwise_reward_description *description, stepwise_error *error) {
  (void)instance;
  (void)error;
  description->minimum = FAULT == RANGE_REVERSED ? 2 : 0;
  description->maximum = FAULT == RANGE_WIDER_THAN_MANIFEST ? 10 : 1;
  return STEPWISE_OK;
}

#if defined(__x86_64__)
#include <xmmintrin.h>
static void flush_to_zero(void) { _mm_setcsr(_mm_getcsr() | 0x8040); }
#else
static void flush_to_zero(void) {}
#endif

static stepwise_status score(
    stepwise_instance *instance, const stepwise_reward_batch *batch, stepwise_reward_results *results,
    stepwise_error *error) {
  uint64_t i, n = batch->count;
  (void)instance;
  if (FAULT == SCORE_FAILS) return stepwise_fail(error, STEPWISE_ERROR_DATA, "the moon is in the wrong house");
  if (FAULT == SCORE_FAILS_SILENTLY) return STEPWISE_ERROR_MEMORY;
  if (FAULT == LONG_MESSAGE) {
    memset(error->message, 'x', error->capacity);
    error->size = error->capacity * 1000;
    return STEPWISE_ERROR;
  }
  if (FAULT == BAD_UTF8_MESSAGE) return stepwise_fail(error, STEPWISE_ERROR, "bad \xff\xfe bytes");
  if (FAULT == FLUSHES_TO_ZERO) flush_to_zero();
  for (i = 0; i < n; i++) {
    const stepwise_reward_item *item = stepwise_reward_item_at(batch, i);
    uint64_t at = FAULT == PERMUTED ? n - 1 - i : i;
    if (FAULT == LAST_UNWRITTEN && i == n - 1) break;
    if (FAULT == ONE_FOR_ALL && i == 1) break;
    results->scores[at].item = item->id;
    results->scores[at].value = item->completion.size <= 5 ? 1 : 0;
    results->scores[at].status = STEPWISE_SCORE_OK;
    results->scores[at].reserved = 0;
  }
  if (FAULT == ONE_TOO_MANY) results->scores[n] = results->scores[n - 1];
  if (FAULT == NOT_A_NUMBER) results->scores[n - 1].value = 0.0 / 0.0;
  if (FAULT == INFINITE) results->scores[n - 1].value = 1e300 * 1e300;
  if (FAULT == OUT_OF_RANGE) results->scores[n - 1].value = 1.5;
  if (FAULT == ITEM_ERROR) {
    results->scores[n - 1].status = STEPWISE_SCORE_ERROR;
    results->explain(results, n - 1, stepwise_text_of("too silly"));
    results->explain(results, n + 100, stepwise_text_of("no such item"));
  }
  if (FAULT == UNKNOWN_STATUS) results->scores[n - 1].status = 9;
  results->count = FAULT == COUNT_TOO_LOW ? n - 1 : FAULT == COUNT_TOO_HIGH ? n + 1 : FAULT == ONE_FOR_ALL ? 1 : n;
  return FAULT == SCORE_ANSWERS_SEVEN ? 7 : STEPWISE_OK;
}

/* The completion in lower case, last item first; one that starts with '?' has no answer, "-" has the empty one. */
static stepwise_status answers(
    stepwise_instance *instance, const stepwise_reward_batch *batch, const stepwise_answer_sink *sink,
    stepwise_error *error) {
  static char long_text[STEPWISE_ANSWER_SIZE + 1];
  char text[64];
  uint64_t i, j, n = batch->count;
  (void)instance;
  if (FAULT == ANSWERS_FAIL) return stepwise_fail(error, STEPWISE_ERROR_DATA, "nobody knows");
  for (i = n; i-- > 0;) {
    stepwise_text completion = stepwise_reward_item_at(batch, i)->completion;
    stepwise_text answer = {text, completion.size};
    if (completion.size > sizeof text || (completion.size > 0 && completion.data[0] == '?')) continue;
    for (j = 0; j < completion.size; j++) {
      char c = completion.data[j];
      text[j] = c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
    }
    if (stepwise_text_equals(completion, "-")) answer.size = 0;
    sink->set(sink, i, answer);
    /* What was given must have been copied. */
    memset(text, '#', sizeof text);
  }
  if (FAULT == ANSWER_BEYOND) sink->set(sink, n, stepwise_text_of("x"));
  if (FAULT == ANSWER_FAR_BEYOND) sink->set(sink, UINT64_MAX, stepwise_text_of("x"));
  if (FAULT == ANSWER_TWICE) sink->set(sink, 1, stepwise_text_of("b"));
  if (FAULT == ANSWER_BAD_UTF8) sink->set(sink, 2, stepwise_text_of("caf\xe9"));
  if (FAULT == ANSWER_TOO_LONG) {
    memset(long_text, 'x', sizeof long_text);
    sink->set(sink, 2, (stepwise_text){long_text, sizeof long_text});
  }
  if (FAULT == ANSWER_WITHOUT_BYTES) sink->set(sink, 2, (stepwise_text){NULL, 3});
  return FAULT == ANSWERS_SEVEN ? 7 : STEPWISE_OK;
}

static stepwise_status save(stepwise_instance *instance, const stepwise_writer *writer, stepwise_error *error) {
  (void)instance;
  (void)error;
  return writer->write(writer, "x", 1);
}

/* A table from before `answers`: what lies behind its end must not be read, it would crash. */
static const stepwise_reward table = {
    FAULT == SHORT_TABLE   ? 16
    : FAULT == OLDER_TABLE ? offsetof(stepwise_reward, answers)
                           : sizeof(stepwise_reward),
    0,
    describe,
    FAULT == NO_SCORE ? NULL : score,
    FAULT == OLDER_TABLE  ? (void *)0x4141414141414141ULL
    : FAULT == NO_ANSWERS ? NULL
                          : answers};

#define ID FAULT == OTHER_ID ? "org.stepwise.fixture.other" : "org.stepwise.fixture.reward"

static const stepwise_factory factory = {
    .struct_size = FAULT == SHORT_FACTORY ? 40 : sizeof(stepwise_factory),
    .kind = STEPWISE_KIND_REWARD,
    .id = {ID, sizeof("org.stepwise.fixture.reward") - (FAULT == OTHER_ID ? 2 : 1)},
    .concurrency = STEPWISE_CONCURRENCY_SERIAL,
    .table = &table,
    .create = FAULT == NO_CREATE ? NULL : create,
    .destroy = destroy,
    .init = init,
    .save = FAULT == SAVE_WITHOUT_LOAD ? save : NULL,
};

static const stepwise_plugin plugin = {
    FAULT == WRONG_MAGIC ? 0x1234567812345678ULL : STEPWISE_PLUGIN_MAGIC,
    FAULT == WRONG_MAJOR ? 9 : STEPWISE_ABI_MAJOR,
    STEPWISE_ABI_MINOR,
    FAULT == NEWER_HOST_NEEDED ? 77 : 0,
    FAULT == SHORT_PLUGIN ? 40 : FAULT == ODD_PLUGIN ? sizeof(stepwise_plugin) + 3 : sizeof(stepwise_plugin),
    {"org.stepwise.fixture.reward", sizeof("org.stepwise.fixture.reward") - 1},
    {FAULT == OTHER_VERSION ? "6.6.6" : "1.0.0", 5},
    {"C headers 1.0", sizeof("C headers 1.0") - 1},
    &factory,
    FAULT == NO_FACTORIES ? 0 : 1,
    sizeof(stepwise_factory)};

#if defined(LEAVE_OUT_ENTRY)
const stepwise_plugin *another_entry(void) { return &plugin; }
#else
STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) { return FAULT == NULL_PLUGIN ? NULL : &plugin; }
#endif
