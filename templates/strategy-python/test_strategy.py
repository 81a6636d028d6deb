"""`make test`: the strategy without Stepwise: its order of steps, and that a state survives and nothing else passes for one."""

import unittest
from types import SimpleNamespace

from strategy import Alternate


def play(strategy, count):
    """Plays `count` steps: "s" for SFT, "r" for RL."""
    kinds = ""
    for step in range(count):
        kind = strategy.begin_step(SimpleNamespace(step=step))["kind"]
        strategy.end_step(SimpleNamespace(step=step, kind=kind))
        kinds += kind[0]
    return kinds


class Steps(unittest.TestCase):
    def test_every_fourth_step_is_sft(self):
        self.assertEqual(play(Alternate(sft_share=0.25), 8), "rrrsrrrs")

    def test_a_loaded_state_goes_on(self):
        first, second = Alternate(), Alternate()
        play(first, 6)
        second.load_state(first.state())
        self.assertEqual(play(second, 5), "rsrrr")
        second.reconfigure(sft_share=1)
        self.assertEqual(play(second, 2), "ss")

    def test_nothing_else_passes_for_a_state(self):
        for state in [{}, {"credit": 7}, {"credit": float("nan")}]:
            with self.assertRaises((KeyError, ValueError)):
                Alternate().load_state(state)


if __name__ == "__main__":
    unittest.main()
