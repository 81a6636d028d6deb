"""The host's services, as plugins see them."""

import threading

from ._channel import displayable

_LEVELS = {"debug": 0, "info": 1, "warning": 2, "error": 3}


class HostUnavailable(RuntimeError):
    """A service was used when no call of Stepwise was going on, or the run does not have it."""


class Host:
    """What Stepwise gives to its plugins. `print` reaches the log, too.

    Services that need an answer (`encode`, `decode`, `log_probabilities`, `cancelled`) may be used during a call only: not while
    the file is imported, and not by threads that go on afterwards.
    """

    def __init__(self):
        self._channel = None
        self._asking = threading.Lock()
        self._in_call = False
        #: The folder that the manifest and the plugin's data files lie in.
        self.resource_directory = None
        #: The name under which the run knows the component.
        self.label = None

    def _attach(self, channel):
        self._channel = channel

    def log(self, message, level="info"):
        """Writes a line into the log: level "debug", "info", "warning" or "error"."""
        if level not in _LEVELS:
            raise ValueError("the level is one of %s" % ", ".join(_LEVELS))
        self._send({"log": [_LEVELS[level], displayable(message, 1 << 16)]})

    def metric(self, name, value):
        """A number of the current step."""
        self._send({"metric": [displayable(name, 256), float(value)]})

    def encode(self, text):
        """Token ids of a text by the run's tokenizer, without special tokens around it."""
        return self._ask("encode", [text])

    def decode(self, ids, keep_special_tokens=False):
        """Text of token ids."""
        return self._ask("decode", [[int(id) for id in ids], bool(keep_special_tokens)])

    def log_probabilities(self, context, ids, model="policy"):
        """log p of each of `ids` after `context` under the "policy" or the "reference", in nats."""
        return self._ask(
            "log_probabilities", [model, [int(id) for id in context], [int(id) for id in ids]]
        )

    def cancelled(self):
        """Whether the user wants to stop."""
        return self._ask("cancelled", [])

    def _uniform(self, item):
        return self._ask("uniform", [item])

    def _send(self, message):
        if self._channel is None:
            raise HostUnavailable("this file does not run in Stepwise")
        self._channel.send(message)

    def _ask(self, service, arguments):
        if not self._in_call:
            raise HostUnavailable("%s may be used during a call only" % service)
        with self._asking:
            self._send({"ask": service, "arguments": arguments})
            answer = self._channel.receive()
        if answer is None:
            raise HostUnavailable("Stepwise has gone")
        if "refused" in answer:
            raise HostUnavailable("%s: %s" % (service, answer["refused"]))
        return answer["answer"]


#: The one host.
host = Host()
