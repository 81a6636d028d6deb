"""State that survives a resume: what `state()` gives and `load_state(state)` takes."""

import base64
import json

from ._errors import Problem

# The first byte says how the rest is to be read.
_JSON, _BYTES = b"J", b"B"


class StateHolder:
    """The state of an object of a plugin, JSON-able or bytes."""

    def __init__(self, target):
        self._target = target
        self.is_stateful = callable(getattr(target, "state", None))
        if self.is_stateful and not callable(getattr(target, "load_state", None)):
            raise Problem(
                "%s has state() and no load_state(state)" % type(target).__name__,
                "add it: a resumed run hands it what state() gave",
                "load",
            )

    def save(self):
        """Bytes, the same for the same state."""
        state = self._target.state()
        if isinstance(state, (bytes, bytearray, memoryview)):
            data = _BYTES + bytes(state)
        else:
            try:
                # Sorted, so that equal tables give equal bytes.
                text = json.dumps(state, sort_keys=True, separators=(",", ":"))
            except (TypeError, ValueError) as error:
                raise Problem("state() gave what JSON cannot hold: %s" % error, "give JSON values or bytes") from None
            data = _JSON + text.encode("ascii")
        return {"state": base64.b64encode(data).decode("ascii")}

    def load(self, request):
        """Hands over what `save` gave."""
        data = base64.b64decode(request["state"])
        if data[:1] == _BYTES:
            self._target.load_state(data[1:])
        elif data[:1] == _JSON:
            try:
                state = json.loads(data[1:].decode("ascii"))
            except ValueError as error:
                raise Problem("the saved state is damaged: %s" % error, kind="state") from None
            self._target.load_state(state)
        else:
            raise Problem("the saved state, %d bytes, is none of a Python plugin" % len(data), kind="state")
