"""`make test`: the reward without Stepwise."""

import unittest

from reward import fresh_words


class FreshWords(unittest.TestCase):
    def test_share_of_words(self):
        self.assertEqual(
            fresh_words(["the cat saw the dog", "  the\tthe\r\nthe ", "the them"]), [0.8, 1 / 3, 1.0]
        )

    def test_too_few_words_are_not_judged(self):
        self.assertEqual(fresh_words(["", " \n"]), [None, None])
        self.assertEqual(fresh_words(["too short"], minimum_words=3), [None])

    def test_columns_are_taken(self):
        self.assertEqual(fresh_words(completions=["a a"], prompts=["p"], answer=["b"]), [0.5])


if __name__ == "__main__":
    unittest.main()
