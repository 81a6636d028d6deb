"""Strategies: one that uses every hook, and some that are wrong."""

from stepwise_plugin import PromptRoute, StepPlan, StepWeights, Strategy


class Alternate(Strategy):
    requirements = ["statistics_pass", "kl"]

    def __init__(self, period=2):
        self.period, self.seen = period, 0

    def begin_step(self, context):
        if context.step == 666:
            import os

            os._exit(5)
        draw = context.uniform(3)
        kind = "sft" if context.step % self.period == 0 else "rl"
        return StepPlan(
            kind,
            sft_weight=0.5,
            example_ids=[2**64 - 1],
            example_slot="prompts",
            group_demonstrations=1,
            skip_above_grad_norm=8,
            difficulty=(1, 3),
            max_grad_norm=0.25,
            samples_per_prompt=4,
            reason="step %d of %d" % (context.step, context.horizon),
            diagnostics={"draw": draw, "seen": self.seen, "seed": float(context.seed % 1000)},
        )

    def end_step(self, report):
        self.seen += 1
        self.last = report

    def shape_rollout(self, request):
        if len(request.rewards) == 2:
            return [request.step_boundaries[1], int(8 * request.uniform(3))]
        return None

    def route(self, request):
        return [
            PromptRoute(demonstration="sft", weight=2.0, demonstration_reward=None) if p.has_demonstration and not any(p.succeeded) else None
            for p in request.prompts
        ]

    def advantages(self, request):
        return [0.0 if r is None else r - g for r, g in zip(request.rewards, request.group)]

    def step_weights(self, statistics):
        return StepWeights(0.25, 0.75, [s.nll for s in statistics.sequences])

    def token_weights(self, request):
        return [
            2 * c if kind == "rollout" else c + s + k
            for c, kind, s, k in zip(request.coefficients, request.kinds, request.scales, request.kl_coefficients)
        ]

    def state(self):
        return {"seen": self.seen}

    def load_state(self, state):
        if "seen" not in state:
            raise ValueError("this is the state of something else")
        self.seen = state["seen"]


class Numbers:
    """Gives a report back, number by number, as the reason of the next plan."""

    def begin_step(self, context):
        return {"kind": "rl", "reason": self.text(context.history[-1])}

    def text(self, r):
        sft = "loss nll nll_variance grad_norm entropy mean_token_accuracy tokens".split()
        rl = (
            "loss grad_norm kl entropy reward_mean reward_std success_rate advantage_mean advantage_variance"
            " frac_reward_zero_std completion_length tokens"
        ).split()
        values = [r.step, {"both": 3}[r.kind], r.grad_norm, r.gradient_cosine, r.learning_rate, r.total_tokens]
        for part, names in ((r.sft, sft), (r.probe, sft), (r.rl, rl)):
            values += [getattr(part, name) for name in names]
        values += [getattr(r.evaluation, name) for name in "step accuracy low high count".split()]
        return " ".join("%g" % value for value in values)


class BadKind:
    def begin_step(self, context):
        return "later"


class BadWeight:
    def begin_step(self, context):
        return {"kind": "sft", "sft_weight": -1}


class BadSlot:
    def begin_step(self, context):
        return {"kind": "sft", "example_slot": "evaluation"}


class Unknown:
    requirements = ["entropie"]

    def begin_step(self, context):
        return "sft"


class BadHooks:
    def begin_step(self, context):
        return "both"

    def shape_rollout(self, request):
        return [99]

    def route(self, request):
        return [{"demonstration": "sft"} for _ in request.prompts]

    def advantages(self, request):
        return [float("nan") for _ in request.rewards]

    def step_weights(self, statistics):
        return {"sft_weight": -1, "rl_weight": 1}

    def token_weights(self, request):
        return [1e300 for _ in request.coefficients]
