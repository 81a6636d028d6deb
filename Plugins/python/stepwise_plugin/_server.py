"""The interpreter's side of the conversation: requests in, answers out, until the other end closes."""

import faulthandler
import resource
import signal
import sys

# Imported before a plugin's folder can put a file of the same name in front.
import asyncio  # noqa: F401
import traceback  # noqa: F401

from ._channel import Channel, FrameTooLarge
from ._datasets import DatasetComponent, looks_like_dataset
from ._errors import Problem, report
from ._rewards import RewardComponent, looks_like_reward
from ._services import host
from ._source import SourceImage, named_object
from ._strategies import StrategyComponent, looks_like_strategy

#: Of this conversation; both ends come from the same installation, and say so.
PROTOCOL = 1

_KINDS = {
    "reward": (RewardComponent, looks_like_reward),
    "dataset": (DatasetComponent, looks_like_dataset),
    "strategy": (StrategyComponent, looks_like_strategy),
}


def serve(descriptor):
    """Answers requests until the channel is closed. Returns the exit status."""
    channel = Channel(descriptor)
    _prepare()
    host._attach(channel)
    session = Session()
    channel.send(
        {
            "hello": {
                "protocol": PROTOCOL,
                "python": "%d.%d.%d" % sys.version_info[:3],
                "executable": sys.executable or "",
            }
        }
    )
    while True:
        request = channel.receive()
        if request is None:
            return 0
        answer = session.answer(request)
        _flush()
        try:
            channel.send(answer)
        except FrameTooLarge as error:
            channel.send({"error": {"kind": "answer", "summary": "the answer is too large: %s" % error}})


class Session:
    """The one component that this interpreter runs."""

    def __init__(self):
        self._component = None
        self._files = set()

    def answer(self, request):
        """The answer to a request, whatever the plugin does: also exit() and a KeyboardInterrupt are caught."""
        name = request["call"]
        host._in_call = name != "open"
        try:
            if name == "open":
                return {"result": self._open(request)}
            if name == "reconfigure":
                self._component.reconfigure(request["changes"])
                return {"result": self._component.describe()}
            return {"result": getattr(self._component, name)(request)}
        except BaseException as error:  # noqa: B902
            return {"error": report(error, self._files)}
        finally:
            host._in_call = False

    def _open(self, request):
        host.label = request["label"]
        host.resource_directory = request["resource_directory"]
        source = SourceImage(request["image"], request["archive"], request["directory"], request["entry"])
        self._files = source.files
        module = source.load()
        kind, candidates = _KINDS[request["kind"]]

        def is_candidate(value):
            return getattr(value, "__module__", module.__name__) == module.__name__ and candidates(value)

        target = named_object(module, request.get("object"), request["default"], is_candidate, request["kind"])
        if target is None:
            raise Problem("the object of that name is None", kind="load")
        self._component = kind(target, request["parameters"], request["default"])
        return self._component.describe()


def _prepare():
    """What a plugin's process needs: traces of a crash and of a call that is overdue, and lines that are not held back."""
    faulthandler.enable()
    # Stepwise sends it before it kills a process that does not answer.
    faulthandler.register(signal.SIGUSR2, all_threads=True)
    # A crash leaves no memory image in whatever folder the run was started in.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # A plugin may have closed or replaced it.
            pass
