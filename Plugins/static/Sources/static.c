/* The strategy `static`: L = (1 - mu) L_RL + mu L_SFT at every step.
 *
 * A whole strategy out of the C headers alone:
 *
 *     cc -std=c11 -O2 -shared -fPIC -fvisibility=hidden -I Sources/CStepwisePlugin/include static.c -o libstatic.so */
#include <stepwise/json.h>
#include <stepwise/plugin.h>

#define ID "org.stepwise.strategy.static"

/* The manifest's default. The host fills it in; what asks without a host gets the same. */
#define DEFAULT_MU 0.1

/* Parameters that do not change, and no state: nothing to save. */
struct stepwise_instance {
    double mu;
};

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration,
    stepwise_instance **instance, stepwise_error *error) {
    (void)factory;
    double mu = stepwise_json_real(configuration->parameters, "mu", DEFAULT_MU);
    if (!(mu >= 0 && mu <= 1)) {
        return stepwise_fail(error, STEPWISE_ERROR_ARGUMENT, "mu must lie between 0 and 1");
    }
    stepwise_instance *made = malloc(sizeof *made);
    if (made == NULL) return stepwise_fail(error, STEPWISE_ERROR_MEMORY, "out of memory");
    made->mu = mu;
    *instance = made;
    return STEPWISE_OK;
}

static void destroy(stepwise_instance *instance) {
    free(instance);
}

/* A part of weight 0 is not made at all: with mu 1 no rollout is generated. */
static uint32_t step_kind(const stepwise_instance *instance) {
    if (instance->mu == 0) return STEPWISE_STEP_RL;
    if (instance->mu == 1) return STEPWISE_STEP_SFT;
    return STEPWISE_STEP_BOTH;
}

static stepwise_status requirements(
    stepwise_instance *instance, uint64_t *needs, stepwise_error *error) {
    (void)error;
    uint32_t kind = step_kind(instance);
    *needs = 0;
    if (kind != STEPWISE_STEP_RL) *needs |= STEPWISE_NEEDS_DEMONSTRATIONS;
    if (kind != STEPWISE_STEP_SFT) *needs |= STEPWISE_NEEDS_PROMPTS;
    return STEPWISE_OK;
}

static stepwise_status begin_step(
    stepwise_instance *instance, const stepwise_step_context *context, stepwise_step_plan *plan,
    stepwise_error *error) {
    (void)context;
    (void)error;
    plan->kind = step_kind(instance);
    plan->sft_weight = instance->mu;
    plan->rl_weight = 1 - instance->mu;
    plan->set_reason(plan, stepwise_text_of("always SFT and GRPO, mixed by mu"));
    plan->add_diagnostic(plan, stepwise_text_of("mu"), instance->mu);
    return STEPWISE_OK;
}

static const stepwise_strategy strategy = {
    .struct_size = sizeof strategy,
    .requirements = requirements,
    .begin_step = begin_step,
};

static const stepwise_factory factory = {
    .struct_size = sizeof factory,
    .kind = STEPWISE_KIND_STRATEGY,
    .id = {ID, sizeof ID - 1},
    .concurrency = STEPWISE_CONCURRENCY_SERIAL,
    .table = &strategy,
    .create = create,
    .destroy = destroy,
};

static const stepwise_plugin plugin = {
    .magic = STEPWISE_PLUGIN_MAGIC,
    .abi_major = STEPWISE_ABI_MAJOR,
    .abi_minor = STEPWISE_ABI_MINOR,
    .struct_size = sizeof plugin,
    .id = {ID, sizeof ID - 1},
    .version = {"1.0.0", 5},
    .sdk = {"C headers 1.0", 13},
    .factories = &factory,
    .factory_count = 1,
    .factory_stride = sizeof factory,
};

STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) {
    return &plugin;
}
