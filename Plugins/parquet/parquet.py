"""Rows of Parquet files. Needs pyarrow in the Python that runs it."""

import os

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise ImportError(
        "pyarrow is missing: pip install pyarrow, or convert the file to JSON Lines and use the jsonl dataset"
    ) from error


def rows(path, prompt_column="", completion_column="", prompt_template="", columns=(), skip=0, limit=0):
    return ParquetRows(path, prompt_column, completion_column, prompt_template, columns, skip, limit)


class ParquetRows:
    """Row groups are read when a row of them is asked for, and the last few are kept: a file larger than memory can be shuffled."""

    kept_groups = 8

    def __init__(self, path, prompt_column, completion_column, prompt_template, columns, skip, limit):
        if prompt_column and prompt_template:
            raise ValueError("prompt_column and prompt_template are both given; leave one of them out")
        self.renamed = {"prompt": prompt_column, "completion": completion_column}
        self.template = prompt_template
        self.columns = list(columns)
        self.groups = []  # (file, group within it, first row, its path)
        self.starts = [0]
        self.cache = {}
        for name in _files(path):
            file = _opened(name)
            present = file.schema_arrow.names
            for wanted in [column for column in (prompt_column, completion_column, *columns) if column]:
                if wanted not in present:
                    raise ValueError(
                        "%s: there is no column '%s'; the file has %s" % (name, wanted, ", ".join(present))
                    )
            for group in range(file.metadata.num_row_groups):
                self.groups.append((file, group, name))
                self.starts.append(self.starts[-1] + file.metadata.row_group(group).num_rows)
        self.skip = skip
        left = max(0, self.starts[-1] - skip)
        self.count = min(left, limit) if limit else left
        if not self.count:
            raise ValueError("%s: skip %d leaves none of the %d rows" % (path, skip, self.starts[-1]))

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if not 0 <= index < self.count:
            raise IndexError("row %d of %d" % (index, self.count))
        place = index + self.skip
        group = _last_at_most(self.starts, place)
        table = self._table(group)
        row = table.slice(place - self.starts[group], 1).to_pylist()[0]
        name = "%s, row %d" % (self.groups[group][2], place)
        out = {key: value for key, value in row.items() if not self.columns or key in self.columns}
        for key, column in self.renamed.items():
            if row.get(column or key) is not None:
                out[key] = row[column or key]
        if self.template:
            out["prompt"] = _filled(self.template, row, name)
        for key in ("messages", "conversations", "text"):
            if "prompt" not in out and row.get(key) is not None:
                out[key] = row[key]
        if out.get("completion") in ("", []):
            raise ValueError("%s: the completion is empty; leave the row out" % name)
        # The row's number in the files, whatever skip is.
        out["id"] = place
        return out

    def _table(self, group):
        if group not in self.cache:
            if len(self.cache) >= self.kept_groups:
                self.cache.pop(next(iter(self.cache)))
            file, number, name = self.groups[group]
            try:
                self.cache[group] = file.read_row_group(number)
            except (pa.ArrowException, OSError) as error:
                raise ValueError("%s: row group %d cannot be read: %s" % (name, number, error)) from error
        return self.cache[group]


def _files(path):
    if not os.path.isdir(path):
        return [path]
    names = sorted(name for name in os.listdir(path) if name.endswith(".parquet"))
    if not names:
        raise ValueError("%s: there is no .parquet file in the folder" % path)
    return [os.path.join(path, name) for name in names]


def _opened(path):
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise ValueError("%s: not a Parquet file: %s" % (path, error)) from error


def _last_at_most(starts, value):
    """The last place of `starts` that is not above `value`, group without rows passed over."""
    low, high = 0, len(starts) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if starts[middle] <= value:
            low = middle
        else:
            high = middle
    return low


def _filled(template, row, name):
    try:
        return template.format(**row)
    except (KeyError, IndexError) as error:
        raise ValueError(
            "%s: prompt_template names %s; the row has %s" % (name, error, ", ".join(row))
        ) from error
