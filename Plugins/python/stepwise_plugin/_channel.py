"""Frames between Stepwise and the interpreter.

A frame is a length, UInt32 little-endian, and so many bytes of JSON in UTF-8. JSON is extended by the three names that Python's
json module reads and writes anyway: NaN, Infinity and -Infinity. NUL crosses as \\u0000. A lone surrogate, which a Python str may
hold and UTF-8 may not, never crosses: data that has one is refused where it is read (see `_rows`), text for people shows it
escaped (see `displayable`).
"""

import json
import socket
import struct
import threading

#: No frame is larger, in either direction.
LIMIT = 256 << 20

_LENGTH = struct.Struct("<I")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class FrameTooLarge(Exception):
    """What was to be sent does not fit into a frame."""


def displayable(text, limit=1 << 20):
    """Text for people: lone surrogates are escaped, and what is above `limit` characters is cut out of its middle."""
    text = str(text)
    if len(text) > limit:
        half = limit // 2
        text = "%s\n... %d characters left out ...\n%s" % (
            text[:half],
            len(text) - 2 * half,
            text[-half:],
        )
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class Channel:
    """One end of the socket pair. Sending is safe from any thread, receiving is for one at a time."""

    def __init__(self, descriptor):
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)
        self._sending = threading.Lock()

    def fileno(self):
        return self._socket.fileno()

    def send(self, message):
        """Sends one frame."""
        data = _encode(message).encode("utf-8")
        if len(data) > LIMIT:
            raise FrameTooLarge("%d bytes, and %d are the most" % (len(data), LIMIT))
        with self._sending:
            self._socket.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self):
        """The next frame, or None where the other end is closed."""
        header = self._exactly(_LENGTH.size)
        if header is None:
            return None
        data = self._exactly(_LENGTH.unpack(header)[0])
        return None if data is None else json.loads(data.decode("utf-8"))

    def _exactly(self, count):
        buffer = bytearray(count)
        view = memoryview(buffer)
        while len(view) > 0:
            got = self._socket.recv_into(view)
            if got == 0:
                return None
            view = view[got:]
        return buffer
