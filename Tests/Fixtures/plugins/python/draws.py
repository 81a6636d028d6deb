"""A reward whose scores are the draws of the host's definition."""

from stepwise_plugin import reward, uniform


@reward(minimum=0, maximum=1, success_threshold=0.5, name="draw")
def draws(completions, seed, step, item_ids, draw=0, **kwargs):
    return [uniform(seed, step, item, draw) for item in item_ids]
