"""What the rivals' scripts share: options, and the line of JSON that stepwise-bench reads."""
import argparse
import json
import os
import statistics
import time

FOLDER = os.environ.get("STEPWISE_RIVALS", "rivals")


def options(**defaults):
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="TINY")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=3)
    for name, default in defaults.items():
        if isinstance(default, bool):
            parser.add_argument("--" + name, action="store_true")
        else:
            parser.add_argument("--" + name, type=type(default), default=default)
    return parser.parse_args()


def model_folder(name):
    return os.path.join(FOLDER, "models", name)


def emit(program, variant, tokens, samples, **more):
    line = {"program": program, "variant": variant, "tokens": tokens, "samples_s": samples}
    line.update({key: value for key, value in more.items() if value is not None})
    print(json.dumps(line), flush=True)


def seconds(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


median = statistics.median
