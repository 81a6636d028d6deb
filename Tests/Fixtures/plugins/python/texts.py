"""Whether every text arrived as it was sent: the length in code points and the bytes, in hexadecimal, are in columns."""


def same(prompts, completions, bytes, points, **kwargs):
    return [
        float(c.encode("utf-8").hex() == b and len(c) == n and p == c)
        for p, c, b, n in zip(prompts, completions, bytes, points)
    ]


def echo(completions, **kwargs):
    return [0.0 for _ in completions]


class Answers:
    def __call__(self, completions, **kwargs):
        return [1.0 for _ in completions]

    def answers(self, completions, **kwargs):
        return [c if c else None for c in completions]
