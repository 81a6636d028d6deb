"""Strategies: the hooks, their answers in each form, and what is refused."""

import unittest

from support import PluginTestCase

CONTEXT = {
    "step": 4,
    "horizon": 10,
    "measurements": 0,
    "seed": 2**63 + 5,
    "sft_steps": 1,
    "rl_steps": 3,
    "history": [{"step": 3, "kind": "rl", "rl": {"kl": float("nan"), "tokens": 5}, "sft": None}],
}


class Strategies(PluginTestCase):
    def test_forms_of_a_plan(self):
        defaults = {
            "kind": "rl",
            "sft_weight": 1.0,
            "rl_weight": 1.0,
            "learning_rate_factor": 1.0,
            "group_demonstrations": 0,
            "optimizer_slot": 0,
            "example_ids": [],
            "example_slot": "demonstrations",
            "snapshot_reference": False,
            "reason": "",
            "diagnostics": [],
        }
        full = dict(
            defaults,
            kind="both",
            sft_weight=0.5,
            samples_per_prompt=4,
            group_demonstrations=1,
            max_grad_norm=2.0,
            skip_above_grad_norm=9.0,
            example_ids=[2**64 - 1],
            example_slot="prompts",
            difficulty=[1.0, 3.0],
            diagnostics=[["p_t", 0.25]],
            reason="why",
        )
        fields = (
            "sft_weight=0.5, samples_per_prompt=4, max_grad_norm=2, example_ids=[2**64 - 1], difficulty=(1, 3),"
            " group_demonstrations=1, skip_above_grad_norm=9, example_slot='prompts',"
            " diagnostics={'p_t': 0.25}, reason='why'"
        )
        for plan, expected in [
            ("'rl'", defaults),
            ("dict(kind='both', %s)" % fields, full),
            ("StepPlan('both', %s)" % fields, full),
        ]:
            source = "from stepwise_plugin import StepPlan\nclass Plugin:\n    def begin_step(self, context): return " + plan
            plugin = self.opened("strategy", source)
            self.assertEqual(plugin.description, {"hooks": [], "stateful": False})
            self.assertEqual(plugin.call("begin_step", context=CONTEXT), {"result": expected})

    def test_refusals(self):
        for plan, words in [
            ("None", ["the plan is None"]),
            ("{'kind': 'rl', 'sft_wieght': 1}", ["unknown field 'sft_wieght'", "did you mean 'sft_weight'?"]),
            ("{'sft_weight': 1}", ["the plan has no 'kind'"]),
            ("{'kind': 'rl', 'sft_weight': 'x'}", ["sft_weight is 'x'", "not a number"]),
            ("{'kind': 'rl', 'example_ids': [-1]}", ["-1"]),
            ("{'kind': 'rl', 'difficulty': (1, 2, 3)}", ["difficulty", "(low, high)"]),
        ]:
            plugin = self.opened("strategy", "class Plugin:\n    def begin_step(self, context): return " + plan)
            self.assertProblem(plugin.call("begin_step", context=CONTEXT), *words)

    def test_context_and_report(self):
        source = """
            import math
            class Plugin:
                def begin_step(self, context):
                    assert context.seed == 2**63 + 5 and context.history[0].rl.tokens == 5
                    assert math.isnan(context.history[-1].rl.kl) and context.history[0].sft is None
                    assert context.uniform(3) == 0.75
                    return "sft"
                def end_step(self, report):
                    assert report.kind == "sft" and report.sft.grad_norm == 2.5 and report.evaluation is None
        """
        plugin = self.opened("strategy", source)
        plugin.services = {"uniform": lambda item: item / 4}
        self.assertEqual(plugin.call("begin_step", context=CONTEXT)["result"]["kind"], "sft")
        report = {"step": 4, "kind": "sft", "sft": {"grad_norm": 2.5}, "evaluation": None}
        self.assertEqual(plugin.call("end_step", report=report), {"result": {}})
        self.assertProblem(plugin.call("end_step", report=dict(report, kind="rl")), "AssertionError", "Traceback")

    def test_other_hooks(self):
        source = """
            from stepwise_plugin import PromptRoute, StepWeights, Strategy
            class Plugin(Strategy):
                requirements = ["statistics_pass", "kl"]
                def begin_step(self, context): return "both"
                def shape_rollout(self, request):
                    return None if request.rewards else [len(request.demonstration), 0]
                def route(self, request):
                    return [None, PromptRoute(demonstration="sft", weight=0.5), {"keep_rollouts": False}]
                def advantages(self, request): return [0.0 if r is None else r for r in request.rewards]
                def step_weights(self, statistics):
                    return StepWeights(0.25, 1, [s.nll for s in statistics.sequences])
                def token_weights(self, request):
                    assert request.sequence_starts == [0, 2]
                    return [2 * c for c in request.coefficients]
        """
        plugin = self.opened("strategy", source)
        self.assertEqual(
            plugin.description,
            {
                "hooks": ["shape_rollout", "route", "advantages", "step_weights", "token_weights"],
                "stateful": False,
                "requirements": ["statistics_pass", "kl"],
            },
        )
        shape = {"group_size": 4, "rewards": [], "demonstration": [5, 6, 7]}
        self.assertEqual(plugin.call("shape_rollout", request=shape), {"result": {"prefix_lengths": [3, 0]}})
        self.assertEqual(plugin.call("shape_rollout", request=dict(shape, rewards=[None, 1.0])), {"result": {}})
        self.assertProblem(plugin.call("shape_rollout", request=dict(shape, group_size=1)), "1 samples are left")
        default = {"keep_rollouts": True, "demonstration": "none", "demonstration_reward": 1.0, "weight": 1.0}
        self.assertEqual(
            plugin.call("route", request={"prompts": [{}, {}, {}]}),
            {
                "result": {
                    "routes": [
                        default,
                        dict(default, demonstration="sft", weight=0.5),
                        dict(default, keep_rollouts=False),
                    ]
                }
            },
        )
        self.assertProblem(plugin.call("route", request={"prompts": [{}]}), "has more than 1 values where 1 are needed")
        self.assertEqual(
            plugin.call("advantages", request={"rewards": [None, 2.0]}), {"result": {"values": [0.0, 2.0]}}
        )
        self.assertEqual(
            plugin.call("step_weights", statistics={"sequences": [{"nll": 1.5}]}),
            {"result": {"sft_weight": 0.25, "rl_weight": 1.0, "sequence_weights": [1.5]}},
        )
        from stepwise_plugin._numbers import floats, packed

        request = {"sequence_starts": [0, 2], "coefficients": packed([0.5, 0.1]), "token_count": 2}
        answer = plugin.call("token_weights", request=request)
        self.assertEqual(list(floats(answer["result"]["values"])), list(floats(packed([1.0, 0.2]))))

    def test_state(self):
        source = """
            class Plugin:
                def __init__(self, bytes): self.bytes, self.count = bytes, 0
                def begin_step(self, context):
                    self.count += 1
                    return {"kind": "rl", "diagnostics": {"count": self.count}}
                def state(self): return b"\\x00" * self.count if self.bytes else {"b": 1, "a": self.count}
                def load_state(self, state):
                    if not state: raise ValueError("empty")
                    self.count = len(state) if self.bytes else state["a"]
        """
        for flag in (False, True):
            plugin = self.opened("strategy", source, parameters={"bytes": flag})
            self.assertTrue(plugin.description["stateful"])
            for _ in range(3):
                plugin.call("begin_step", context=CONTEXT)
            state = plugin.call("save")["result"]["state"]
            fresh = self.opened("strategy", source, parameters={"bytes": flag})
            self.assertEqual(fresh.call("load", state=state), {"result": {}})
            self.assertEqual(fresh.call("save")["result"]["state"], state)
            answer = fresh.call("begin_step", context=CONTEXT)
            self.assertEqual(answer["result"]["diagnostics"], [["count", 4.0]])
            # A state that is refused leaves the old object in place.
            self.assertProblem(fresh.call("load", state="Qg=="), "ValueError: empty")
            self.assertProblem(fresh.call("load", state="eA=="), "none of a Python plugin")
            answer = fresh.call("begin_step", context=CONTEXT)
            self.assertEqual(answer["result"]["diagnostics"], [["count", 5.0]])

    def test_state_without_load(self):
        source = "class Plugin:\n    def begin_step(self, c): return 'rl'\n    def state(self): return 1"
        self.assertProblem(self.interpreter(source).open("strategy"), "state() and no load_state")

    def test_reconfigure(self):
        source = """
            from stepwise_plugin import Strategy
            class Plugin(Strategy):
                def __init__(self, mu): self.mu = mu
                def begin_step(self, context): return {"kind": "both", "sft_weight": self.mu}
        """
        plugin = self.opened("strategy", source, parameters={"mu": 0.5})
        self.assertIn("result", plugin.call("reconfigure", changes={"mu": 0.25}))
        self.assertEqual(plugin.call("begin_step", context=CONTEXT)["result"]["sft_weight"], 0.25)
        plain = self.opened("strategy", source.replace("(Strategy)", ""), parameters={"mu": 0.5})
        self.assertProblem(plain.call("reconfigure", changes={"mu": 0.25}), "Plugin has no method reconfigure")


class Uniform(unittest.TestCase):
    def test_known_answers(self):
        """Random123's kat_vectors for philox4x32-10."""
        from stepwise_plugin._philox import philox4x32

        self.assertEqual(philox4x32((0, 0, 0, 0), (0, 0)), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8))
        ones = 0xFFFFFFFF
        self.assertEqual(
            philox4x32((ones,) * 4, (ones,) * 2), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
        )
        self.assertEqual(
            philox4x32((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0)),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        )

    def test_range(self):
        from stepwise_plugin import uniform

        draws = [uniform(2**64 - 1, step, item, draw) for step in range(4) for item in range(50) for draw in range(4)]
        self.assertTrue(all(0 <= draw < 1 for draw in draws))
        self.assertEqual(len(set(draws)), len(draws))
        self.assertAlmostEqual(sum(draws) / len(draws), 0.5, delta=0.05)


if __name__ == "__main__":
    unittest.main()
