"""Rewards that misbehave when the first completion is "trigger", and score 1 otherwise."""

import ctypes
import os
import re
import subprocess
import sys
import time


def _on_trigger(fault):
    def reward(completions, **kwargs):
        if completions[0] == "trigger":
            return fault(completions)
        return [1.0 for _ in completions]

    return reward


def _raise(completions):
    def inner(text):
        raise ValueError("no such\nanswer: " + text)

    try:
        try:
            {}["key"]
        except KeyError:
            inner(completions[0])
    except ValueError as error:
        raise RuntimeError("while scoring") from error


def _loop(completions):
    while True:
        pass


def _spawn_and_loop(completions):
    """Leaves its process group, as a daemon would, and hangs."""
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    print("child %d" % child.pid, flush=True)
    time.sleep(600)


raises = _on_trigger(_raise)
exits = _on_trigger(lambda c: sys.exit(3))
hard_exit = _on_trigger(lambda c: os._exit(7))
segfault = _on_trigger(lambda c: ctypes.string_at(1))
aborts = _on_trigger(lambda c: os.abort())
loops = _on_trigger(_loop)
# The matcher holds the interpreter's lock for longer than anybody waits.
loops_in_c = _on_trigger(lambda c: re.match(r"(a+)+$", "a" * 60 + "b"))
ignores_signals = _on_trigger(lambda c: [__import__("signal").signal(15, 1), time.sleep(600)])
spawns = _on_trigger(_spawn_and_loop)
floods = _on_trigger(lambda c: [print("x" * 100_000) for _ in range(200)] and [1.0 for _ in c])
closes = _on_trigger(lambda c: os.closerange(0, 64) or [1.0 for _ in c])
garbage = _on_trigger(lambda c: os.write(3, b"\x05\0\0\0hello") and [1.0 for _ in c])
huge_frame = _on_trigger(lambda c: os.write(3, b"\xff\xff\xff\xff") and time.sleep(600))
too_few = _on_trigger(lambda c: [1.0])
too_many = _on_trigger(lambda c: (1.0 for _ in iter(int, 1)))
nothing = _on_trigger(lambda c: None)
not_a_number = _on_trigger(lambda c: [float("nan") for _ in c])
infinite = _on_trigger(lambda c: [1e999 for _ in c])
text = _on_trigger(lambda c: ["1.0" for _ in c])
nested = _on_trigger(lambda c: [[1.0] for _ in c])
out_of_range = _on_trigger(lambda c: [1.5 for _ in c])
recurses = _on_trigger(lambda c: recurses(c))
