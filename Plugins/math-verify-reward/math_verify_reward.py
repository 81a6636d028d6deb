"""The reward `math-verify`: Hugging Face's math-verify, which asks sympy."""

import importlib.metadata
import logging
import re

from stepwise_plugin import reward

#: What the golden cases were made with; requirements.txt has the same.
_VERSION = "0.9.0"
#: A dollar sign that is not a currency's.
_DOLLAR = re.compile(r"(?<!\\)\$")

try:
    from math_verify import parse, verify
except ImportError as problem:
    raise ImportError(
        "the module math_verify is missing (%s): run `pip install math-verify==%s` in the environment of the interpreter, or use the "
        "reward math-equivalence, which needs none" % (problem, _VERSION)
    ) from None

# A parse that takes too long, or fails, is a wrong answer; it says so on every one.
logging.getLogger("math_verify").setLevel(logging.CRITICAL)
logging.getLogger("latex2sympy2_extended").setLevel(logging.CRITICAL)


@reward(name="math-verify", minimum=0, maximum=1, success_threshold=1)
class MathVerify:
    """Compares each completion's answer with its row's."""

    def __init__(self, column="answer", gold_is="auto", float_rounding=6, timeout_seconds=5):
        self._column = column
        self._gold_is = gold_is
        self._rounding = float_rounding
        self._seconds = timeout_seconds
        found = importlib.metadata.version("math-verify")
        if found != _VERSION:
            print("math-verify is %s; this reward was tested with %s" % (found, _VERSION))

    def __call__(self, completions, **columns):
        answers = columns.get(self._column)
        if answers is None:
            raise ValueError(
                "the rows have no column '%s' with the right answer; name the one that has it with the parameter 'column'"
                % self._column
            )
        return [self._score(_text(text), answer, i) for i, (text, answer) in enumerate(zip(completions, answers))]

    def _score(self, completion, answer, index):
        if not isinstance(answer, str):
            raise ValueError("the column '%s' of item %d is not text" % (self._column, index))
        right = self._parse(self._gold(answer))
        if not right:
            raise ValueError("math-verify reads no answer in the column '%s' of item %d: %r" % (self._column, index, answer))
        given = self._parse(completion)
        if not given:
            return 0.0
        return float(verify(right, given, float_rounding=self._rounding, timeout_seconds=self._seconds))

    def _parse(self, text):
        return parse(text, parsing_timeout=self._seconds)

    def _gold(self, answer):
        is_marked = "\\boxed" in answer or _DOLLAR.search(answer) is not None
        if self._gold_is == "latex" or (self._gold_is == "auto" and not is_marked):
            return "$" + answer + "$"
        return answer


def _text(completion):
    """A completion's text; of messages their contents."""
    if isinstance(completion, str):
        return completion
    return "\n".join(message["content"] for message in completion)
