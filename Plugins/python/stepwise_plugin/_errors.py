"""What goes back to Stepwise when something is wrong."""

import os
import traceback

from ._channel import displayable

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
#: A line for a table or a status bar.
_SUMMARY_LIMIT = 200


class Problem(Exception):
    """The plugin is not what the host needs, or its answer is not; no traceback would help.

    `kind`: "answer", "load", "parameters" or "state".
    """

    def __init__(self, message, cure=None, kind="answer"):
        super().__init__(message)
        self.kind = kind
        self.cure = cure


def report(error, files=()):
    """The error as the host takes it. `files` are those of the plugin: the innermost place in one of them is named first."""
    if isinstance(error, Problem):
        answer = {"kind": error.kind, "summary": displayable(error)}
        if error.cure:
            answer["cure"] = displayable(error.cure)
        return answer
    trace = _without_own(error.__traceback__)
    lines = traceback.format_exception(type(error), error, trace)
    return {
        "kind": "exception",
        "summary": _summary(error, trace, files),
        "traceback": displayable("".join(lines).rstrip("\n")),
    }


def _without_own(trace):
    """The traceback from the first frame that is not of this package."""
    start = trace
    while start is not None and start.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        start = start.tb_next
    return start


def _summary(error, trace, files):
    name = type(error).__name__
    if isinstance(error, SystemExit):
        text = "it called exit(%s)" % displayable("" if error.code is None else repr(error.code), 80)
    else:
        try:
            words = str(error)
        except Exception:
            words = "<its str() failed>"
        text = "%s: %s" % (name, words) if words else name
    text = displayable(text.splitlines()[0] if text else name, _SUMMARY_LIMIT)
    place = _place(error, trace, files)
    return "%s (%s, line %d)" % (text, os.path.basename(place[0]), place[1]) if place else text


def _place(error, trace, files):
    """File and line of the innermost frame in one of the plugin's files, or else of the innermost frame."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return displayable(error.filename), error.lineno
    last = own = None
    while trace is not None:
        last = (displayable(trace.tb_frame.f_code.co_filename), trace.tb_lineno)
        if trace.tb_frame.f_code.co_filename in files:
            own = last
        trace = trace.tb_next
    return own or last
