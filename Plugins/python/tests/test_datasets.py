"""Datasets: what gives rows, how rows cross, and what is refused."""

import unittest

from support import PluginTestCase


class Datasets(PluginTestCase):
    def rows(self, source, first=0, count=1, **more):
        plugin = self.opened("dataset", source, **more)
        answer = plugin.call("examples", first=first, count=count)
        self.assertIn("result", answer, answer)
        return answer["result"]["rows"]

    def test_values(self):
        source = """
            class Scalar:
                shape = ()
                def item(self): return 7
            class Array:
                shape = (2,)
                def tolist(self): return [1, 2.0]
            plugin = [{
                "prompt": "p\\0", "completion": [{"role": "assistant", "content": "c"}], "id": 2**64 - 1, "difficulty": 3,
                "null": None, "flag": True, "int": -2**63, "real": 1.0, "nan": float("nan"), "text": "t",
                "list": [1, [2.0, None]], "tuple": (), "turns": [{"role": "user", "content": "x"}],
                "scalar": Scalar(), "array": Array(),
            }]
        """
        (row,) = self.rows(source)
        columns = dict(row.pop("columns"))
        self.assertEqual(
            row,
            {"prompt": "p\0", "completion": {"m": [["assistant", "c"]]}, "id": 2**64 - 1, "difficulty": 3.0},
        )
        nan = columns.pop("nan")
        self.assertNotEqual(nan, nan)
        # The types matter: 1 is a whole number, 1.0 a real one.
        self.assertEqual(
            repr(columns),
            repr(
                {
                    "difficulty": 3,
                    "null": None,
                    "flag": 1,
                    "int": -(2**63),
                    "real": 1.0,
                    "text": "t",
                    "list": [1, [2.0, None]],
                    "tuple": [],
                    "turns": {"m": [["user", "x"]]},
                    "scalar": 7,
                    "array": [1, 2.0],
                }
            ),
        )

    def test_forms(self):
        source = """
            plugin = [
                {"text": "all of it", "x": 1},
                {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
                {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
                {"messages": [{"role": "user", "content": "q"}]},
            ]
        """
        rows = self.rows(source, count=4)
        self.assertEqual(rows[0], {"prompt": "", "completion": "all of it", "id": 0, "columns": [["x", 1]]})
        turns = {"prompt": {"m": [["user", "q"]]}, "completion": {"m": [["assistant", "a"]]}, "columns": []}
        self.assertEqual(rows[1], dict(turns, id=1))
        self.assertEqual(rows[2], dict(turns, id=2))
        self.assertEqual(rows[3], {"prompt": {"m": [["user", "q"]]}, "id": 3, "columns": []})

    def test_kinds(self):
        for source, count in [
            ("plugin = [{'prompt': str(i)} for i in range(5)]", 5),
            ("def plugin():\n    for i in range(5): yield {'prompt': str(i)}", 5),
            ("def plugin(): return [{'prompt': str(i)} for i in range(5)]", 5),
            ("def rows():\n    for i in range(5): yield {'prompt': str(i)}", 5),
            (
                "class Plugin:\n    def __len__(self): return 5\n"
                "    def __getitem__(self, i): return {'prompt': str(i)}",
                5,
            ),
            ("class Plugin:\n    def __iter__(self): return iter([{'prompt': str(i)} for i in range(5)])", 5),
            (
                "import itertools\ndef plugin():\n    for i in itertools.count(): yield {'prompt': str(i)}\n"
                "plugin.streaming = True",
                None,
            ),
        ]:
            with self.subTest(source):
                plugin = self.opened("dataset", source)
                self.assertEqual(plugin.description, {"count": count, "stateful": False})
                for first, wanted in [(3, 2), (0, 2), (1, 1)]:
                    answer = plugin.call("examples", first=first, count=wanted)
                    self.assertEqual(
                        [row["prompt"] for row in answer["result"]["rows"]],
                        [str(i) for i in range(first, first + wanted)],
                    )

    def test_refusals(self):
        for rows, words in [
            ("[{'prompt': 'a', 'when': object()}]", ["row 0, column 'when'", "object", "JSON text"]),
            ("[{'prompt': 'a', 'x': {'y': 1}}]", ["row 0, column 'x'", "dict"]),
            ("[{'prompt': 'a', 'x': 2**63}]", ["column 'x'", "beyond 64 bits"]),
            ("[{'prompt': 'a', 'x': ['\\udc80']}]", ["row 0, column 'x'", "lone surrogate"]),
            ("[{'prompt': 3}]", ["row 0, column 'prompt'", "neither text nor messages"]),
            ("[{'answer': 'a'}]", ["row 0 has no prompt; it has answer"]),
            ("['text']", ["row 0 is 'text', str, not a dict"]),
            ("[{1: 'a', 'prompt': 'p'}]", ["row 0 has the column 1"]),
            ("[{'prompt': 'a', 'difficulty': 'hard'}]", ["column 'difficulty'", "not a number"]),
            ("[{'prompt': 'a', 'id': -1}]", ["column 'id'", "-1"]),
            ("[{'prompt': 'a', 'id': 7}, {'prompt': 'b', 'id': 7}]", ["rows 0 and 1 have the same id, 7"]),
            ("[{'prompt': [{'role': 'user', 'content': 'a', 'name': 'x'}]}]", ["turn 0", "'name'"]),
        ]:
            with self.subTest(rows):
                plugin = self.opened("dataset", "plugin = " + rows)
                count = plugin.description["count"]
                self.assertProblem(plugin.call("examples", first=0, count=count), *words)

    def test_no_rows_at_all(self):
        for source, words in [
            ("plugin = {'train': [], 'test': []}", ["dict with 'train', 'test'", "one split"]),
            ("plugin = 3", ["gives no rows"]),
            ("def plugin(): return None", ["gives no rows"]),
            ("plugin = []", None),
        ]:
            answer = self.interpreter(source).open("dataset")
            self.assertProblem(answer, *words) if words else self.assertEqual(answer["result"]["count"], 0)

    def test_parameters_epochs_and_state(self):
        source = """
            class Plugin:
                def __init__(self, size): self.size, self.epoch = size, 0
                def __len__(self): return self.size
                def __getitem__(self, i): return {"prompt": "%d/%d" % (self.epoch, i)}
                def set_epoch(self, epoch): self.epoch = epoch
                def state(self): return {"epoch": self.epoch}
                def load_state(self, state): self.epoch = state["epoch"]
        """
        plugin = self.opened("dataset", source, parameters={"size": 3})
        self.assertEqual(plugin.description, {"count": 3, "stateful": True})
        plugin.call("begin_epoch", epoch=2)
        self.assertEqual(plugin.call("examples", first=1, count=1)["result"]["rows"][0]["prompt"], "2/1")
        state = plugin.call("save")["result"]["state"]
        other = self.opened("dataset", source, parameters={"size": 3})
        other.call("load", state=state)
        self.assertEqual(other.call("examples", first=1, count=1)["result"]["rows"][0]["prompt"], "2/1")
        self.assertEqual(other.call("save")["result"]["state"], state)

    def test_stream_that_ends(self):
        source = "def plugin():\n    yield {'prompt': 'a'}\nplugin.streaming = True"
        plugin = self.opened("dataset", source)
        self.assertProblem(plugin.call("examples", first=0, count=2), "ended after 1 rows")


if __name__ == "__main__":
    unittest.main()
