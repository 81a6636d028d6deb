"""Strategies: a class with the hooks of Stepwise's MixingStrategy."""

import dataclasses
import difflib
from types import SimpleNamespace

from . import _values
from ._calling import made, reconfigured
from ._errors import Problem
from ._numbers import floats, packed, real, sequence, shown, whole
from ._plans import PromptRoute, StepPlan, StepWeights
from ._services import host
from ._state import StateHolder

_HOOKS = ("end_step", "shape_rollout", "route", "advantages", "step_weights", "token_weights")
_FLOAT_ARRAYS = ("log_probs", "old_log_probs", "entropies", "advantages", "coefficients")
_UINT32, _UINT64 = 2**32 - 1, 2**64 - 1


def looks_like_strategy(value):
    """Whether an object of the file can be meant as a strategy."""
    return isinstance(value, type) and "begin_step" in vars(value)


class Record(SimpleNamespace):
    """What the host tells, by name: attributes are the fields of the struct of the same name in <stepwise/strategy.h>."""

    def uniform(self, item):
        """A draw in [0, 1), a pure function of the run's seed, the step (and prompt) and `item`."""
        return host._uniform(whole(item, "the item of uniform()", maximum=_UINT64))


def _record(value):
    if isinstance(value, dict):
        if "f32" in value:
            return floats(value)
        return Record(**{key: _record(element) for key, element in value.items()})
    if isinstance(value, list):
        return [_record(element) for element in value]
    return value


