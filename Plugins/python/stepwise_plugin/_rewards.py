"""Rewards: TRL's reward functions, called as TRL 1.16's GRPOTrainer calls them."""

import json

from . import _values
from ._calling import Signature, called, made, matching, reconfigured
from ._channel import displayable
from ._declarations import declaration
from ._errors import Problem
from ._numbers import real, sequence, shown, token_ids
from ._services import host

#: What TRL passes beside the columns.
_STANDARD = ("prompts", "completions", "completion_ids", "trainer_state", "log_extra", "log_metric")
#: What Stepwise knows besides; given to a function that names it, and only where no column has the name.
_ON_DEMAND = (
    "item_ids",
    "seed",
    "step",
    "truncated",
    "prompt_texts",
    "completions_with_special_tokens",
)


def looks_like_reward(value):
    """Whether an object of the file can be meant as a reward."""
    if declaration(value) is not None:
        return True
    if isinstance(value, type):
        value = vars(value).get("__call__")
    if not callable(value):
        return False
    try:
        return "completions" in Signature(value).names
    except Problem:
        return False


class TrainerState:
    """What TRL's `trainer_state` is to a reward, as far as a Stepwise reward can know it."""

    is_world_process_zero = True
    is_local_process_zero = True
    is_hyper_param_search = False

    def __init__(self, step):
        #: Optimizer steps that are done.
        self.global_step = step

    def __getattr__(self, name):
        raise AttributeError(
            "trainer_state.%s is not known to a reward in Stepwise; it has global_step" % name
        )


class RewardComponent:
    """A reward function, or an object of a class that can be called like one."""

    def __init__(self, target, parameters, component):
        self._name = getattr(target, "__name__", type(target).__name__)
        self._declared = declaration(target) or {}
        self._parameters = {}
        self._object = None
        if isinstance(target, type):
            self._function = self._object = made(target, parameters)
        else:
            self._function = target
            self._parameters = dict(parameters)
        if not callable(self._function):
            raise Problem(
                "'%s' cannot be called" % self._name,
                "name a function, or a class with __call__, with 'object:' in the manifest",
                "load",
            )
        self._signature = Signature(self._function)
        for name in self._parameters:
            if not self._signature.takes(name):
                raise Problem(
                    "%s takes no argument '%s', which the manifest has as a parameter" % (self._name, name),
                    "it takes %s" % (", ".join(sorted(self._signature.names)) or "none"),
                    "parameters",
                )
        self._answers = self._declared.get("answers")
        if self._answers is None and self._object is not None:
            self._answers = getattr(self._object, "answers", None)
        self._answers_signature = Signature(self._answers) if self._answers else None

    def describe(self):
        """What the host must know before the first batch."""
        signatures = [self._signature] + ([self._answers_signature] if self._answers else [])
        description = {
            key: value
            for key, value in self._declared.items()
            if key in ("name", "minimum", "maximum", "success_threshold", "columns") and value not in (None, [])
        }
        for key in ("minimum", "maximum", "success_threshold"):
            if key in description:
                description[key] = real(description[key], "@reward(%s=...)" % key)
        description["has_answers"] = self._answers is not None
        description["wants"] = [
            name
            for name in ("completion_ids",) + _ON_DEMAND
            if any(name in s.names or (s.takes_any and name == "completion_ids") for s in signatures)
        ]
        return description

    def reconfigure(self, changes):
        """Other values for changeable parameters."""
        if self._object is not None:
            reconfigured(self._object, changes)
        else:
            self._parameters.update(changes)

    def score(self, request):
        """One score for each item; None is "not applicable"."""
        batch = _Batch(request)
        output = called(self._function, self._arguments(self._signature, self._name, batch))
        what = "what %s returned" % self._name
        scores = sequence(output, batch.count, what, "return exactly one score, or None, for each completion")
        crossed = [
            None if score is None else real(score, "the score of item %d" % index)
            for index, score in enumerate(scores)
        ]
        batch.send_logs()
        return {"scores": crossed}

    def answers(self, request):
        """The answer in each completion, or None."""
        batch = _Batch(request)
        output = called(self._answers, self._arguments(self._answers_signature, "answers", batch))
        values = sequence(output, batch.count, "what answers returned", "return one text, or None, for each")
        for index, value in enumerate(values):
            if value is not None:
                if not isinstance(value, str):
                    raise Problem("the answer of item %d is %s, not text" % (index, shown(value)))
                _values.text(value, "the answer of item %d" % index)
        batch.send_logs()
        return {"answers": values}

    def _arguments(self, signature, what, batch):
        arguments = batch.arguments()
        for name in _ON_DEMAND:
            if name in signature.names and name not in arguments and name in batch.extras:
                arguments[name] = batch.extras[name]
        return matching(signature, what, arguments, self._parameters, batch.columns)


class _Batch:
    """A batch as TRL hands it over: a list for each column, repeated for each completion."""

    def __init__(self, request):
        self._request = request
        self._rows = request["rows"]
        self._row_of = request["row_of"]
        self.count = len(self._row_of)
        self.columns = []
        for row in self._rows:
            for name, _ in row["columns"]:
                if name not in self.columns:
                    self.columns.append(name)
        self.extras = {
            "item_ids": request["ids"],
            "seed": request["seed"],
            "step": request["step"],
        }
        for name in ("truncated", "prompt_texts", "completions_with_special_tokens"):
            if name in request:
                self.extras[name] = request[name]
        self._extra_columns = {}
        self._metrics = {}

    def arguments(self):
        prompts = self._repeated([row["prompt"] for row in self._rows])
        completions = self._request["completions"]
        if any(isinstance(prompt, list) for prompt in prompts):
            completions = [
                [{"role": "assistant", "content": completion}] if isinstance(prompt, list) else completion
                for prompt, completion in zip(prompts, completions)
            ]
        arguments = {}
        for name in self.columns:
            # TRL leaves these out of the columns, whatever the dataset has under their names.
            if name not in ("prompt", "completion", "completion_ids"):
                values = [self._value(row, name) for row in self._rows]
                arguments[name] = self._repeated(values)
        arguments.update(
            prompts=prompts,
            completions=completions,
            completion_ids=token_ids(self._request["completion_ids"]) if "completion_ids" in self._request else [],
            trainer_state=TrainerState(self._request["step"]),
            log_extra=self._log_extra,
            log_metric=self._log_metric,
        )
        return arguments

    @staticmethod
    def _value(row, name):
        for key, value in row["columns"]:
            if key == name:
                return value
        return None

    def _repeated(self, values):
        """One value for each item. Each item has objects of its own, as rows read anew would have."""
        if not any(_values.is_mutable(value) for value in values):
            return [values[index] for index in self._row_of]
        return [_values.read(values[index]) for index in self._row_of]

    def _log_extra(self, column, values):
        self._extra_columns.setdefault(str(column), []).extend(values)

    def _log_metric(self, name, value):
        self._metrics.setdefault(str(name), []).append(real(value, "the metric '%s'" % name))

    def send_logs(self):
        """Metrics, each the mean of its values as in TRL, and extra columns, each as a line of the log."""
        for name, values in self._metrics.items():
            host.metric(name, sum(values) / len(values))
        for column, values in self._extra_columns.items():
            if len(values) != self.count:
                host.log(
                    "log_extra %s: %d values for %d completions" % (column, len(values), self.count),
                    "warning",
                )
            line = json.dumps(values, ensure_ascii=False, default=shown)
            host.log("log_extra %s: %s" % (displayable(column, 256), displayable(line, 1 << 14)))
