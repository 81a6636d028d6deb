#!/usr/bin/env python3
"""Makes rows.jsonl.gz and two-members.jsonl.gz in this folder: run it again after a change and commit what comes out."""
import gzip
import json
import pathlib

here = pathlib.Path(__file__).parent
# Unpacked about 1 MB, more than one buffer of the reader; packed small, for it lies in the repository.
rows = [
    {"prompt": f"{i} + {i} =", "completion": f" {2 * i}", "noise": "a\u00e9\u4e16"[i % 3] * (i % 300)}
    for i in range(4000)
]
lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
cut = lines.index(b"\n", len(lines) // 2) + 1


def pack(data):
    return gzip.compress(data, 9, mtime=0)


(here / "rows.jsonl.gz").write_bytes(pack(lines))
# gzip files may be joined end to end; some writers pad with zeros.
(here / "two-members.jsonl.gz").write_bytes(pack(lines[:cut]) + pack(lines[cut:]) + bytes(512))
