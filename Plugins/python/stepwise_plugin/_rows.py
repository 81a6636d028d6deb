"""Rows of a dataset on their way to Stepwise: TRL's forms of rows.

    prompt, with or without completion   text or messages, as they are
    messages, conversations              what precedes the last turn is the prompt; the last turn, where it is the assistant's,
                                         the completion
    text                                 an empty prompt, and the text as completion

Every other key is a column. `difficulty` and a whole number `id` are columns and tell the host what they say.
"""

import math

from . import _values
from ._errors import Problem
from ._numbers import real, shown, whole

_ROLES = {"human": "user", "gpt": "assistant"}


def crossed(row, position):
    """One row as the host takes it."""
    place = "row %d" % position
    if not hasattr(row, "keys") or not hasattr(row, "__getitem__"):
        raise Problem(
            "%s is %s, %s, not a dict" % (place, shown(row), type(row).__name__),
            "give each row as a dict of columns",
        )
    row = {key: row[key] for key in row.keys()}
    for key in row:
        if not isinstance(key, str) or not key:
            raise Problem("%s has the column %s, whose name is no text" % (place, shown(key)))
        _values.text(key, "%s, the name of a column," % place)
    prompt, completion, used = _texts(row, place)
    answer = {"prompt": prompt, "id": _id(row, position, place)}
    if completion is not None:
        answer["completion"] = completion
    if row.get("difficulty") is not None:
        difficulty = real(row["difficulty"], "%s, column 'difficulty'," % place)
        if not math.isfinite(difficulty):
            raise Problem("%s, column 'difficulty', is %s" % (place, difficulty), "use None for unknown")
        answer["difficulty"] = difficulty
    if answer["id"] > _values.INT_MAX:
        used.append("id")
    if row.get("step_boundaries") is not None:
        answer["step_boundaries"] = _boundaries(row["step_boundaries"], place)
        used.append("step_boundaries")
    answer["columns"] = [
        [key, _values.written(value, "%s, column '%s'," % (place, key))]
        for key, value in row.items()
        if key not in used
    ]
    return answer


def _texts(row, place):
    if row.get("prompt") is not None:
        prompt = _text(row["prompt"], "%s, column 'prompt'," % place)
        completion = row.get("completion")
        if completion is not None:
            completion = _text(completion, "%s, column 'completion'," % place)
        return prompt, completion, ["prompt", "completion"]
    for name in ("messages", "conversations"):
        if row.get(name) is not None:
            prompt, completion = _conversation(row[name], "%s, column '%s'," % (place, name))
            return prompt, completion, [name]
    if row.get("text") is not None:
        return "", _text(row["text"], "%s, column 'text'," % place), ["text"]
    raise Problem(
        "%s has no prompt; it has %s" % (place, ", ".join(sorted(row)) or "no columns"),
        "give 'prompt', with or without 'completion', or 'messages', or 'text'",
    )


def _text(value, what):
    if isinstance(value, str):
        return _values.text(value, what)
    if isinstance(value, (list, tuple)) and _values.is_turns(value):
        return _values.turns(value, what)
    raise Problem("%s is %s, neither text nor messages" % (what, shown(value)))


def _conversation(value, what):
    if isinstance(value, (list, tuple)) and value and all(
        isinstance(turn, dict) and "from" in turn and "value" in turn for turn in value
    ):
        value = [{"role": _ROLES.get(turn["from"], turn["from"]), "content": turn["value"]} for turn in value]
    if not isinstance(value, (list, tuple)) or not _values.is_turns(value):
        raise Problem("%s is %s, not messages" % (what, shown(value)))
    turns = _values.turns(value, what)["m"]
    if len(turns) > 1 and turns[-1][0] == "assistant":
        return {"m": turns[:-1]}, {"m": turns[-1:]}
    return {"m": turns}, None


def _id(row, position, place):
    given = row.get("id")
    if given is None or isinstance(given, bool) or not hasattr(given, "__index__"):
        return position
    return whole(given, "%s, column 'id'," % place, maximum=2**64 - 1)


def _boundaries(value, place):
    what = "%s, column 'step_boundaries'," % place
    if not isinstance(value, (list, tuple)):
        raise Problem("%s is %s, not a list" % (what, shown(value)))
    return [whole(offset, what) for offset in value]
