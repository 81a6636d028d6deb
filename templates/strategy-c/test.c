/* `make test`: the strategy without Stepwise: its order of steps, and that a state survives and nothing else passes for one. */
#include <stdio.h>

#include "strategy.c"

static int failures = 0;

static void check(int condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "FAILED: %s\n", what);
  failures++;
}

/* A host of memory: what is written can be read, in pieces as small as `piece`. */
struct stream {
  unsigned char bytes[64];
  uint64_t size, at, piece;
};

static stepwise_status put(const stepwise_writer *writer, const void *data, uint64_t size) {
  struct stream *stream = writer->context;
  memcpy(stream->bytes + stream->size, data, size);
  stream->size += size;
  return STEPWISE_OK;
}

static stepwise_status get(const stepwise_reader *reader, void *buffer, uint64_t capacity, uint64_t *size) {
  struct stream *stream = reader->context;
  uint64_t left = stream->size - stream->at;
  *size = capacity < left ? capacity : left;
  if (*size > stream->piece) *size = stream->piece;
  memcpy(buffer, stream->bytes + stream->at, *size);
  stream->at += *size;
  return STEPWISE_OK;
}

static void reason(stepwise_step_plan *plan, stepwise_text text) { (void)plan, (void)text; }
static void diagnostic(stepwise_step_plan *plan, stepwise_text name, double value) {
  (void)plan, (void)name, (void)value;
}

static char message[256];
static stepwise_error error = {.struct_size = sizeof error, .message = message, .capacity = sizeof message};

static stepwise_instance *make(const char *parameters) {
  stepwise_configuration configuration = {.struct_size = sizeof configuration};
  stepwise_instance *instance;
  configuration.parameters = stepwise_text_of(parameters);
  check(create(&factory, &configuration, &instance, &error) == STEPWISE_OK, "create");
  return instance;
}

/* Plays `count` steps: 's' for SFT, 'r' for RL. */
static const char *play(stepwise_instance *instance, int count) {
  static char kinds[64];
  stepwise_step_context context = {.struct_size = sizeof context};
  int i;
  for (i = 0; i < count; i++) {
    stepwise_step_plan plan = {.struct_size = sizeof plan, .set_reason = reason, .add_diagnostic = diagnostic};
    stepwise_step_report report = {.struct_size = sizeof report};
    check(begin_step(instance, &context, &plan, &error) == STEPWISE_OK, "begin_step");
    report.kind = plan.kind;
    check(end_step(instance, &report, &error) == STEPWISE_OK, "end_step");
    kinds[i] = plan.kind == STEPWISE_STEP_SFT ? 's' : 'r';
  }
  kinds[count] = 0;
  return kinds;
}

int main(void) {
  struct stream stream = {.piece = 1};
  stepwise_writer writer = {.struct_size = sizeof writer, .context = &stream, .write = put};
  stepwise_reader reader = {.struct_size = sizeof reader, .context = &stream, .read = get};
  stepwise_instance *first = make("{\"sft_share\": 0.25}"), *second = make("{\"sft_share\": 0.25}");
  check(strcmp(play(first, 6), "rrrsrr") == 0, "every fourth step is SFT");
  check(save(first, &writer, &error) == STEPWISE_OK, "save");
  check(load(second, 1, &reader, &error) == STEPWISE_OK, "load, a byte at a time");
  check(strcmp(play(second, 5), "rsrrr") == 0, "a loaded state goes on");
  check(reconfigure(second, stepwise_text_of("{\"sft_share\": 1}"), &error) == STEPWISE_OK, "reconfigure");
  check(strcmp(play(second, 2), "ss") == 0, "a new share takes effect at once");
  stream.at = stream.size;
  check(load(second, 1, &reader, &error) == STEPWISE_ERROR_STATE, "no bytes are refused");
  stream.at = 0;
  stream.size++;
  check(load(second, 1, &reader, &error) == STEPWISE_ERROR_STATE, "bytes left over are refused");
  destroy(first);
  destroy(second);
  puts(failures == 0 ? "all good" : "FAILED");
  return failures != 0;
}
