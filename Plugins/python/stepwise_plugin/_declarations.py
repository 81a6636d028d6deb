"""What authors may write above a reward."""

_ATTRIBUTE = "__stepwise_reward__"


def reward(
    function=None,
    *,
    name=None,
    minimum=None,
    maximum=None,
    success_threshold=None,
    columns=(),
    answers=None,
):
    """Declares what a reward function or class measures. The manifest's `measures` can say the same without a line of Python.

        @reward(minimum=0, maximum=1, success_threshold=1, columns=["answer"])
        def exact(completions, answer, **kwargs):
            return [float(c.strip() == a) for c, a in zip(completions, answer)]

    name               the name of its metrics: rewards/NAME/mean
    minimum, maximum   every score lies between them; Stepwise checks it
    success_threshold  a score from here upwards counts as solved
    columns            columns that every row must have
    answers            a function with the same arguments that gives the answer in each completion, as text or None, for majority
                       votes; a class may have a method of this name instead
    """

    def declare(target):
        setattr(
            target,
            _ATTRIBUTE,
            {
                "name": name,
                "minimum": minimum,
                "maximum": maximum,
                "success_threshold": success_threshold,
                "columns": list(columns),
                "answers": answers,
            },
        )
        return target

    return declare if function is None else declare(function)


def declaration(target):
    """What was declared, also of what a functools.partial wraps; None where nothing was."""
    while target is not None:
        found = getattr(target, _ATTRIBUTE, None)
        if found is not None:
            return found
        target = getattr(target, "func", None)
    return None
