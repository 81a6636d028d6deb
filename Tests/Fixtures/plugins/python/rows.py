"""Datasets of each kind."""

puzzles = [
    {"prompt": "one?", "completion": "1", "answer": 1, "difficulty": 1.5, "id": 2**63 + 1},
    {"prompt": [{"role": "user", "content": "two?\0"}], "answer": None, "tags": ["a", ["b", 2.0]], "share": 1.0},
    {"text": "three", "history": [{"role": "user", "content": "h"}], "flag": True},
]


def counted(size=4):
    for index in range(size):
        yield {"prompt": "row %d" % index}


class Epochs:
    """Rows that tell the epoch, which is also the state."""

    def __init__(self):
        self.epoch = -1

    def __len__(self):
        return 3

    def __getitem__(self, index):
        if index == 2 and self.epoch == 7:
            import os

            os._exit(9)
        return {"prompt": "%d/%d" % (self.epoch, index)}

    def set_epoch(self, epoch):
        self.epoch = epoch


class Stateful(Epochs):
    def state(self):
        return {"epoch": self.epoch}

    def load_state(self, state):
        self.epoch = state["epoch"]


bad = [{"prompt": "fine"}, {"prompt": "bad", "when": object()}]
splits = {"train": puzzles, "test": []}
