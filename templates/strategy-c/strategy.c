/* The strategy __ID__: SFT and GRPO steps in turn, spread evenly, a given share of them SFT.
 *
 * Each step adds the share to a credit, and an SFT step costs 1. The credit is the state: a resumed run goes on with it. */
#include <stdlib.h>

#include <stepwise/json.h>
#include <stepwise/plugin.h>

#define ID "__ID__"

struct stepwise_instance {
  double share;
  /* From 0 to 1. */
  double credit;
};

/* ---- Life ------------------------------------------------------------------------------------------------------------ */

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  stepwise_instance *made = calloc(1, sizeof *made);
  (void)factory;
  if (made == NULL) return stepwise_fail(error, STEPWISE_ERROR_MEMORY, "out of memory");
  made->share = stepwise_json_real(configuration->parameters, "sft_share", 0.25);
  *instance = made;
  return STEPWISE_OK;
}

static void destroy(stepwise_instance *instance) { free(instance); }

/* The manifest calls the share changeable: it takes effect at the next step, and the credit stays. */
static stepwise_status reconfigure(stepwise_instance *instance, stepwise_text parameters, stepwise_error *error) {
  (void)error;
  instance->share = stepwise_json_real(parameters, "sft_share", 0.25);
  return STEPWISE_OK;
}

/* ---- State: a tag and the credit, little-endian ----------------------------------------------------------------------- */

#define TAG "credit 1"

static stepwise_status save(stepwise_instance *instance, const stepwise_writer *writer, stepwise_error *error) {
  unsigned char bytes[16] = TAG;
  uint64_t bits;
  int i;
  (void)error;
  memcpy(&bits, &instance->credit, 8);
  for (i = 0; i < 8; i++) bytes[8 + i] = (unsigned char)(bits >> (8 * i));
  return writer->write(writer, bytes, sizeof bytes);
}

static stepwise_status load(
    stepwise_instance *instance, uint32_t version, const stepwise_reader *reader, stepwise_error *error) {
  /* One byte more than a state has, to see that it ends. */
  unsigned char bytes[17];
  uint64_t size = 0, got = 1, bits = 0;
  double credit;
  int i;
  (void)version;
  while (got > 0 && size < sizeof bytes) {
    stepwise_status status = reader->read(reader, bytes + size, sizeof bytes - size, &got);
    if (status != STEPWISE_OK) return status;
    size += got;
  }
  if (size != 16 || memcmp(bytes, TAG, 8) != 0) {
    return stepwise_fail(error, STEPWISE_ERROR_STATE, "the bytes are not a state of " ID);
  }
  for (i = 0; i < 8; i++) bits |= (uint64_t)bytes[8 + i] << (8 * i);
  memcpy(&credit, &bits, 8);
  if (!(credit >= 0 && credit <= 1)) return stepwise_fail(error, STEPWISE_ERROR_STATE, "the credit is out of range");
  instance->credit = credit;
  return STEPWISE_OK;
}

/* ---- Steps ----------------------------------------------------------------------------------------------------------- */

static stepwise_status requirements(stepwise_instance *instance, uint64_t *needs, stepwise_error *error) {
  (void)instance;
  (void)error;
  *needs = STEPWISE_NEEDS_DEMONSTRATIONS | STEPWISE_NEEDS_PROMPTS;
  return STEPWISE_OK;
}

/* What the step shall be. It changes nothing: only what has happened does. */
static stepwise_status begin_step(
    stepwise_instance *instance, const stepwise_step_context *context, stepwise_step_plan *plan,
    stepwise_error *error) {
  double credit = instance->credit + instance->share;
  (void)context;
  (void)error;
  plan->kind = credit >= 1 ? STEPWISE_STEP_SFT : STEPWISE_STEP_RL;
  plan->set_reason(plan, stepwise_text_of(credit >= 1 ? "the credit is enough for SFT" : "saving up for SFT"));
  plan->add_diagnostic(plan, stepwise_text_of("credit"), credit);
  return STEPWISE_OK;
}

static stepwise_status end_step(
    stepwise_instance *instance, const stepwise_step_report *report, stepwise_error *error) {
  (void)error;
  instance->credit += instance->share;
  if (report->kind == STEPWISE_STEP_SFT) instance->credit -= 1;
  return STEPWISE_OK;
}

/* ---- Tables ---------------------------------------------------------------------------------------------------------- */

static const stepwise_strategy strategy = {
    .struct_size = sizeof strategy,
    .requirements = requirements,
    .begin_step = begin_step,
    .end_step = end_step,
};

static const stepwise_factory factory = {
    .struct_size = sizeof factory,
    .kind = STEPWISE_KIND_STRATEGY,
    .id = {ID, sizeof ID - 1},
    .state_version = 1,
    .table = &strategy,
    .create = create,
    .destroy = destroy,
    .save = save,
    .load = load,
    .reconfigure = reconfigure,
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
