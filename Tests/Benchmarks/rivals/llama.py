"""llama.cpp's own benchmarks: llama-bench for one sequence, llama-batched-bench for more. They draw no tokens: decoding there
is the model alone."""
import json
import os
import subprocess

import common

options = common.options(batch=1, prompt=128, new=128, dtype="f32")
folder = os.path.join(common.FOLDER, "llama")
model = os.path.join(folder, f"{options.model}-{options.dtype}.gguf")
threads = ["-t", str(options.threads)]


def lines(program, *arguments):
    command = [os.path.join(folder, "bin", program), "-m", model, *threads, *arguments]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


if options.batch == 1:
    shape = ["-o", "jsonl", "-r", str(options.repetitions)]
    deep = ["-p", "0", "-n", str(options.new), "-d", str(options.prompt)]
    decode = lines("llama-bench", *shape, *deep)[0]
    both = lines("llama-bench", *shape, "-p", "0", "-n", "0", "-pg", f"{options.prompt},{options.new}")[0]
    version = decode.get("build_commit", "")
    decode_samples = [ns * 1e-9 for ns in decode["samples_ns"]]
    samples = [ns * 1e-9 for ns in both["samples_ns"]]
else:
    # The first of the equal runs is the warm-up.
    runs = ",".join([str(options.batch)] * (options.repetitions + 1))
    context = options.batch * (options.prompt + options.new)
    found = lines(
        "llama-batched-bench",
        *["-npp", str(options.prompt), "-ntg", str(options.new), "-npl", runs],
        *["-c", str(context), "--output-format", "jsonl"],
    )[1:]
    version = ""
    decode_samples = [one["t_tg"] for one in found]
    samples = [one["t_pp"] + one["t_tg"] for one in found]

common.emit(
    "llama.cpp",
    options.dtype,
    options.batch * options.new,
    samples,
    decode_samples_s=decode_samples,
    decode_tokens=options.batch * options.new,
    versions={"llama.cpp": version} if version else None,
)
