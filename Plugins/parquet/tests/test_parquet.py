"""Needs pyarrow; `python -m unittest discover Plugins/parquet/tests`."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError:
    raise unittest.SkipTest("needs pyarrow")

import parquet


class ParquetTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def written(self, columns, name="a.parquet", group=3):
        path = os.path.join(self.folder.name, name)
        pq.write_table(pa.table(columns), path, row_group_size=group)
        return path

    def test_rows_of_several_groups_and_files_come_in_any_order(self):
        self.written({"prompt": ["p%d" % i for i in range(10)], "n": list(range(10))}, "a.parquet")
        self.written({"prompt": ["q%d" % i for i in range(4)], "n": list(range(4))}, "b.parquet")
        rows = parquet.rows(self.folder.name)
        self.assertEqual(len(rows), 14)
        self.assertEqual([rows[i]["prompt"] for i in (13, 0, 9, 10, 4)], ["q3", "p0", "p9", "q0", "p4"])
        self.assertEqual(rows[10], {"prompt": "q0", "n": 0, "id": 10})
        part = parquet.rows(self.folder.name, skip=9, limit=2)
        self.assertEqual([row["id"] for row in part], [9, 10])

    def test_columns_and_templates(self):
        path = self.written({"question": ["a"], "solution": ["b"], "x": [1], "y": [2]})
        rows = parquet.rows(path, prompt_template="{question} {{}}", completion_column="solution", columns=["x"])
        self.assertEqual(rows[0], {"prompt": "a {}", "completion": "b", "x": 1, "id": 0})

    def test_conversations(self):
        turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
        rows = parquet.rows(self.written({"messages": [turns]}))
        self.assertEqual(rows[0]["messages"], turns)

    def test_structs_are_their_json_text_and_turns_stay(self):
        turns = [{"role": "user", "content": "a"}]
        path = self.written({
            "prompt": [turns], "reward_model": [{"style": "rule", "ground_truth": "é"}], "parts": [[{"x": 1}]],
            "history": [[{"from": "human", "value": "b"}]], "dialogue": [turns], "conversations": [[{"from": "human", "value": "c"}]],
        })
        self.assertEqual(parquet.rows(path)[0], {
            "prompt": turns, "reward_model": '{"style":"rule","ground_truth":"é"}', "parts": ['{"x":1}'],
            "history": ['{"from":"human","value":"b"}'], "dialogue": turns, "conversations": ['{"from":"human","value":"c"}'], "id": 0,
        })
        conversations = [{"from": "human", "value": "c"}]
        self.assertEqual(parquet.rows(self.written({"conversations": [conversations]}))[0]["conversations"], conversations)

    def test_faults_name_file_and_row(self):
        path = self.written({"prompt": ["a", "b"], "completion": ["c", ""]})
        with self.assertRaisesRegex(ValueError, "a.parquet, row 1: the completion is empty"):
            parquet.rows(path)[1]
        with self.assertRaisesRegex(ValueError, "no column 'q'; the file has prompt, completion"):
            parquet.rows(path, prompt_column="q")
        with self.assertRaisesRegex(ValueError, "no column 'q'; the file has prompt, completion"):
            parquet.rows(path, prompt_template="{q}")
        for template in ("{", "}", "a{}b", "{prompt!r}", "{prompt:>9}"):
            with self.assertRaisesRegex(ValueError, "prompt_template: .*write {column} for a column"):
                parquet.rows(path, prompt_template=template)
        path = self.written({"q": ["a", None], "text": ["b", "c"], "flag": [True, False]})
        with self.assertRaisesRegex(ValueError, "row 1: column 'q' is null, which prompt_template cannot insert"):
            parquet.rows(path, prompt_template="{q}")[1]
        with self.assertRaisesRegex(ValueError, "row 0: column 'flag' is bool"):
            parquet.rows(path, prompt_template="{flag}")[0]
        # Not the column text in its place.
        with self.assertRaisesRegex(ValueError, "row 1: column 'q', named by prompt_column, is null"):
            parquet.rows(path, prompt_column="q")[1]
        with self.assertRaisesRegex(ValueError, "skip 2 leaves none of the 2 rows"):
            parquet.rows(path, skip=2)
        broken = os.path.join(self.folder.name, "broken.parquet")
        with open(broken, "wb") as file:
            file.write(b"PAR1 not really")
        with self.assertRaisesRegex(ValueError, "broken.parquet: not a Parquet file"):
            parquet.rows(broken)


if __name__ == "__main__":
    unittest.main()
