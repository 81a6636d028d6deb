/* A strategy from another time. OLDER: every struct ends before the members that are optional. NEWER: every struct has members
 * that this host does not know, full of bytes that would be fatal if they were read as something else. */
#include <stdlib.h>

#include <stepwise/plugin.h>

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  (void)factory;
  (void)configuration;
  (void)error;
  *instance = (stepwise_instance *)malloc(1);
  return STEPWISE_OK;
}

static void destroy(stepwise_instance *instance) { free(instance); }

static stepwise_status begin_step(
    stepwise_instance *instance, const stepwise_step_context *context, stepwise_step_plan *plan,
    stepwise_error *error) {
  (void)instance;
  (void)context;
  (void)error;
  plan->kind = STEPWISE_STEP_SFT;
  return STEPWISE_OK;
}

typedef struct {
  stepwise_strategy known;
  uint64_t unknown[4];
} strategy_table;

typedef struct {
  stepwise_factory known;
  uint64_t unknown[4];
} factory_table;

typedef struct {
  stepwise_plugin known;
  uint64_t unknown[4];
} plugin_table;

#define JUNK {0x4141414141414141ULL, 0x4141414141414141ULL, 0x4141414141414141ULL, 0x4141414141414141ULL}

#if defined(OLDER)
/* What lies behind the declared size must not be read: it would crash. */
#define HOOK(type) (type)0x4141414141414141ULL
#define STRATEGY_SIZE offsetof(stepwise_strategy, shape_rollout)
#define FACTORY_SIZE offsetof(stepwise_factory, init)
#define PLUGIN_SIZE sizeof(stepwise_plugin)
#define MINOR 0
#else
#define HOOK(type) NULL
#define STRATEGY_SIZE sizeof(strategy_table)
#define FACTORY_SIZE sizeof(factory_table)
#define PLUGIN_SIZE sizeof(plugin_table)
#define MINOR 5
#endif

static const strategy_table strategy = {
    {.struct_size = STRATEGY_SIZE,
     .begin_step = begin_step,
     .shape_rollout = HOOK(void *),
     .route = HOOK(void *),
     .advantages = HOOK(void *),
     .step_weights = HOOK(void *),
     .token_weights = HOOK(void *),
     .end_step = HOOK(void *)},
    JUNK};

static const factory_table factories[2] = {
    {{.struct_size = FACTORY_SIZE,
      .kind = STEPWISE_KIND_STRATEGY,
      .id = {"org.stepwise.fixture.first", 26},
      .table = &strategy,
      .create = create,
      .destroy = destroy,
      .init = HOOK(void *),
      .save = HOOK(void *),
      .load = HOOK(void *)},
     JUNK},
    {{.struct_size = FACTORY_SIZE,
      .kind = STEPWISE_KIND_STRATEGY,
      .id = {"org.stepwise.fixture.sizes", 26},
      .table = &strategy,
      .create = create,
      .destroy = destroy,
      .init = HOOK(void *),
      .save = HOOK(void *),
      .load = HOOK(void *)},
     JUNK}};

static const plugin_table plugin = {
    {STEPWISE_PLUGIN_MAGIC, STEPWISE_ABI_MAJOR, MINOR, 0, PLUGIN_SIZE, {"org.stepwise.fixture.sizes", 26},
     {"1.0.0", 5}, {NULL, 0}, &factories[0].known, 2, sizeof(factory_table)},
    JUNK};

STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) { return &plugin.known; }
