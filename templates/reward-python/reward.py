"""The reward __ID__: the share of a completion's words that it has not said before.

A reward function as TRL has them: it works there, too, unchanged.
"""


def fresh_words(completions, minimum_words=1, **kwargs):
    """A score from 0 to 1 for each completion; None where there is too little to judge.

    `completions` is a list of texts. Other arguments come by name: `prompts`, `completion_ids`, every column of the dataset as a
    list of the same length, and the parameters of plugin.yaml, here `minimum_words`.
    """
    return [_score(completion, minimum_words) for completion in completions]


def _score(completion, minimum_words):
    """The score of one completion. It may depend on its arguments, and on nothing else."""
    # Of bytes: str.split() knows more blanks than the other languages do.
    words = completion.encode().split()
    if not words or len(words) < minimum_words:
        return None
    return len(set(words)) / len(words)
