"""Runs Python programs that nobody has looked at.

Each program has an interpreter of its own, bound by a system call filter (seccomp.py) and by resource limits, inside bubblewrap where
that works. It cannot start processes, signal others, write files or use a network; it is killed when its time is up or its output is
too long. Nothing that it could start is left, since it can start nothing.
"""

import ctypes
import importlib.util
import json
import os
import resource
import secrets
import select
import shutil
import subprocess
import sys
import threading
import time

#: An empty entry in the path is the working directory, whose files are nobody's business.
_HEAD = "import sys\nsys.path[:] = [folder for folder in sys.path if folder]\n"
_START = "\nmain(confine, Unavailable)\n"
#: What a program is tried with before the first job: all of it must be refused.
_TRIAL = """
import os, signal, socket
def refused(action):
    try:
        action()
    except PermissionError:
        return True
    except OSError:
        # The kernel looked at it: no such file is no refusal.
        return False
    return False
"""
_TRIALS = {
    "a process was started": "assert refused(os.fork)",
    "a program was started": "assert refused(lambda: os.execv('/bin/true', ['true']))",
    "a signal was sent": "assert refused(lambda: os.kill(os.getppid(), 0))",
    "a socket was opened": "assert refused(lambda: socket.socket())",
    "a file was opened for writing": "assert refused(lambda: open('/tmp/stepwise-sandbox-trial', 'w'))",
    "a file was removed": "assert refused(lambda: os.unlink('/tmp/stepwise-sandbox-trial'))",
}


class SandboxError(RuntimeError):
    """There is no sandbox on this machine that holds, or the one that held does no longer."""


class Limits:
    """What a program may use."""

    def __init__(self, seconds, memory_mb, output_kb):
        self.seconds = seconds
        self.memory_mb = memory_mb
        self.output_kb = output_kb

    def resources(self, tasks):
        memory = self.memory_mb << 20
        return {
            "RLIMIT_AS": memory,
            "RLIMIT_CPU": int(self.seconds) + 2,
            "RLIMIT_CORE": 0,
            "RLIMIT_FSIZE": 0,
            "RLIMIT_NOFILE": 64,
            # Counts all of the user's, so that it is a bound on threads beside what there is.
            "RLIMIT_NPROC": tasks + 256,
        }


class Outcome:
    """How a program ended."""

    def __init__(self):
        #: Tests that passed, by number.
        self.passed = set()
        #: What it wrote to standard output.
        self.output = bytearray()
        #: Whether it came to its end: not where it crashed, was killed, or left by os._exit.
        self.finished = False
        #: None, "time" or "output": what it was killed for.
        self.exceeded = None
        #: Whether it was bound before any of the code ran.
        self.ready = False
        #: Why it could not be bound.
        self.problem = None

    def failure(self):
        """Why none of the code was run, where that is the sandbox's fault; None where code ran, or had no time to."""
        if self.problem is not None:
            return self.problem
        if not self.ready and self.exceeded is None:
            return "the process ended before it was bound"
        return None


