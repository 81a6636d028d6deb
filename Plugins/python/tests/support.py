"""The other end of the conversation, for tests: starts the interpreter as Stepwise does, and speaks its frames."""

import array
import base64
import json
import os
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)


class Interpreter:
    """One interpreter with a plugin file, or several."""

    def __init__(self, files, entry="plugin.py"):
        self.folder = tempfile.TemporaryDirectory()
        if isinstance(files, str):
            files = {entry: files}
        self.files = {name: textwrap.dedent(text).encode("utf-8") for name, text in files.items()}
        self.entry = entry
        for name, data in self.files.items():
            path = os.path.join(self.folder.name, "plugin", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        self.directory = os.path.join(self.folder.name, "plugin")
        self.image = os.path.join(self.folder.name, "image")
        if len(self.files) == 1:
            with open(self.image, "wb") as file:
                file.write(self.files[entry])
        else:
            with tarfile.open(self.image, "w:", format=tarfile.USTAR_FORMAT) as archive:
                for name in self.files:
                    archive.add(os.path.join(self.directory, name), name)
        self.socket, other = socket.socketpair()
        self.socket.settimeout(20)
        self.process = subprocess.Popen(
            [sys.executable, "-X", "utf8", os.path.join(ROOT, "stepwise_plugin", "_host.py"), str(other.fileno())],
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        other.close()
        self.services = {}
        self.sent = []
        self.hello = self.receive()["hello"]

    def send(self, message):
        data = json.dumps(message).encode("utf-8")
        self.socket.sendall(struct.pack("<I", len(data)) + data)

    def receive(self):
        head = self._exactly(4)
        return head and json.loads(self._exactly(struct.unpack("<I", head)[0]).decode("utf-8"))

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                return None
            data += part
        return data

    def call(self, name, **request):
        """The answer to a request: {"result": ...} or {"error": ...}; logs and metrics go to `sent`."""
        self.send(dict(request, call=name))
        while True:
            message = self.receive()
            if message is None:
                return None
            if "ask" in message:
                service = self.services.get(message["ask"])
                self.send({"answer": service(*message["arguments"])} if service else {"refused": "there is none"})
            elif "result" in message or "error" in message:
                return message
            else:
                self.sent.append(message)

    def open(self, kind, object=None, default="plugin", parameters=None):
        return self.call(
            "open",
            kind=kind,
            object=object,
            default=default,
            parameters=parameters or {},
            label="label",
            resource_directory=self.directory,
            image=self.image,
            archive=len(self.files) > 1,
            directory=self.directory,
            entry=self.entry,
        )

    def close(self):
        self.socket.close()
        output, errors = self.process.communicate(timeout=20)
        self.folder.cleanup()
        return output.decode("utf-8"), errors.decode("utf-8")


def token_ids(lists):
    data = array.array("i", [id for ids in lists for id in ids]).tobytes()
    return {"i32": base64.b64encode(data).decode("ascii"), "lengths": [len(ids) for ids in lists]}


def batch(completions, prompts=None, columns=None, row_of=None, **more):
    """A request to score: by default each completion has a row of its own."""
    count = len(completions)
    prompts = prompts if prompts is not None else ["p%d" % i for i in range(count)]
    rows = [
        {"prompt": prompt, "columns": [[name, values[i]] for name, values in (columns or {}).items()]}
        for i, prompt in enumerate(prompts)
    ]
    request = {
        "step": 3,
        "seed": 17,
        "rows": rows,
        "row_of": row_of if row_of is not None else list(range(count)),
        "completions": completions,
        "ids": [100 + i for i in range(count)],
        "completion_ids": token_ids([[1, 2] for _ in range(count)]),
    }
    request.update(more)
    return request


class PluginTestCase(unittest.TestCase):
    """Opens plugins, and closes them when the test is over."""

    def interpreter(self, files, **more):
        made = Interpreter(files, **more)
        self.addCleanup(lambda: made.process.poll() is None and made.close())
        return made

    def opened(self, kind, files, **more):
        made = self.interpreter(files)
        answer = made.open(kind, **more)
        self.assertIn("result", answer, answer)
        made.description = answer["result"]
        return made

    def assertProblem(self, answer, *words):
        self.assertIn("error", answer)
        text = json.dumps(answer["error"], ensure_ascii=False)
        for word in words:
            self.assertIn(word, text)
