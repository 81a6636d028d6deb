"""Does an adapter that Stepwise saved open in PEFT, with the same log-probs?

    python check_peft.py ADAPTER_DIR EXPECTED.json [--model BASE_DIR] [--merged DIR] [--tolerance 1e-5]

EXPECTED.json is that of check_transformers.py, as Stepwise computed it with the adapter. The base is the one
that adapter_config.json names unless --model does. Every A and B must be taken from the file, and no other.
With --merged the model that `stepwise export --merge` wrote is asked as well: it must be what PEFT's
merge_and_unload gives, to 1e-6. Fails (exit status 1) where a log-prob differs by more than the tolerance.
Needs torch, transformers and peft.
"""
import argparse, json, os, sys, warnings

os.environ.update(CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1")
warnings.filterwarnings("ignore")
import torch
from peft import PeftConfig, PeftModel
from safetensors import safe_open
from transformers import AutoModelForCausalLM


def log_probs(model, ids):
    row = torch.tensor(ids)
    with torch.no_grad():
        lp = torch.log_softmax(model(input_ids=row[None]).logits[0].double(), -1)
    return lp[:-1].gather(-1, row[1:, None])[:, 0]


def difference(model, expected):
    worst = 0.0
    for ids, theirs in zip(expected["input_ids"], expected["next_token_logprobs"], strict=True):
        delta = (log_probs(model, ids) - torch.tensor(theirs, dtype=torch.float64)).abs().max().item()
        worst = max(worst, delta if delta == delta else float("inf"))
    return worst


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("adapter")
    p.add_argument("expected")
    p.add_argument("--model")
    p.add_argument("--merged")
    p.add_argument("--tolerance", type=float, default=1e-5)
    a = p.parse_args()
    options = dict(dtype=torch.float32, attn_implementation="eager")
    base = a.model or PeftConfig.from_pretrained(a.adapter).base_model_name_or_path
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, **options), a.adapter).eval()
    answer = {"peft_type": model.peft_config["default"].peft_type.value, "complaints": []}
    with safe_open(os.path.join(a.adapter, "adapter_model.safetensors"), "pt") as f:
        stored = {k: f.get_tensor(k) for k in f.keys()}
    loaded = {n.replace(".default", ""): p for n, p in model.named_parameters() if "lora_" in n}
    for name in sorted(stored.keys() | loaded.keys()):
        if name not in stored or name not in loaded or not torch.equal(stored[name], loaded[name]):
            answer["complaints"].append(name)
    expected = json.load(open(a.expected))
    answer["tokens"] = sum(map(len, expected["next_token_logprobs"]))
    answer["max_delta"] = difference(model, expected)
    if a.merged:
        merged, info = AutoModelForCausalLM.from_pretrained(a.merged, output_loading_info=True, **options)
        answer["complaints"] += sorted(str(k) for k, v in info.items() if v)
        answer["merged_max_delta"] = difference(merged.eval(), expected)
        theirs = dict(model.merge_and_unload().named_parameters())
        answer["merged_weights_max_delta"] = max(
            (p - theirs[n]).abs().max().item() for n, p in merged.named_parameters())
        if answer["merged_max_delta"] > a.tolerance or answer["merged_weights_max_delta"] > 1e-6:
            answer["complaints"].append("merged")
    print(json.dumps(answer))
    return 1 if answer["complaints"] or not answer["tokens"] or answer["max_delta"] > a.tolerance else 0


if __name__ == "__main__":
    sys.exit(main())
