"""Rewards: TRL's functions unchanged, and what is refused."""

import unittest

from support import PluginTestCase, batch


class Rewards(PluginTestCase):
    def scores(self, source, request, **more):
        plugin = self.opened("reward", source, **more)
        answer = plugin.call("score", **request)
        self.assertIn("result", answer, answer)
        return answer["result"]["scores"]

    def test_trl_signature(self):
        source = """
            def plugin(prompts, completions, completion_ids, answer, trainer_state, log_extra, log_metric, **kwargs):
                assert prompts == ["p0", "p0", "p1"], prompts
                assert completion_ids == [[1, 2]] * 3
                assert trainer_state.global_step == 3
                assert sorted(kwargs) == ["difficulty", "tags"], kwargs
                assert kwargs["tags"] == [["x"], ["x"], []]
                kwargs["tags"][0].append("mine")
                assert kwargs["tags"][1] == ["x"]
                log_extra("given", [c.upper() for c in completions])
                log_metric("hits", 2)
                log_metric("hits", 4)
                return [1.0 if c == a else None for c, a in zip(completions, answer)]
        """
        plugin = self.opened("reward", source)
        request = batch(
            ["a", "b", "c"],
            prompts=["p0", "p1"],
            columns={"answer": ["a", "c"], "difficulty": [2.5, None], "tags": [["x"], []], "completion": ["d", "e"]},
            row_of=[0, 0, 1],
        )
        self.assertEqual(plugin.call("score", **request), {"result": {"scores": [1.0, None, 1.0]}})
        self.assertEqual(
            plugin.sent,
            [{"metric": ["hits", 3.0]}, {"log": [1, 'log_extra given: ["A", "B", "C"]']}],
        )

    def test_conversational(self):
        source = """
            def plugin(prompts, completions, **kwargs):
                assert prompts[0] == [{"role": "user", "content": "hi"}]
                assert completions[1] == [{"role": "assistant", "content": "bb"}]
                return [len(c[0]["content"]) for c in completions]
        """
        request = batch(["a", "bb"], prompts=[{"m": [["user", "hi"]]}], row_of=[0, 0])
        self.assertEqual(self.scores(source, request), [1.0, 2.0])

    def test_async_and_its_loop(self):
        source = """
            import asyncio
            calls = []
            async def plugin(completions, **kwargs):
                calls.append(asyncio.get_running_loop())
                assert calls[0] is calls[-1]
                await asyncio.sleep(0.01)
                return await asyncio.gather(*[one(c) for c in completions])
            async def one(completion):
                return len(completion)
        """
        plugin = self.opened("reward", source)
        for _ in range(2):
            self.assertEqual(plugin.call("score", **batch(["a", "bb"])), {"result": {"scores": [1.0, 2.0]}})

    def test_classes_partials_and_parameters(self):
        source = """
            import functools
            class Plugin:
                def __init__(self, limit): self.limit = limit
                async def __call__(self, completions, **kwargs):
                    return [float(len(c) < self.limit) for c in completions]
                def reconfigure(self, limit): self.limit = limit
            def scaled(completions, factor, limit=0, **kwargs):
                return [factor * len(c) + limit for c in completions]
            tenfold = functools.partial(scaled, factor=10)
        """
        plugin = self.opened("reward", source, object="Plugin", parameters={"limit": 2})
        self.assertEqual(plugin.call("score", **batch(["a", "bb"]))["result"]["scores"], [1.0, 0.0])
        self.assertIn("result", plugin.call("reconfigure", changes={"limit": 3}))
        self.assertEqual(plugin.call("score", **batch(["a", "bb"]))["result"]["scores"], [1.0, 1.0])
        self.assertEqual(self.scores(source, batch(["a"]), object="tenfold", parameters={"limit": 1}), [11.0])
        answer = self.interpreter(source).open("reward", object="Plugin", parameters={"limits": 2})
        self.assertProblem(answer, "Plugin takes no parameter 'limits'", "limit")

    def test_numbers(self):
        source = """
            class Scalar:
                shape = ()
                def __float__(self): return 0.25
            def plugin(completions, **kwargs):
                return iter([True, 2, Scalar(), 0.5])
        """
        self.assertEqual(self.scores(source, batch(list("abcd"))), [1.0, 2.0, 0.25, 0.5])

    def test_wrong_answers(self):
        for returned, words in [
            ("[1.0]", ["has 1 values where 2 are needed", "exactly one score"]),
            ("[1.0] * 3", ["more than 2 values"]),
            ("None", ["None", "not a list"]),
            ("1.0", ["not a list"]),
            ("'ab'", ["not a list"]),
            ("{1: 2}", ["not a list"]),
            ("['1', 2]", ["the score of item 0 is '1', str, not a number"]),
            ("[1j, 2]", ["item 0", "complex"]),
            ("[[1.0], [2.0]]", ["item 0", "list"]),
            ("[10 ** 400, 2]", ["beyond a float"]),
            ("__import__('itertools').count()", ["more than 2 values"]),
        ]:
            with self.subTest(returned):
                plugin = self.opened("reward", "def plugin(completions, **k): return " + returned)
                self.assertProblem(plugin.call("score", **batch(["a", "b"])), *words)
                # It goes on.
                self.assertProblem(plugin.call("score", **batch(["a", "b"])), *words)

    def test_nan_crosses_to_be_refused_by_the_host(self):
        source = "def plugin(completions, **k): return [float('nan'), float('-inf')]"
        scores = self.scores(source, batch(["a", "b"]))
        self.assertNotEqual(scores[0], scores[0])
        self.assertEqual(scores[1], float("-inf"))

    def test_traceback_reaches_the_host_whole(self):
        source = """
            def check(text):
                raise ValueError("bad\\nanswer \\udc80 \\0")

            def plugin(completions, **kwargs):
                try:
                    {}["missing"]
                except KeyError as error:
                    check(completions[0])
        """
        plugin = self.opened("reward", source)
        # An edit during the run changes neither the code nor the lines that are shown.
        with open(plugin.directory + "/plugin.py", "w") as file:
            file.write("garbage(\n" * 20)
        error = plugin.call("score", **batch(["a"]))["error"]
        self.assertEqual(error["kind"], "exception")
        self.assertEqual(error["summary"], "ValueError: bad (plugin.py, line 3)")
        trace = error["traceback"]
        self.assertTrue(trace.startswith("Traceback (most recent call last):\n  File"), trace)
        for words in ['{}["missing"]', "KeyError: 'missing'", "During handling", "check(completions[0])", "line 9, in plugin"]:
            self.assertIn(words, trace)
        self.assertTrue(trace.endswith("ValueError: bad\nanswer \\udc80 \0"), trace)
        self.assertNotIn("stepwise_plugin", trace)

    def test_exits_are_caught(self):
        for code, words in [("exit(3)", "it called exit(3)"), ("raise KeyboardInterrupt", "KeyboardInterrupt")]:
            plugin = self.opened("reward", "import sys\ndef plugin(completions, **k): " + code.replace("exit", "sys.exit"))
            self.assertProblem(plugin.call("score", **batch(["a"])), words, "Traceback")
            self.assertProblem(plugin.call("score", **batch(["a"])), words)

    def test_prints_stay_off_the_channel(self):
        source = """
            import os, sys
            print("imported \\udcff")
            def plugin(completions, **kwargs):
                print("to stdout"); print("to stderr", file=sys.stderr); os.write(1, b"raw\\n")
                return [0.0 for _ in completions]
        """
        plugin = self.opened("reward", source)
        self.assertEqual(plugin.call("score", **batch(["a"])), {"result": {"scores": [0.0]}})
        self.assertEqual(plugin.close(), ("imported \\udcff\nto stdout\nraw\n", "to stderr\n"))

    def test_text_crosses_exactly(self):
        texts = ["", "\0", "a\0b", "\u00e9 e\u0301", "\U0001f600\u200d", "\r\n\u2028", "\ufffe", '"\\/']
        source = "def plugin(completions, expected, **k): return [float(c == e) for c, e in zip(completions, expected)]"
        self.assertEqual(self.scores(source, batch(texts, columns={"expected": texts})), [1.0] * len(texts))

    def test_which_object(self):
        helper = "def helper(text): return text\n"
        one = helper + "def only(completions, **k): return [1.0 for _ in completions]"
        self.assertEqual(self.scores(one, batch(["a"])), [1.0])
        two = one + "\ndef other(completions, **k): return [2.0 for _ in completions]"
        self.assertProblem(self.interpreter(two).open("reward"), "no 'plugin'", "only, other", "object:")
        self.assertEqual(self.scores(two, batch(["a"]), object="other"), [2.0])
        self.assertProblem(self.interpreter(two).open("reward", object="nothing"), "no 'nothing'", "only, other")
        self.assertProblem(self.interpreter(helper).open("reward"), "nothing that looks like a reward")

    def test_missing_column(self):
        plugin = self.opened("reward", "def plugin(completions, answer): return [1.0 for _ in completions]")
        answer = plugin.call("score", **batch(["a"], columns={"solution": ["x"]}))
        self.assertProblem(answer, "takes 'answer', which is no column", "'solution'")

    def test_parameter_named_like_a_column(self):
        source = "def plugin(completions, limit, **k): return [limit for _ in completions]"
        plugin = self.opened("reward", source, parameters={"limit": 1})
        self.assertProblem(plugin.call("score", **batch(["a"], columns={"limit": [5]})), "'limit' has the name of a column")
        self.assertEqual(plugin.call("score", **batch(["a"]))["result"]["scores"], [1.0])
        plugin.call("reconfigure", changes={"limit": 2})
        self.assertEqual(plugin.call("score", **batch(["a"]))["result"]["scores"], [2.0])

    def test_declaration_answers_and_extras(self):
        source = """
            from stepwise_plugin import reward, uniform
            def last(completions, **kwargs): return [c[-1:] or None for c in completions]
            @reward(minimum=0, maximum=1, success_threshold=1, columns=["answer"], answers=last)
            def plugin(completions, seed, step, item_ids, **kwargs):
                assert "seed" not in kwargs and "truncated" not in kwargs
                return [uniform(seed, step, item) for item in item_ids]
        """
        plugin = self.opened("reward", source)
        self.assertEqual(
            plugin.description,
            {
                "minimum": 0.0,
                "maximum": 1.0,
                "success_threshold": 1.0,
                "columns": ["answer"],
                "has_answers": True,
                "wants": ["completion_ids", "item_ids", "seed", "step"],
            },
        )
        self.assertEqual(plugin.call("answers", **batch(["ab", ""])), {"result": {"answers": ["b", None]}})
        from stepwise_plugin import uniform

        self.assertEqual(plugin.call("score", **batch(["a"]))["result"]["scores"], [uniform(17, 3, 100)])

    def test_several_files(self):
        files = {
            "plugin.py": "import helper\nfrom pack.inner import factor\nimport bare.leaf\n"
            "def plugin(completions, **k): return [helper.size(c) * factor * bare.leaf.ONE for c in completions]",
            "helper.py": "import os\nassert os.path.basename(__file__) == 'helper.py'\ndef size(text): return len(text)",
            "pack/__init__.py": "",
            "pack/inner.py": "from . import __name__ as name\nfactor = 10 if name == 'pack' else 0",
            "bare/leaf.py": "ONE = 1",
        }
        plugin = self.interpreter(files)
        import shutil

        shutil.rmtree(plugin.directory)  # It runs from the copy alone.
        self.assertIn("result", plugin.open("reward"))
        self.assertEqual(plugin.call("score", **batch(["abc"]))["result"]["scores"], [30.0])

    def test_services(self):
        source = """
            from stepwise_plugin import host
            def plugin(completions, **kwargs):
                host.log("a line", "warning"); host.metric("m", 2)
                assert host.decode(host.encode("xy")) == "[1, 2]"
                assert host.label == "label"
                try: host.log_probabilities([1], [2])
                except RuntimeError as error: assert "there is none" in str(error)
                return [0.0]
        """
        plugin = self.opened("reward", source)
        plugin.services = {"encode": lambda text: [1, 2], "decode": lambda ids, keep: str(ids)}
        self.assertEqual(plugin.call("score", **batch(["a"])), {"result": {"scores": [0.0]}})
        self.assertEqual(plugin.sent, [{"log": [2, "a line"]}, {"metric": ["m", 2.0]}])

    def test_import_failures(self):
        for source, words in [
            ("import nothing_of_that_name", ["ModuleNotFoundError", "plugin.py, line 1"]),
            ("def broken(:\n", ["SyntaxError", "plugin.py, line 1"]),
            ("import sys; sys.exit(4)", ["it called exit(4)", "plugin.py, line 1"]),
            ("from stepwise_plugin import host\nhost.encode('x')", ["during a call only"]),
        ]:
            self.assertProblem(self.interpreter(source).open("reward"), *words)


if __name__ == "__main__":
    unittest.main()
