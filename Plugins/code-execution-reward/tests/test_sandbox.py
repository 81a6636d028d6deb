"""Needs Linux; `python -m unittest discover Plugins/code-execution-reward/tests`."""

import os
import resource
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import sandbox
from sandbox import Limits, Sandbox, SandboxError


class SandboxTests(unittest.TestCase):
    def test_a_sandbox_that_holds_no_longer_is_an_error_and_not_a_wrong_answer(self):
        # With so little memory the interpreter does not start; the trial has more.
        starved = Sandbox("seccomp", Limits(10, 4, 64), 2)
        with self.assertRaisesRegex(SandboxError, "raise memory_mb"):
            starved.run([("tests", "pass", ["pass"], b"")])

    def test_no_doors_are_taken_for_closed_that_were_not_tried(self):
        # Without the filter each trial must see that its door is open, or leave the program.
        programs = {name: sandbox._TRIAL + trial for name, trial in sandbox._TRIALS.items()}
        for name in ("a socket was opened", "a file was opened for writing", "a file was removed", "a signal was sent"):
            with self.assertRaises(AssertionError, msg=name):
                exec(compile(programs[name], name, "exec"), {})

    def test_descriptors_suffice_for_as_many_programs_as_run_at_a_time(self):
        least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (least, most))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(least, 256), most))
        sandbox._raise_descriptor_limit(40)
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE)[0], min(656, most))


if __name__ == "__main__":
    unittest.main()
