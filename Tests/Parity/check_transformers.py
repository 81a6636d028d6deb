"""Does a model that Stepwise saved open in transformers, tokenizer and all, with the same log-probs?

    python check_transformers.py MODEL_DIR EXPECTED.json [--tolerance 1e-4]
    python check_transformers.py MODEL_DIR --stepwise .build/release/stepwise [--tolerance 1e-4]

EXPECTED.json holds {"input_ids": [[...], ...], "next_token_logprobs": [[...], ...]} as Stepwise computed them;
with --stepwise the ids are drawn here and `stepwise score` is asked. Fails (exit status 1) when transformers
reports missing, unexpected or mismatched keys, or when a log-prob differs by more than the tolerance. A tokenizer that is
there must open, too, encode and decode, and know the end of sequence of generation_config.json.
Needs torch and transformers. The tests of LanguageModelsTests and EndToEndTests run it where STEPWISE_PYTHON names such
a Python.
"""
import argparse, json, os, subprocess, sys, tempfile, warnings

os.environ.update(CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1")
warnings.filterwarnings("ignore")
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def from_stepwise(binary, model_dir, vocab):
    g = torch.Generator().manual_seed(1)
    ids = [torch.randint(0, vocab, (n,), generator=g).tolist() for n in (2, 17, 40, 64)]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.write("".join(json.dumps({"input_ids": row}) + "\n" for row in ids))
        f.flush()
        out = subprocess.run([binary, "score", "--model", model_dir, "--input", f.name, "--json"],
                             check=True, capture_output=True, text=True).stdout
    rows = [json.loads(line)["logprobs"] for line in out.splitlines() if line.strip()]
    return {"input_ids": ids, "next_token_logprobs": rows}


def tokenizer_complaints(directory, model):
    if not os.path.exists(os.path.join(directory, "tokenizer.json")):
        return {}
    tokenizer = AutoTokenizer.from_pretrained(directory)
    words = [w for w in tokenizer.get_vocab() if w.isalpha()][:20]
    text = " ".join(words)
    ids = tokenizer(text)["input_ids"]
    eos = model.generation_config.eos_token_id
    found = {}
    if len(tokenizer) > model.config.vocab_size:
        found["tokens"] = [len(tokenizer), model.config.vocab_size]
    if tokenizer.decode(ids) != text:
        found["text"] = [text, tokenizer.decode(ids)]
    if tokenizer.eos_token_id not in (eos if isinstance(eos, list) else [eos]):
        found["eos_token_id"] = [tokenizer.eos_token_id, eos]
    return found


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model")
    p.add_argument("expected", nargs="?")
    p.add_argument("--stepwise")
    p.add_argument("--tolerance", type=float, default=1e-4)
    a = p.parse_args()
    if bool(a.expected) == bool(a.stepwise):
        p.error("give either EXPECTED.json or --stepwise")
    model, info = AutoModelForCausalLM.from_pretrained(
        a.model, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    model.eval()
    complaints = {k: sorted(map(str, v)) for k, v in info.items() if v}
    complaints.update(tokenizer_complaints(a.model, model))
    expected = (json.load(open(a.expected)) if a.expected
                else from_stepwise(a.stepwise, a.model, model.config.vocab_size))
    worst = count = 0
    if len(expected["input_ids"]) != len(expected["next_token_logprobs"]):
        complaints["rows"] = [len(expected["input_ids"]), len(expected["next_token_logprobs"])]
    with torch.no_grad():
        for ids, theirs in zip(expected["input_ids"], expected["next_token_logprobs"]):
            row = torch.tensor(ids)
            lp = torch.log_softmax(model(input_ids=row[None]).logits[0].double(), -1)
            ours = lp[:-1].gather(-1, row[1:, None])[:, 0]
            if len(theirs) != len(ours):
                complaints["length"] = [len(ours), len(theirs)]
                continue
            delta = (ours - torch.tensor(theirs, dtype=torch.float64)).abs().max().item()
            worst, count = max(worst, delta if delta == delta else float("inf")), count + len(theirs)
    print(json.dumps({"model": type(model).__name__, "tokens": count, "max_delta": worst, "complaints": complaints}))
    return 1 if complaints or not count or worst > a.tolerance else 0


if __name__ == "__main__":
    sys.exit(main())
