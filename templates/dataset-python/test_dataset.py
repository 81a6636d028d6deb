"""`make test`: the dataset without Stepwise."""

import os
import tempfile
import unittest

from dataset import Questions


class Rows(unittest.TestCase):
    def test_rows_of_the_file(self):
        rows = Questions()
        self.assertEqual(len(rows), 6)
        self.assertEqual(
            rows[0],
            {"prompt": "What is the capital of France?", "completion": " Paris", "answer": "Paris"},
        )

    def test_questions_alone(self):
        self.assertNotIn("completion", Questions(demonstrations=False)[0])

    def test_a_line_without_a_tab_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "mine.tsv")
            with open(path, "w") as file:
                file.write("a\tb\nno tab here\n")
            with self.assertRaisesRegex(ValueError, "mine.tsv, line 2: no tab"):
                Questions(path=path)


if __name__ == "__main__":
    unittest.main()
