"""Calling what people wrote, with what it takes."""

import asyncio
import inspect
import threading

from ._errors import Problem
from ._numbers import shown


class Signature:
    """Which keyword arguments a callable takes."""

    def __init__(self, function):
        self.takes_any = False
        self.names = set()
        self.required = []
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            # Of some callables, mostly built in, nothing can be known.
            self.takes_any = True
            return
        for parameter in parameters:
            if parameter.kind is parameter.VAR_KEYWORD:
                self.takes_any = True
            elif parameter.kind is parameter.POSITIONAL_ONLY:
                if parameter.default is parameter.empty:
                    raise Problem(
                        "the argument '%s' can only be given by position" % parameter.name,
                        "take the '/' off: arguments are given by name, as TRL does",
                        "load",
                    )
            elif parameter.kind is not parameter.VAR_POSITIONAL:
                self.names.add(parameter.name)
                if parameter.default is parameter.empty:
                    self.required.append(parameter.name)

    def takes(self, name):
        return self.takes_any or name in self.names


def made(target, parameters):
    """What a class or function makes of the component's parameters."""
    signature = Signature(target)
    for name in parameters:
        if not signature.takes(name):
            raise Problem(
                "%s takes no parameter '%s'" % (target.__name__, name),
                "it takes %s; make the manifest's parameters those of __init__"
                % (", ".join(sorted(signature.names)) or "none"),
                "parameters",
            )
    return target(**parameters)


def reconfigured(target, changes):
    """Hands changed parameters to an object."""
    change = getattr(target, "reconfigure", None)
    if change is None:
        raise Problem(
            "%s has no method reconfigure" % type(target).__name__,
            "add reconfigure(self, **changes), or take 'changeable' off the manifest",
            "parameters",
        )
    change(**changes)


class EventLoop:
    """An event loop on a thread of its own, as TRL has one: clients and tasks of one batch are still there in the next."""

    def __init__(self):
        self._loop = None

    def run(self, awaitable):
        """The result of an awaitable."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="stepwise-async", daemon=True).start()

        async def wait():
            return await awaitable

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result()


_loop = EventLoop()


def called(function, arguments):
    """What a function answers, also when it is async."""
    result = function(**arguments)
    return _loop.run(result) if inspect.isawaitable(result) else result


def matching(signature, what, given, parameters, columns=()):
    """The arguments out of `given` that a function takes, with the component's parameters.

    A function that names an argument which nothing gives is told so before Python says it less clearly.
    """
    for name in parameters:
        if name in given:
            raise Problem(
                "the parameter '%s' has the name of a column or of an argument of every reward" % name,
                "rename the parameter",
                "parameters",
            )
    everything = dict(given)
    everything.update(parameters)
    if not signature.takes_any:
        everything = {key: value for key, value in everything.items() if key in signature.names}
    missing = [name for name in signature.required if name not in everything]
    if missing:
        raise Problem(
            "%s takes '%s', which is no column of the rows" % (what, missing[0]),
            "the rows have %s" % (", ".join(shown(name) for name in columns) or "no columns"),
        )
    return everything
