"""Values of columns on their way between Python and Stepwise.

    null, int, real, text    JSON's own: 1 is an int, 1.0 a real
    list                     a JSON list
    messages                 {"m": [[role, content], ...]}
"""

from ._errors import Problem
from ._numbers import shown

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
#: STEPWISE_VALUE_DEPTH
_DEPTH = 32
_PLAIN = (str, int, float, type(None))


def read(value):
    """A value that came from the host. Lists and turns are new objects each time: whoever gets them may change them."""
    if isinstance(value, list):
        return [read(element) for element in value]
    if isinstance(value, dict):
        return [{"role": role, "content": content} for role, content in value["m"]]
    return value


def is_mutable(value):
    """Whether `read` must be called again for the next item."""
    return not isinstance(value, _PLAIN)


def written(value, what, depth=0):
    """A value of a row as it crosses. `what` names row and column."""
    if value is None or isinstance(value, bool):
        return None if value is None else int(value)
    if isinstance(value, str):
        return text(value, what)
    if isinstance(value, int):
        if not INT_MIN <= value <= INT_MAX:
            raise Problem("%s is %s, which is beyond 64 bits" % (what, shown(value)), "make it text")
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (list, tuple)):
        if depth >= _DEPTH:
            raise Problem("%s nests deeper than %d lists" % (what, _DEPTH))
        if is_turns(value):
            return turns(value, what)
        return [written(element, what, depth + 1) for element in value]
    for method in ("item", "tolist"):
        # NumPy's scalars and arrays, tensors.
        convert = getattr(value, method, None)
        if convert is not None and (method == "tolist" or getattr(value, "shape", None) == ()):
            plain = convert()
            if type(plain) is not type(value):
                return written(plain, what, depth)
    raise Problem(
        "%s is %s, %s, which no column can hold" % (what, shown(value), type(value).__name__),
        "a column holds None, whole and real numbers, text, messages, and lists of these; write anything else as JSON text",
    )


def text(value, what):
    """Text, which must be Unicode."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Problem(
            "%s has a lone surrogate at character %d: it is no Unicode text" % (what, error.start),
            "read the file as UTF-8, without errors='surrogateescape'",
        ) from None
    return str(value)


def is_turns(value):
    """Whether a list is a conversation."""
    return len(value) > 0 and all(
        isinstance(turn, dict) and "role" in turn and "content" in turn for turn in value
    )


def turns(value, what):
    """A conversation as it crosses."""
    crossed = []
    for index, turn in enumerate(value):
        place = "%s, turn %d," % (what, index)
        extra = [key for key in turn if key not in ("role", "content") and turn[key] is not None]
        if extra:
            raise Problem("%s has '%s'; a turn has role and content" % (place, extra[0]))
        for key in ("role", "content"):
            if not isinstance(turn[key], str):
                raise Problem("%s has the %s %s, not text" % (place, key, shown(turn[key])))
        crossed.append([text(turn["role"], place), text(turn["content"], place)])
    return {"m": crossed}
