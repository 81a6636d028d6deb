/* The dataset __ID__: each line of rows.tsv is a question, a tab and its answer. */
#include <math.h>
#include <stdio.h>

#include <stepwise/json.h>
#include <stepwise/plugin.h>

#define ID "__ID__"

struct row {
  stepwise_text question;
  /* With a blank before it, as it follows the question. */
  stepwise_text completion;
};

struct stepwise_instance {
  const stepwise_host *host;
  int demonstrations;
  char *text;
  struct row *rows;
  uint64_t count;
};

/* ---- Life: create reads the parameters, init opens files ---------------------------------------------------------------- */

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  stepwise_instance *made = calloc(1, sizeof *made);
  (void)factory;
  if (made == NULL) return stepwise_fail(error, STEPWISE_ERROR_MEMORY, "out of memory");
  made->host = configuration->host;
  made->demonstrations = stepwise_json_bool(configuration->parameters, "demonstrations", 1);
  *instance = made;
  return STEPWISE_OK;
}

static void destroy(stepwise_instance *instance) {
  free(instance->text);
  free(instance->rows);
  free(instance);
}

/* Points the rows into `size` bytes of `instance->text`. */
static stepwise_status parse(stepwise_instance *instance, size_t size, stepwise_error *error) {
  char *at = instance->text, *end = at + size;
  size_t lines = 1;
  for (; at < end; at++) lines += *at == '\n';
  instance->rows = calloc(lines, sizeof *instance->rows);
  if (instance->rows == NULL) return stepwise_fail(error, STEPWISE_ERROR_MEMORY, "out of memory");
  for (at = instance->text; at < end;) {
    struct row *row = &instance->rows[instance->count];
    char *stop = memchr(at, '\n', (size_t)(end - at));
    char *tab;
    if (stop == NULL) stop = end;
    tab = memchr(at, '\t', (size_t)(stop - at));
    if (tab == NULL) {
      char message[80];
      snprintf(message, sizeof message, "rows.tsv, line %llu: no tab", (unsigned long long)instance->count + 1);
      return stepwise_fail(error, STEPWISE_ERROR_DATA, message);
    }
    *tab = ' ';
    row->question.data = at;
    row->question.size = (uint64_t)(tab - at);
    row->completion.data = tab;
    row->completion.size = (uint64_t)(stop - tab);
    instance->count++;
    at = stop + 1;
  }
  return STEPWISE_OK;
}

static stepwise_status init(stepwise_instance *instance, stepwise_error *error) {
  stepwise_text folder = instance->host->resource_directory(instance->host);
  char path[4096];
  FILE *file;
  long size;
  size_t count;
  /* Files of the plugin lie beside its manifest; the library itself was loaded from elsewhere. */
  snprintf(path, sizeof path, "%.*s/rows.tsv", (int)folder.size, folder.data);
  file = fopen(path, "rb");
  if (file == NULL) return stepwise_fail(error, STEPWISE_ERROR_IO, "cannot open rows.tsv beside plugin.yaml");
  fseek(file, 0, SEEK_END);
  size = ftell(file);
  rewind(file);
  instance->text = malloc(size > 0 ? (size_t)size : 1);
  count = instance->text != NULL && size >= 0 ? fread(instance->text, 1, (size_t)size, file) : 0;
  fclose(file);
  if (size < 0 || count != (size_t)size) return stepwise_fail(error, STEPWISE_ERROR_IO, "cannot read rows.tsv");
  return parse(instance, count, error);
}

/* ---- Rows ------------------------------------------------------------------------------------------------------------ */

static stepwise_status describe(
    stepwise_instance *instance, stepwise_dataset_description *description, stepwise_error *error) {
  (void)error;
  description->count = instance->count;
  return STEPWISE_OK;
}

static stepwise_value text_value(stepwise_text text) {
  stepwise_value value = {0};
  value.type = STEPWISE_VALUE_TEXT;
  value.data.text = text;
  return value;
}

/* Gives the rows [first, first + count), which lie within the dataset. The sink copies: the row may be on the stack. */
static stepwise_status read_rows(
    stepwise_instance *instance, uint64_t first, uint64_t count, const stepwise_row_sink *sink, stepwise_error *error) {
  uint64_t i;
  (void)error;
  for (i = first; i < first + count; i++) {
    const struct row *row = &instance->rows[i];
    stepwise_text answer = {row->completion.data + 1, row->completion.size - 1};
    stepwise_column column = {{"answer", 6}, text_value(answer)};
    stepwise_example example = {0};
    stepwise_status status;
    example.struct_size = sizeof example;
    example.id = i;
    example.prompt = text_value(row->question);
    if (instance->demonstrations) example.completion = text_value(row->completion);
    example.difficulty = NAN;
    example.columns = &column;
    example.column_count = 1;
    status = sink->row(sink, &example);
    if (status != STEPWISE_OK) return status;
  }
  return STEPWISE_OK;
}

/* ---- Tables ---------------------------------------------------------------------------------------------------------- */

static const stepwise_dataset dataset = {.struct_size = sizeof dataset, .describe = describe, .read = read_rows};

static const stepwise_factory factory = {
    .struct_size = sizeof factory,
    .kind = STEPWISE_KIND_DATASET,
    .id = {ID, sizeof ID - 1},
    .table = &dataset,
    .create = create,
    .destroy = destroy,
    .init = init,
};

static const stepwise_plugin plugin = {
    .magic = STEPWISE_PLUGIN_MAGIC,
    .abi_major = STEPWISE_ABI_MAJOR,
    .abi_minor = STEPWISE_ABI_MINOR,
    .struct_size = sizeof plugin,
    .id = {ID, sizeof ID - 1},
    .version = {"0.1.0", 5},
    .sdk = {"C headers 1.0", 13},
    .factories = &factory,
    .factory_count = 1,
    .factory_stride = sizeof factory,
};

STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) { return &plugin; }