class Sandbox:
    """Runs programs, several at a time."""

    def __init__(self, kind, limits, parallel):
        """`kind`: "bubblewrap", "seccomp", or "auto" for the first of these that works."""
        self._limits = limits
        self._parallel = parallel
        _raise_descriptor_limit(parallel)
        # bubblewrap ends before the first process of its name space, which then is left to the nearest subreaper: this process,
        # which waits for it, and nobody else. 36 is PR_SET_CHILD_SUBREAPER.
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
        self._tasks = _tasks_of_user()
        self._source = _HEAD + "".join(_source(name) for name in ("seccomp", "child")) + _START
        self.kind, self.notes = self._choose(kind)

    def _choose(self, wanted):
        notes = []
        for kind in ("bubblewrap", "seccomp"):
            if wanted not in ("auto", kind):
                continue
            problem = self._problem(kind)
            if problem is None:
                return kind, notes
            notes.append("%s: %s" % (kind, problem))
        raise SandboxError(
            "no sandbox holds on this machine, so that no code is run (%s); install bubblewrap, or run on Linux with "
            "seccomp on x86_64 or aarch64" % "; ".join(notes)
        )

    def _problem(self, kind):
        """Why a sandbox cannot be used, found by trying; None where it can."""
        if kind == "bubblewrap" and shutil.which("bwrap") is None:
            return "bwrap is not installed"
        self.kind = kind
        names = list(_TRIALS)
        limits, self._limits = self._limits, Limits(20, max(self._limits.memory_mb, 512), 64)
        try:
            outcome = self._run(("tests", _TRIAL, [_TRIALS[name] for name in names], b""))
        except OSError as problem:
            return str(problem)
        finally:
            self._limits = limits
        if outcome.failure() is not None:
            return outcome.failure()
        if not outcome.finished:
            return "a program does not come to its end in it"
        open_doors = [name for index, name in enumerate(names) if index not in outcome.passed]
        return ", ".join(open_doors) or None

    def run(self, jobs):
        """Outcomes of jobs (kind, code, tests, standard input), in order.

        Raises SandboxError where the sandbox does not hold any more: a completion is not wrong because of that.
        """
        self._tasks = _tasks_of_user()
        outcomes = [None] * len(jobs)
        places = iter(range(len(jobs)))
        lock = threading.Lock()
        failures = []

        def work():
            while not failures:
                with lock:
                    place = next(places, None)
                if place is None:
                    return
                try:
                    outcome = self._run(jobs[place])
                    if outcome.failure() is not None:
                        # A machine short of memory may have taken one process. None of the code ran, so that it can be tried again.
                        outcome = self._run(jobs[place])
                    if outcome.failure() is not None:
                        raise SandboxError(
                            "the sandbox %s held before and does not now, so that no code is run (%s); free memory and processes, "
                            "raise memory_mb, or choose another with the parameter 'sandbox'" % (self.kind, outcome.failure())
                        )
                    outcomes[place] = outcome
                except BaseException as problem:
                    failures.append(problem)

        threads = [threading.Thread(target=work) for _ in range(min(self._parallel, len(jobs)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return outcomes

    def _command(self, information):
        """What is run; `information` is the descriptor on which bubblewrap tells of the process that it makes, if it runs."""
        program = [sys.executable, "-s", "-B", "-c", self._source]
        if self.kind != "bubblewrap":
            return program
        command = [shutil.which("bwrap"), "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        command += ["--info-fd", str(information)]
        for path in ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime"):
            command += ["--ro-bind-try", path, path]
        for path in sorted({sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(sys.executable)}):
            if not path.startswith("/usr/"):
                command += ["--ro-bind", path, path]
        return command + ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/", "--"] + program

    def _run(self, job):
        kind, code, tests, given = job
        word = secrets.token_hex(16)
        description = {
            "kind": kind,
            "code": code,
            "tests": tests,
            "word": word,
            "limits": self._limits.resources(self._tasks),
        }
        child = _Child(self._command, self.kind == "bubblewrap", json.dumps(description).encode(), given, self._limits)
        return child.outcome(word)


class _Child:
    """A running program, and the pipes to it."""

    def __init__(self, command, is_wrapped, job, given, limits):
        self._limits = limits
        job_reading, self._job = os.pipe()
        self._answers, answer_writing = os.pipe()
        # Only for bubblewrap, which keeps it from the program: what stands in it is believed.
        self._information, information_writing = os.pipe() if is_wrapped else (None, None)
        given_away = [d for d in (job_reading, answer_writing, information_writing) if d is not None]
        try:
            self._process = subprocess.Popen(
                # Descriptors keep their numbers, in bubblewrap too.
                command(information_writing) + [str(job_reading), str(answer_writing)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=given_away,
                start_new_session=True,
                cwd="/",
                env={
                    "PATH": "/usr/bin:/bin",
                    "LANG": "C.UTF-8",
                    # Sets have the same order in every run.
                    "PYTHONHASHSEED": "0",
                    "PYTHONIOENCODING": "utf-8",
                    "OMP_NUM_THREADS": "1",
                    "OPENBLAS_NUM_THREADS": "1",
                },
            )
        except BaseException:
            for descriptor in (self._job, self._answers, self._information):
                if descriptor is not None:
                    os.close(descriptor)
            raise
        finally:
            for descriptor in given_away:
                os.close(descriptor)
        self._pending = {self._job: memoryview(job), self._process.stdin.fileno(): memoryview(given)}

    def outcome(self, word):
        """Waits for the end, and makes it come where it does not."""
        outcome = Outcome()
        answers = bytearray()
        deadline = time.monotonic() + self._limits.seconds
        most = self._limits.output_kb << 10
        output = self._process.stdout.fileno()
        reading = [output, self._answers]
        for descriptor in list(self._pending) + reading:
            os.set_blocking(descriptor, False)
        try:
            while reading:
                for descriptor in [d for d, data in self._pending.items() if not data]:
                    self._close(descriptor)
                left = deadline - time.monotonic()
                if left <= 0:
                    outcome.exceeded = "time"
                    break
                # Not select, which takes no number above 1023.
                poller = select.poll()
                for descriptor in reading:
                    poller.register(descriptor, select.POLLIN)
                for descriptor in self._pending:
                    poller.register(descriptor, select.POLLOUT)
                for descriptor, _ in poller.poll(left * 1000 + 1):
                    if descriptor in self._pending:
                        self._write(descriptor)
                        continue
                    data = os.read(descriptor, 1 << 16)
                    if not data:
                        reading.remove(descriptor)
                    elif descriptor == output:
                        outcome.output += data
                    else:
                        answers += data
                # A program that closed its output may still have to be waited for; one that writes answers has gone mad.
                if len(outcome.output) > most or len(answers) > (1 << 20):
                    outcome.exceeded = "output"
                    break
            if outcome.exceeded is None:
                try:
                    self._process.wait(max(deadline - time.monotonic(), 0))
                except subprocess.TimeoutExpired:
                    outcome.exceeded = "time"
        finally:
            # It was not waited for, so that the number is its own.
            self._process.kill()
            self._process.wait()
            self._reap()
            for descriptor in list(self._pending):
                self._close(descriptor)
            self._process.stdout.close()
            os.close(self._answers)
        self._read(answers, word, outcome)
        return outcome

    def _reap(self):
        """Takes the end of the process that bubblewrap left, which dies with it."""
        if self._information is None:
            return
        os.set_blocking(self._information, False)
        try:
            text = os.read(self._information, 1 << 12)
            process = json.loads(text)["child-pid"] if text else None
        except (OSError, ValueError, KeyError):
            process = None
        os.close(self._information)
        deadline = time.monotonic() + 2
        while process is not None and time.monotonic() < deadline:
            try:
                if os.waitpid(process, os.WNOHANG)[0] != 0:
                    return
            except ChildProcessError:
                # It was bubblewrap's to the end.
                return
            time.sleep(0.001)

    def _write(self, descriptor):
        try:
            written = os.write(descriptor, self._pending[descriptor][: 1 << 16])
            self._pending[descriptor] = self._pending[descriptor][written:]
        except BlockingIOError:
            pass
        except OSError:
            # It reads no more.
            self._close(descriptor)

    def _close(self, descriptor):
        del self._pending[descriptor]
        if descriptor == self._job:
            os.close(descriptor)
        else:
            try:
                self._process.stdin.close()
            except OSError:
                pass

    def _read(self, answers, word, outcome):
        for line in answers.split(b"\n"):
            if not line.startswith(word.encode() + b" "):
                continue
            kind, _, rest = line[len(word) + 1 :].partition(b" ")
            if kind == b"ready":
                outcome.ready = True
            elif kind == b"unavailable":
                outcome.problem = rest.decode(errors="replace")
            elif kind == b"passed" and rest.isdigit():
                outcome.passed.add(int(rest))
            elif kind == b"done":
                outcome.finished = outcome.exceeded is None and self._process.returncode == 0


def _raise_descriptor_limit(parallel):
    """Each running program holds five descriptors, ten while it starts; 1024, the usual limit, is too little for 200 CPUs."""
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 256 + 10 * parallel
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    if least != resource.RLIM_INFINITY and least < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _source(name):
    """The source of a module of this package, also where it was loaded from a copy."""
    full = __name__ + "." + name
    return importlib.util.find_spec(full).loader.get_source(full) + "\n"


def _tasks_of_user():
    """How many processes and threads the user has."""
    total, user = 0, os.getuid()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat("/proc/" + name).st_uid == user:
                    total += len(os.listdir("/proc/%s/task" % name))
            except OSError:
                pass
    return total
