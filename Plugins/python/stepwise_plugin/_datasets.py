"""Datasets: anything that gives rows."""

from ._calling import made, reconfigured
from ._errors import Problem
from ._numbers import shown
from ._rows import crossed
from ._state import StateHolder


def looks_like_dataset(value):
    """Whether an object of the file can be meant as a dataset."""
    import inspect

    if isinstance(value, type):
        return "__getitem__" in vars(value) or "__iter__" in vars(value)
    return inspect.isgeneratorfunction(value)


class DatasetComponent:
    """Rows by position, from one of

    - a sequence: `__len__` and `__getitem__`, as lists and datasets.Dataset have them; read when asked for,
    - an iterable: read whole when it is opened, so that it can be shuffled,
    - an iterable with a true attribute `streaming`: read on the way forward, for what has no end or no room in memory;

    or from a function or class that, called with the component's parameters, gives one of them.
    """

    def __init__(self, target, parameters, component):
        self._make = None
        if isinstance(target, type) or (callable(target) and not hasattr(target, "__getitem__")):
            self._make = lambda: made(target, parameters)
        elif parameters:
            raise Problem(
                "'%s' is no function or class, so it takes no parameters" % component,
                "make it a function of %s" % ", ".join(parameters),
                "parameters",
            )
        self._object = self._make() if self._make else target
        self._state = StateHolder(self._object)
        self._check_kind()
        self._streaming = bool(getattr(target, "streaming", False) or getattr(self._object, "streaming", False))
        self._ids = {}
        self._rows = self._iterator = None
        self._position = 0
        if not (hasattr(self._object, "__len__") and hasattr(self._object, "__getitem__")) and not self._streaming:
            self._rows = list(self._object)

    def _check_kind(self):
        kind = type(self._object).__name__
        if isinstance(self._object, (dict, str, bytes)) or hasattr(self._object, "keys"):
            names = ", ".join(shown(key) for key in list(self._object)[:8]) if hasattr(self._object, "keys") else ""
            raise Problem(
                "the dataset is %s, not rows" % (kind + (" with " + names if names else "")),
                "give one split: a function that returns it, or 'object: NAME'",
                "load",
            )
        if not hasattr(self._object, "__iter__") and not (
            hasattr(self._object, "__len__") and hasattr(self._object, "__getitem__")
        ):
            raise Problem(
                "the dataset is %s, %s, which gives no rows" % (shown(self._object), kind),
                "give a list, a generator function, or a class with __len__ and __getitem__",
                "load",
            )

    def describe(self):
        if self._rows is not None:
            count = len(self._rows)
        else:
            count = None if self._streaming else len(self._object)
        return {"count": count, "stateful": self._state.is_stateful}

    def reconfigure(self, changes):
        reconfigured(self._object, changes)

    def begin_epoch(self, request):
        for name in ("begin_epoch", "set_epoch"):
            begin = getattr(self._object, name, None)
            if begin is not None:
                begin(request["epoch"])
                break
        return {}

    def examples(self, request):
        """The rows of a range."""
        first, count = request["first"], request["count"]
        rows = [crossed(row, first + index) for index, row in enumerate(self._read(first, count))]
        for index, row in enumerate(rows):
            earlier = self._ids.setdefault(row["id"], first + index)
            if earlier != first + index:
                raise Problem(
                    "rows %d and %d have the same id, %d" % (earlier, first + index, row["id"]),
                    "give each row an id of its own, or none",
                )
        return {"rows": rows}

    def _read(self, first, count):
        if self._rows is not None:
            return self._rows[first : first + count]
        if not self._streaming:
            return [self._object[index] for index in range(first, first + count)]
        if self._iterator is None or first < self._position:
            self._rewind()
        rows = []
        while self._position < first + count:
            try:
                row = next(self._iterator)
            except StopIteration:
                raise Problem(
                    "the stream ended after %d rows, and row %d was asked for" % (self._position, first + count - 1),
                    "take 'streaming' off, so that its rows are counted",
                ) from None
            if self._position >= first:
                rows.append(row)
            self._position += 1
        return rows

    def _rewind(self):
        """Back to the first row: a new object where the old one can be read once only."""
        self._iterator = iter(self._object)
        if self._position > 0 and self._iterator is self._object:
            if self._make is None:
                raise Problem(
                    "row 0 was asked for again, and the iterator can only go forward",
                    "give a function that makes it",
                )
            self._object = self._make()
            self._iterator = iter(self._object)
        self._position = 0

    def save(self, request):
        return self._state.save()

    def load(self, request):
        if self._make is not None:
            fresh = self._make()
            holder = StateHolder(fresh)
            holder.load(request)
            self._object, self._state = fresh, holder
            if self._rows is not None:
                self._rows = list(fresh)
        else:
            self._state.load(request)
        self._iterator, self._position = None, 0
        return {}
