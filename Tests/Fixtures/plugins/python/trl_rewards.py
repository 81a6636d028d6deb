"""Reward functions as people write them for TRL's GRPOTrainer. Nothing in this file knows of Stepwise."""

import asyncio
import re


def accuracy(completions, answer, **kwargs):
    """1 where the last number is the answer; not applicable where there is no number."""
    contents = [c[0]["content"] if isinstance(c, list) else c for c in completions]
    rewards = []
    for content, expected in zip(contents, answer):
        numbers = re.findall(r"-?\d+", content)
        rewards.append(None if not numbers else numbers[-1] == str(expected))
    return rewards


def shaped(prompts, completions, completion_ids, difficulty, trainer_state, log_extra, log_metric, **kwargs):
    """A made-up shaping with everything that TRL passes."""
    rewards = []
    for prompt, completion, ids, hardness in zip(prompts, completions, completion_ids, difficulty):
        text = completion[0]["content"] if isinstance(completion, list) else completion
        rewards.append(hardness * len(text) / 70.0 - 0.01 * len(ids) + 0.1 * trainer_state.global_step)
    log_extra("characters", [len(str(c)) for c in completions])
    log_metric("mean_length", sum(len(ids) for ids in completion_ids) / len(completion_ids))
    return rewards


async def judged(completions, answer, **kwargs):
    """An asynchronous judge that answers out of order, and abstains from short texts."""

    async def judge(index, text):
        await asyncio.sleep(0.001 * ((7 * index) % 5))
        return None if len(text) < 4 else 1.0 / (1 + abs(len(text) - 10))

    texts = [c[0]["content"] if isinstance(c, list) else c for c in completions]
    return await asyncio.gather(*[judge(i, text) for i, text in enumerate(texts)])


class Length:
    """A callable object, as TRL takes one too."""

    def __init__(self, limit=20):
        self.limit = limit
        self.__name__ = "length"

    def __call__(self, completions, **kwargs):
        texts = [c[0]["content"] if isinstance(c, list) else c for c in completions]
        return [min(len(text), self.limit) / self.limit for text in texts]


length = Length()
