"""The dataset __ID__: each line of rows.tsv is a question, a tab and its answer."""

import os


class Questions:
    """Rows by position: anything with `__len__` and `__getitem__` is a dataset, as is anything that can be iterated."""

    def __init__(self, demonstrations=True, path=os.path.join(os.path.dirname(__file__), "rows.tsv")):
        self.demonstrations = demonstrations
        self.rows = []
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                question, tab, answer = line.rstrip("\n").partition("\t")
                if not tab:
                    raise ValueError("%s, line %d: no tab" % (path, number))
                self.rows.append((question, answer))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        """The row at an index: the same row each time. Keys beside prompt and completion are columns for rewards."""
        question, answer = self.rows[index]
        row = {"prompt": question, "answer": answer}
        if self.demonstrations:
            row["completion"] = " " + answer
        return row
