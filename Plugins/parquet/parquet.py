"""Rows of Parquet files. Needs pyarrow in the Python that runs it."""

import json
import os
import string

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
        self.template = _pieces(prompt_template)
        self.columns = list(columns)
        self.groups = []  # (file, group within it, first row, its path)
        self.starts = [0]
        self.cache = {}
        for name in _files(path):
            file = _opened(name)
            present = file.schema_arrow.names
            inserted = [column for _, column in self.template]
            for wanted in [column for column in (prompt_column, completion_column, *columns, *inserted) if column]:
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
        out = {key: _column(value) for key, value in row.items() if not self.columns or key in self.columns}
        for key, column in self.renamed.items():
            if row.get(column or key) is not None:
                out[key] = row[column or key]
            elif column:
                raise ValueError("%s: column '%s', named by %s_column, is null; leave the row out" % (name, column, key))
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


def _pieces(template):
    """Texts, each with the column that follows it, or None: `{question}` is a column, `{{` and `}}` are braces."""
    try:
        pieces = [(text, field, spec or kind) for text, field, spec, kind in string.Formatter().parse(template)]
    except ValueError as error:
        pieces = [(None, str(error), None)]
    for text, field, more in pieces:
        if text is None or more or field == "":
            raise ValueError(
                "prompt_template: %s; write {column} for a column, {{ and }} for braces"
                % (field if text is None else "a brace is opened but names no column")
            )
    return [(text, field) for text, field, _ in pieces]


def _filled(pieces, row, name):
    prompt = ""
    for text, column in pieces:
        prompt += text
        if column is None:
            continue
        value = row[column]
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError(
                "%s: column '%s' is %s, which prompt_template cannot insert; name a column of text or numbers, or leave the "
                "row out" % (name, column, "null" if value is None else type(value).__name__)
            )
        prompt += str(value)
    return prompt


def _column(value):
    """A value as a column holds it: a struct is its JSON text, as an object is to the jsonl dataset; turns stay what they are."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    if isinstance(value, list) and not _is_turns(value):
        return [_column(element) for element in value]
    return value


def _is_turns(value):
    """Whether every element has role and content and nothing else; all structs of a column have the same keys, some of them null."""
    return all(
        isinstance(turn, dict)
        and {key for key in turn if turn[key] is not None} == {"role", "content"}
        and all(isinstance(turn[key], str) for key in ("role", "content"))
        for turn in value
    )
