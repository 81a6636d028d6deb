"""Encodes texts with the `tokenizers` library on one thread; run by `stepwise-bench tokenizers`.

    python encode.py TOKENIZER.json TEXTS.jsonl REPETITIONS

One by one as a trainer does, and as one batch without offsets, which is the library's fastest way.
"""
import json
import os
import sys
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import numpy
import tokenizers


def checksum(rows):
    total = 0
    for ids in rows:
        values = numpy.array(ids, dtype=numpy.int64)
        total += int(numpy.dot(values, numpy.arange(len(ids)) % 1000 + 1))
    return total


def main():
    tokenizer = tokenizers.Tokenizer.from_file(sys.argv[1])
    texts = [json.loads(line)["text"] for line in open(sys.argv[2], encoding="utf-8")]
    single, batch = [], []
    rows = []
    for repetition in range(1 + int(sys.argv[3])):
        start = time.perf_counter()
        rows = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        single.append(time.perf_counter() - start)
        start = time.perf_counter()
        encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        whole = [encoding.ids for encoding in encodings]
        batch.append(time.perf_counter() - start)
        assert whole == rows
    print(json.dumps({
        "program": "tokenizers " + tokenizers.__version__, "bytes": sum(len(text.encode()) for text in texts),
        "tokens": sum(map(len, rows)), "checksum": checksum(rows), "first_s": min(single[0], batch[0]),
        "samples_s": single[1:], "batch_samples_s": batch[1:]}))


main()