class StrategyComponent:
    """An object of a strategy's class."""

    def __init__(self, target, parameters, component):
        self._target, self._parameters = target, dict(parameters)
        self._object = self._made()
        if not callable(getattr(self._object, "begin_step", None)):
            raise Problem(
                "'%s' has no method begin_step" % getattr(target, "__name__", component),
                "name the strategy's class with 'object:' in the manifest",
                "load",
            )
        self._state = StateHolder(self._object)

    def _made(self):
        # An object that the file made itself is taken as it is, where no parameters want to be given to it.
        if isinstance(self._target, type) or (callable(self._target) and not hasattr(self._target, "begin_step")):
            return made(self._target, self._parameters)
        return self._target

    def describe(self):
        description = {
            "hooks": [name for name in _HOOKS if callable(getattr(self._object, name, None))],
            "stateful": self._state.is_stateful,
        }
        needs = getattr(self._object, "requirements", None)
        if callable(needs):
            needs = needs()
        if needs is not None:
            if isinstance(needs, str) or not all(isinstance(name, str) for name in needs):
                raise Problem("requirements is %s, not a list of names" % shown(needs), kind="load")
            description["requirements"] = list(needs)
        return description

    def reconfigure(self, changes):
        reconfigured(self._object, changes)
        self._parameters.update(changes)

    def save(self, request):
        return self._state.save()

    def load(self, request):
        fresh = self._made()
        holder = StateHolder(fresh)
        holder.load(request)
        self._object, self._state = fresh, holder
        return {}

    # Hooks.

    def begin_step(self, request):
        plan = _made_of(StepPlan, self._object.begin_step(_record(request["context"])), "the plan", "kind")
        answer = {
            "kind": str(plan.kind),
            "sft_weight": real(plan.sft_weight, "the plan's sft_weight"),
            "rl_weight": real(plan.rl_weight, "the plan's rl_weight"),
            "learning_rate_factor": real(plan.learning_rate_factor, "the plan's learning_rate_factor"),
            "group_demonstrations": whole(
                plan.group_demonstrations, "the plan's group_demonstrations", maximum=_UINT32
            ),
            "optimizer_slot": whole(plan.optimizer_slot, "the plan's optimizer_slot", maximum=_UINT32),
            "example_ids": [
                whole(id, "an id of the plan's example_ids", maximum=_UINT64) for id in plan.example_ids
            ],
            "example_slot": str(plan.example_slot),
            "snapshot_reference": bool(plan.snapshot_reference),
            "reason": _values.text(str(plan.reason), "the plan's reason"),
            "diagnostics": [
                [_values.text(str(name), "a diagnostic's name"), real(value, "the diagnostic '%s'" % name)]
                for name, value in dict(plan.diagnostics).items()
            ],
        }
        if plan.samples_per_prompt is not None:
            answer["samples_per_prompt"] = whole(
                plan.samples_per_prompt, "the plan's samples_per_prompt", 1, _UINT32
            )
        if plan.max_grad_norm is not None:
            answer["max_grad_norm"] = real(plan.max_grad_norm, "the plan's max_grad_norm")
        if plan.skip_above_grad_norm is not None:
            answer["skip_above_grad_norm"] = real(plan.skip_above_grad_norm, "the plan's skip_above_grad_norm")
        if plan.difficulty is not None:
            pair = sequence(plan.difficulty, 2, "the plan's difficulty", "give (low, high)")
            answer["difficulty"] = [real(end, "an end of the plan's difficulty") for end in pair]
        return answer

    def end_step(self, request):
        self._object.end_step(_record(request["report"]))
        return {}

    def shape_rollout(self, request):
        answer = self._object.shape_rollout(_record(request["request"]))
        if answer is None:
            return {}
        left = request["request"]["group_size"] - len(request["request"]["rewards"])
        if isinstance(answer, (str, bytes, dict)) or not hasattr(answer, "__len__") or len(answer) > left:
            raise Problem(
                "the micro-group is %s; %d samples are left" % (shown(answer), left),
                "give a number of demonstration tokens for each of 1 to %d samples" % left,
            )
        return {"prefix_lengths": [whole(length, "a prefix length") for length in answer]}

    def route(self, request):
        answer = self._object.route(_record(request["request"]))
        if answer is None:
            return {}
        routes = []
        for index, value in enumerate(sequence(answer, len(request["request"]["prompts"]), "what route returned")):
            what = "the route of prompt %d" % index
            route = PromptRoute() if value is None else _made_of(PromptRoute, value, what)
            fields = {
                "keep_rollouts": bool(route.keep_rollouts),
                "demonstration": str(route.demonstration),
                "weight": real(route.weight, "%s: weight" % what),
            }
            if route.demonstration_reward is not None:
                fields["demonstration_reward"] = real(
                    route.demonstration_reward, "%s: demonstration_reward" % what
                )
            routes.append(fields)
        return {"routes": routes}

    def advantages(self, request):
        answer = self._object.advantages(_record(request["request"]))
        if answer is None:
            return {}
        values = sequence(answer, len(request["request"]["rewards"]), "what advantages returned")
        return {"values": [real(value, "the advantage of sample %d" % i) for i, value in enumerate(values)]}

    def step_weights(self, request):
        answer = self._object.step_weights(_record(request["statistics"]))
        if answer is None:
            return {}
        weights = _made_of(StepWeights, answer, "what step_weights returned")
        return {
            "sft_weight": real(weights.sft_weight, "sft_weight"),
            "rl_weight": real(weights.rl_weight, "rl_weight"),
            "sequence_weights": [real(value, "a sequence weight") for value in weights.sequence_weights],
        }

    def token_weights(self, request):
        fields = dict(request["request"])
        answer = self._object.token_weights(_record(fields))
        if answer is None:
            return {}
        values = sequence(answer, fields["token_count"], "what token_weights returned")
        return {"values": packed([real(value, "the weight of token %d" % i) for i, value in enumerate(values)])}


def _made_of(form, value, what, shorthand=None):
    """An answer as the dataclass `form`: one of them, a dict of its fields, or, where it has a shorthand, just that."""
    if isinstance(value, form):
        return value
    if shorthand is not None and isinstance(value, str):
        return form(**{shorthand: value})
    if not isinstance(value, dict):
        raise Problem("%s is %s, not a %s or a dict" % (what, shown(value), form.__name__))
    names = [entry.name for entry in dataclasses.fields(form)]
    for key in value:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, 1)
            raise Problem(
                "%s has the unknown field %s" % (what, shown(key)),
                "did you mean '%s'?" % near[0] if near else "known are %s" % ", ".join(names),
            )
    missing = [
        entry.name
        for entry in dataclasses.fields(form)
        if entry.default is dataclasses.MISSING
        and entry.default_factory is dataclasses.MISSING
        and entry.name not in value
    ]
    if missing:
        raise Problem("%s has no '%s'" % (what, missing[0]))
    return form(**value)
