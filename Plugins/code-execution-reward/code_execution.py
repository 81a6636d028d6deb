"""The reward `code-execution`: what share of a row's tests the code in a completion passes."""

import json
import os
import re

from sandbox import Limits, Sandbox
from stepwise_plugin import host, reward

_FENCE = re.compile(r"^[ \t]*```[ \t]*([A-Za-z0-9_+-]*)[^\n]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)


@reward(name="code-execution", minimum=0, maximum=1, success_threshold=1)
class CodeExecution:
    """Runs the last block of Python of each completion against the tests of its row, in a sandbox."""

    def __init__(
        self,
        column="tests",
        entry_point_column="entry_point",
        prefix_column="",
        code_in="fence",
        scoring="all",
        timeout_seconds=5.0,
        memory_mb=512,
        output_kb=256,
        parallel=0,
        sandbox="auto",
    ):
        self._column = column
        self._entry_point_column = entry_point_column
        self._prefix_column = prefix_column
        self._code_in = code_in
        self._scoring = scoring
        self._kind = sandbox
        self._limits = Limits(timeout_seconds, memory_mb, output_kb)
        # Not cpu_count: a container may have a few of the machine's only.
        self._parallel = parallel or len(os.sched_getaffinity(0))
        self._sandbox = None

    def __call__(self, completions, item_ids=None, log_metric=None, **columns):
        if self._sandbox is None:
            self._sandbox = Sandbox(self._kind, self._limits, self._parallel)
            for note in self._sandbox.notes:
                host.log("not used, %s" % note, "warning")
            host.log("code runs in the sandbox %s" % self._sandbox.kind)
        rows = columns.get(self._column)
        if rows is None:
            raise ValueError(
                "the rows have no column '%s' with tests; name the one that has them with the parameter 'column'"
                % self._column
            )
        programs = []
        jobs = []
        for index, completion in enumerate(completions):
            row = {name: values[index] for name, values in columns.items() if isinstance(values, list)}
            suite = _Suite(rows[index], row.get(self._entry_point_column), "row of item %d" % index)
            code = self._code(_text(completion), row)
            places = []
            if code is not None:
                for job in suite.jobs(code):
                    places.append(len(jobs))
                    jobs.append(job)
            programs.append((suite, places))
        outcomes = self._sandbox.run(jobs)
        if log_metric is not None and jobs:
            log_metric("timeout_ratio", sum(o.exceeded == "time" for o in outcomes) / len(jobs))
        return [self._score(suite, [outcomes[place] for place in places]) for suite, places in programs]

    def _code(self, completion, row):
        blocks = [(name.lower(), body) for name, body in _FENCE.findall(completion)]
        python = [body for name, body in blocks if name in ("python", "py", "python3")]
        plain = [body for name, body in blocks if not name]
        if python or plain:
            code = (python or plain)[-1]
        elif self._code_in == "fence-or-all" and not blocks:
            code = completion
        else:
            return None
        if self._prefix_column:
            prefix = row.get(self._prefix_column)
            if not isinstance(prefix, str):
                raise ValueError("the rows have no text column '%s'" % self._prefix_column)
            code = prefix + code
        return code

    def _score(self, suite, outcomes):
        if not outcomes:
            return 0.0
        passed = suite.passed(outcomes)
        if self._scoring == "all":
            return 1.0 if passed == suite.count else 0.0
        return passed / suite.count


class _Suite:
    """The tests of a row, in one of three forms.

        text             statements that raise where the code is wrong: assert, or HumanEval's check(candidate)
        a list of texts  the same, each for itself
        {"inputs": [...], "outputs": [...]}, as text in JSON
                         what a program is given on standard input, and what it must print
    """

    def __init__(self, value, entry_point, where):
        self._inputs = self._outputs = None
        if isinstance(value, str) and value.lstrip().startswith("{"):
            self._read_examples(value, where)
            return
        tests = [value] if isinstance(value, str) else value
        if not isinstance(tests, (list, tuple)) or not tests or not all(isinstance(t, str) for t in tests):
            raise ValueError("%s: the tests are neither text nor a list of texts" % where)
        if not all(test.strip() for test in tests):
            # It would pass, whatever the code does.
            raise ValueError("%s: a test is empty; leave it out, or the row where there is no other" % where)
        self._tests = list(tests)
        if entry_point is not None:
            # HumanEval's form: the tests define check, and somebody must call it.
            self._tests = [
                test + "\ncheck(%s)\n" % entry_point if "def check(" in test else test for test in self._tests
            ]
        self.count = len(self._tests)

    def _read_examples(self, text, where):
        try:
            value = json.loads(text)
            self._inputs, self._outputs = value["inputs"], value["outputs"]
        except (ValueError, KeyError) as problem:
            raise ValueError('%s: the tests are no JSON object with "inputs" and "outputs": %r' % (where, problem)) from None
        if "fn_name" in value:
            raise ValueError(
                '%s: tests that call a function by "fn_name" are not supported; write them as assert statements' % where
            )
        lists = (self._inputs, self._outputs)
        if not all(isinstance(items, list) and all(isinstance(i, str) for i in items) for items in lists):
            raise ValueError('%s: "inputs" and "outputs" are not lists of texts' % where)
        if len(self._inputs) != len(self._outputs) or not self._inputs:
            raise ValueError(
                '%s: there are %d "inputs" and %d "outputs"' % (where, len(self._inputs), len(self._outputs))
            )
        self.count = len(self._inputs)

    def jobs(self, code):
        """What must be run: one program for all statements, or one for each standard input."""
        if self._inputs is None:
            return [("tests", code, self._tests, b"")]
        return [("program", code, [], text.encode()) for text in self._inputs]

    def passed(self, outcomes):
        """How many tests passed. A program that did not come to its end has passed what it had passed before."""
        if self._inputs is None:
            return len(outcomes[0].passed & set(range(self.count)))
        return sum(
            outcome.finished and _lines(outcome.output.decode(errors="replace")) == _lines(right)
            for outcome, right in zip(outcomes, self._outputs)
        )


def _lines(text):
    """Lines without blanks at their ends, and without empty ones at the end."""
    return [line.rstrip() for line in text.rstrip().split("\n")]


def _text(completion):
    """A completion's text; of messages their contents."""
    if isinstance(completion, str):
        return completion
    return "\n".join(message["content"] for message in completion)
