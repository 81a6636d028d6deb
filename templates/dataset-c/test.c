/* `make test`: the dataset without Stepwise, through its own table, with a host that knows one folder. */
#include "dataset.c"

static stepwise_text here(const stepwise_host *host) {
  (void)host;
  return stepwise_text_of(".");
}

static int failures = 0;

static void check(int condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "FAILED: %s\n", what);
  failures++;
}

static stepwise_status take(const stepwise_row_sink *sink, const stepwise_example *row) {
  (*(uint64_t *)sink->context)++;
  check(row->prompt.type == STEPWISE_VALUE_TEXT && row->prompt.data.text.size > 0, "a row has a prompt");
  check(stepwise_find_column(row, "answer") != NULL, "a row has its answer");
  if (row->id == 0) {
    check(stepwise_text_equals(row->prompt.data.text, "What is the capital of France?"), "the first question");
    check(stepwise_text_equals(row->completion.data.text, " Paris"), "the first completion");
  }
  return STEPWISE_OK;
}

int main(void) {
  stepwise_host host = {.struct_size = sizeof host, .resource_directory = here};
  stepwise_configuration configuration = {.struct_size = sizeof configuration, .host = &host};
  stepwise_dataset_description description = {.struct_size = sizeof description};
  uint64_t given = 0;
  stepwise_row_sink sink = {.struct_size = sizeof sink, .context = &given, .row = take};
  char message[256];
  stepwise_error error = {.struct_size = sizeof error, .message = message, .capacity = sizeof message};
  stepwise_instance *instance;
  configuration.parameters = stepwise_text_of("{\"demonstrations\": true}");
  check(create(&factory, &configuration, &instance, &error) == STEPWISE_OK, "create");
  check(init(instance, &error) == STEPWISE_OK, "init");
  check(describe(instance, &description, &error) == STEPWISE_OK && description.count == 6, "six rows");
  check(read_rows(instance, 0, description.count, &sink, &error) == STEPWISE_OK && given == 6, "all rows are given");
  destroy(instance);
  puts(failures == 0 ? "all good" : "FAILED");
  return failures != 0;
}
