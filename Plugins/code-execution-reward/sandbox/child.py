"""The process that runs one program: it reads its job, binds itself, runs, and says which tests passed.

Its source is given to a new interpreter behind that of seccomp.py, so that it imports nothing of the plugin.

    descriptors 0, 1, 2   the program's own
    first argument        a descriptor: the job, as JSON, to its end
    second argument       a descriptor: the answer, lines of the job's secret word and what there is to say
"""

import ctypes
import json
import os
import resource
import signal
import sys


def main(confine, unavailable):
    """Runs the job. `confine` binds the process; `unavailable` is what it raises."""
    parent = os.getppid()
    # SIGKILL when the parent dies.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(127)
    job_descriptor, answers = map(int, sys.argv[1:3])
    sys.argv[:] = ["solution.py"]
    with os.fdopen(job_descriptor, "rb") as file:
        job = json.loads(file.read())
    _limit(job["limits"])
    word = job["word"]

    # Made here once, so that a program that changes built-in functions changes no answer.
    def say(text, write=os.write):
        write(answers, ("%s %s\n" % (word, text)).encode())

    leave = os._exit
    # What tests are likely to need is imported while files can be read without a detour; nothing depends on it.
    import collections, functools, itertools, math, re, string, traceback  # noqa: F401, E401

    try:
        confine()
    except unavailable as problem:
        say("unavailable %s" % problem)
        leave(0)
    say("ready")
    if job["kind"] == "program":
        _run(job["code"], "__main__")
        _flush()
        say("done")
        leave(0)
    namespace = _module("solution")
    if _execute(job["code"], namespace):
        for index, test in enumerate(job["tests"]):
            if _execute(test, namespace):
                say("passed %d" % index)
    say("done")
    leave(0)


def _limit(limits):
    for name, value in limits.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        _, most = resource.getrlimit(kind)
        if most != resource.RLIM_INFINITY:
            value = min(value, most)
        resource.setrlimit(kind, (value, value))


def _flush():
    try:
        sys.stdout.flush()
    except BaseException:
        pass


def _module(name):
    """The names of a new module that can be found under its name: dataclasses, pickle and typing look there."""
    module = sys.modules[name] = type(sys)(name)
    return module.__dict__


def _execute(code, namespace):
    """Whether the code runs to its end."""
    try:
        exec(compile(code, "<completion>", "exec"), namespace)
        return True
    except BaseException:
        return False


def _run(code, name):
    """Runs a program whose exit code decides: 0 at its end, and after `exit()`."""
    try:
        exec(compile(code, "<completion>", "exec"), _module(name))
    except SystemExit as end:
        if end.code not in (None, 0):
            _flush()
            os._exit(1)
    except BaseException:
        _flush()
        os._exit(1)
