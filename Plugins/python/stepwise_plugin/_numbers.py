"""Numbers out of what people return: Python's, NumPy's, those of one-element tensors."""

import array
import base64

from ._channel import displayable
from ._errors import Problem


def shown(value):
    """A value for a message, in short."""
    try:
        text = repr(value)
    except Exception:
        text = "an object whose repr() failed"
    return displayable(text if len(text) <= 80 else text[:77] + "...")


def real(value, what):
    """The value as a float, where it is a number: bool, int, float, a NumPy scalar, a tensor without dimensions."""
    if type(value) is float:
        return value
    is_number = not isinstance(value, (str, bytes, bytearray, complex)) and (
        hasattr(value, "__float__") or hasattr(value, "__index__")
    )
    # An array of one element can be made a float, and is a mistake in the nesting all the same.
    if not is_number or getattr(value, "shape", ()) not in ((), None):
        raise Problem("%s is %s, %s, not a number" % (what, shown(value), type(value).__name__))
    try:
        return float(value)
    except OverflowError:
        raise Problem("%s is %s, which is beyond a float" % (what, shown(value))) from None


def whole(value, what, minimum=0, maximum=2**63 - 1):
    """The value as an int, where it is a whole number within bounds."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise Problem("%s is %s, %s, not a whole number" % (what, shown(value), type(value).__name__))
    number = int(value.__index__())
    if not minimum <= number <= maximum:
        raise Problem("%s is %d, expected %d to %d" % (what, number, minimum, maximum))
    return number


def sequence(value, count, what, cure=None):
    """The `count` values of an answer as a list; anything that can be iterated will do, but neither text nor a table."""
    if isinstance(value, (str, bytes, bytearray, dict, set, frozenset)) or not hasattr(value, "__iter__"):
        raise Problem("%s is %s, %s, not a list" % (what, shown(value), type(value).__name__), cure)
    values = []
    for element in value:
        # An answer without end must not fill the memory.
        if len(values) > count:
            break
        values.append(element)
    if len(values) != count:
        found = "more than %d" % count if len(values) > count else str(len(values))
        raise Problem("%s has %s values where %d are needed" % (what, found, count), cure)
    return values


def floats(value):
    """A list of Float32 as it crosses: {"f32": base64 of little-endian bytes}; the values as an array."""
    values = array.array("f")
    values.frombytes(base64.b64decode(value["f32"]))
    return values


def token_ids(value):
    """Lists of token ids as they cross: {"i32": base64 of all, "lengths": [...]}."""
    ids = array.array("i")
    ids.frombytes(base64.b64decode(value["i32"]))
    ids = ids.tolist()
    lists = []
    start = 0
    for length in value["lengths"]:
        lists.append(ids[start : start + length])
        start += length
    return lists


def packed(values):
    """The reverse of `floats`."""
    return {"f32": base64.b64encode(array.array("f", values).tobytes()).decode("ascii")}
