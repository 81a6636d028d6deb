"""Does Stepwise compute what transformers and TRL compute, on a random checkpoint of the exact Qwen2.5-0.5B shape?

    python check_qwen_05b.py make FOLDER                        two checkpoints, FOLDER/f32 and FOLDER/bf16, in several files each
    python check_qwen_05b.py expect FOLDER                      what transformers and TRL compute: FOLDER/expected.json
    python check_qwen_05b.py check FOLDER --stepwise PROGRAM    the same from `stepwise score` and `stepwise objective`
    python check_qwen_05b.py all FOLDER --stepwise PROGRAM      all three, the first two where their results are absent

Compared are: log p of every next token of the F32 files (to 1e-4) and of the BF16 files (to 1e-3), both computed in
FP32; of the F32 files the loss and the gradient's norm, whole and by parameter, of one SFT step (torch) and one GRPO
step (TRL's own `_compute_loss` over two micro-batches, with noise on the old and the reference log-probs, so that
ratios, clipping and KL are at work), to 1e-3 of the value. Prints one JSON object; exit status 1 where something is off.
Needs torch, transformers, trl and datasets; 3 GB on disk, 9 GB of memory for `expect`, 6 GB for `check`.

`--tiny` makes the same in miniature: Tests/EndToEndTests/Fixtures/qwen-tiny is what `make` and `expect` with it wrote
(torch 2.13, transformers 5.23, TRL 1.16), and ParityTests checks it wherever the tests run.
"""
import argparse, json, math, os, resource, subprocess, sys, tempfile, time, warnings

os.environ.update(CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1", TRL_EXPERIMENTAL_SILENCE="1")
warnings.filterwarnings("ignore")

TEMPERATURE, BETA = 0.8, 0.05


def configuration(tiny):
    """config.json of Qwen/Qwen2.5-0.5B, or one with as many heads and all else small."""
    from transformers import Qwen2Config
    small = dict(vocab_size=96, hidden_size=28, intermediate_size=40, num_hidden_layers=2, max_position_embeddings=256,
                 bos_token_id=1, eos_token_id=1, pad_token_id=0)
    full = dict(vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24,
                max_position_embeddings=32768, bos_token_id=151643, eos_token_id=151643)
    return Qwen2Config(
        num_attention_heads=14, num_key_value_heads=2, hidden_act="silu", initializer_range=0.02, rms_norm_eps=1e-6,
        tie_word_embeddings=True, rope_theta=1e6, use_sliding_window=False, attention_dropout=0.0,
        **(small if tiny else full))


def make(folder, tiny):
    import torch
    from transformers import Qwen2ForCausalLM
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(configuration(tiny))
    with torch.no_grad():
        for name, p in model.named_parameters():
            # A fresh model predicts nearly the same for every token; wider matrices make it decided.
            if p.dim() > 1:
                p.mul_(8.0 if tiny else 2.0)
            elif "norm" in name:
                p.add_(0.2 * torch.randn_like(p))
            else:
                p.copy_(0.1 * torch.randn_like(p))
    model.save_pretrained(os.path.join(folder, "f32"), max_shard_size="20KB" if tiny else "800MB")
    model.to(torch.bfloat16).save_pretrained(os.path.join(folder, "bf16"), max_shard_size="10KB" if tiny else "400MB")


def load(folder, kind):
    import torch
    from transformers import AutoModelForCausalLM
    model, info = AutoModelForCausalLM.from_pretrained(
        os.path.join(folder, kind), dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    assert not any(info.values()), info
    return model


def norms(model):
    each = {n: float(p.grad.double().norm()) for n, p in model.named_parameters() if p.grad is not None}
    return {"global": math.sqrt(sum(v * v for v in each.values())), "per_parameter": each}


def drawn(vocabulary, lengths, seed):
    import torch
    g = torch.Generator().manual_seed(seed)
    return [torch.randint(0, vocabulary, (n,), generator=g).tolist() for n in lengths]


def log_probs(model):
    import torch
    rows, ids = [], drawn(model.config.vocab_size, (2, 17, 64, 120), 1)
    with torch.no_grad():
        for row in ids:
            row = torch.tensor(row)
            lp = torch.log_softmax(model(input_ids=row[None]).logits[0].double(), -1)
            rows.append(lp[:-1].gather(-1, row[1:, None])[:, 0].tolist())
    return {"input_ids": ids, "next_token_logprobs": rows}


def sft(model):
    import torch
    vocabulary = model.config.vocab_size
    prompts, completions = drawn(vocabulary, (12, 5, 30), 2), drawn(vocabulary, (20, 33, 8), 3)
    total, loss = sum(map(len, completions)), 0.0
    model.zero_grad()
    for p, c in zip(prompts, completions):
        ids = torch.tensor([p + c])
        lp = torch.log_softmax(model(input_ids=ids).logits[0, len(p) - 1:-1], -1)
        part = -lp.gather(-1, ids[0, len(p):, None]).sum() / total
        part.backward()
        loss += float(part)
    rows = [{"prompt_ids": p, "completion_ids": c} for p, c in zip(prompts, completions)]
    return {"batch": {"rows": rows}, "loss": loss, "grad_norm": norms(model)}


def grpo(folder):
    import torch
    from datasets import Dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast
    from trl import GRPOConfig, GRPOTrainer

    words = ["<pad>", "<eos>", "<unk>"] + [f"w{i}" for i in range(61)]
    inner = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token="<eos>",
                                        unk_token="<unk>", padding_side="left")
    settings = dict(per_device_train_batch_size=4, num_generations=4, gradient_accumulation_steps=2,
                    max_completion_length=12, temperature=TEMPERATURE, loss_type="dapo", max_grad_norm=0.0)
    micro = []

    class Recorder(GRPOTrainer):
        def _compute_loss(self, model, inputs):
            ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1)
            mask = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], 1)
            n = inputs["completion_ids"].size(1)
            with torch.no_grad():
                logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1][:, -n:] / TEMPERATURE
                now = torch.log_softmax(logits, -1).gather(-1, inputs["completion_ids"][..., None])[..., 0]
            g = torch.Generator().manual_seed(17 + len(micro))
            inputs = dict(inputs, old_per_token_logps=now + 0.3 * torch.randn(now.shape, generator=g),
                          ref_per_token_logps=now + 0.2 * torch.randn(now.shape, generator=g))
            # Only here: from the start, TRL would load a reference model for it.
            self.beta = BETA
            loss = super()._compute_loss(model, inputs)
            self.beta = 0.0
            row = {k: inputs[k].tolist() for k in (
                "prompt_ids", "prompt_mask", "completion_ids", "completion_mask", "advantages",
                "old_per_token_logps", "ref_per_token_logps")}
            row["num_items_in_batch"] = float(inputs["num_items_in_batch"])
            row["accumulation_steps"] = self.current_gradient_accumulation_steps
            micro.append(dict(row=row, loss=float(loss)))
            return loss

        def training_step(self, *a, **k):
            out = super().training_step(*a, **k)
            micro[-1]["grad_norm"] = norms(self.model)
            return out

    model = load(folder, "f32")
    model.zero_grad()
    rows = [{"prompt": " ".join(f"w{(7 * i + j) % 61}" for j in range(3 + i % 4))} for i in range(8)]
    with tempfile.TemporaryDirectory() as output:
        trainer = Recorder(
            model=model, processing_class=tokenizer, train_dataset=Dataset.from_list(rows),
            reward_funcs=[lambda completion_ids, **_: [sum(t % 3 == 0 for t in c) / 4 for c in completion_ids]],
            args=GRPOConfig(output_dir=output, learning_rate=0.0, max_steps=1, use_cpu=True, bf16=False, beta=0.0,
                            gradient_checkpointing=False, report_to="none", save_strategy="no", disable_tqdm=True,
                            seed=3, **settings),
            optimizers=(torch.optim.SGD(model.parameters(), lr=0.0), None))
        trainer.train()
    return {"batch": {"config": dict(settings, beta=BETA), "micro_batches": [m["row"] for m in micro]},
            "loss": sum(m["loss"] for m in micro), "grad_norm": micro[-1]["grad_norm"]}


def expect(folder):
    model = load(folder, "bf16")
    values = {"bf16": log_probs(model)}
    del model
    model = load(folder, "f32")
    values["f32"] = log_probs(model)
    values["sft"] = sft(model)
    del model
    values["grpo"] = grpo(folder)
    with open(os.path.join(folder, "expected.json"), "w") as f:
        json.dump(values, f)


def stepwise(program, *arguments, text):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        f.write(text)
        f.flush()
        start = time.monotonic()
        done = subprocess.run([program, *(f.name if a is None else a for a in arguments)],
                              capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout, time.monotonic() - start


def check(folder, program):
    expected = json.load(open(os.path.join(folder, "expected.json")))
    report, passed = {}, True
    for kind, tolerance in (("f32", 1e-4), ("bf16", 1e-3)):
        lines = "".join(json.dumps({"input_ids": row}) + "\n" for row in expected[kind]["input_ids"])
        out, seconds = stepwise(program, "score", "--model", os.path.join(folder, kind), "--input", None, "--json",
                                text=lines)
        ours = [json.loads(line)["logprobs"] for line in out.splitlines()]
        theirs = expected[kind]["next_token_logprobs"]
        assert [len(r) for r in ours] == [len(r) for r in theirs], "rows of other lengths"
        # A value that is not finite comes as null: no number, so never within the tolerance.
        deltas = [abs(a - b) if a is not None else math.inf for x, y in zip(ours, theirs) for a, b in zip(x, y)]
        report[f"log-probs {kind}"] = {"tokens": len(deltas), "largest": max(deltas), "tolerance": tolerance,
                                       "seconds": round(seconds, 1)}
        passed &= max(deltas) <= tolerance
    for step in ("sft", "grpo"):
        want = expected[step]
        out, seconds = stepwise(program, "objective", "--model", os.path.join(folder, "f32"), "--batch", None,
                                "--json", text=json.dumps(want["batch"]))
        got = json.loads(out)
        names = want["grad_norm"]["per_parameter"]
        assert set(got["grad_norm"]["per_parameter"]) == set(names), "other parameters"
        floor = 1e-6 * want["grad_norm"]["global"]  # of a norm that is zero but for rounding, as a key's bias has
        each = max(abs(got["grad_norm"]["per_parameter"][n] - v) / max(v, floor) for n, v in names.items())
        loss = abs(got["loss"] - want["loss"]) / abs(want["loss"])
        norm = abs(got["grad_norm"]["global"] - want["grad_norm"]["global"]) / want["grad_norm"]["global"]
        report[step] = {"loss": want["loss"], "loss is off by": loss, "norm": want["grad_norm"]["global"],
                        "norm is off by": norm, "a parameter's norm is off by": each, "seconds": round(seconds, 1)}
        passed &= max(loss, norm, each) <= 1e-3
    report["peak memory, GB"] = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9, 2)
    report["passed"] = passed
    print(json.dumps(report, indent=1))
    return 0 if passed else 1


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=("make", "expect", "check", "all"))
    p.add_argument("folder")
    p.add_argument("--stepwise")
    p.add_argument("--tiny", action="store_true")
    a = p.parse_args()
    if a.what in ("check", "all") and not a.stepwise:
        p.error("--stepwise names the program")
    if a.what == "make" or a.what == "all" and not os.path.exists(os.path.join(a.folder, "bf16", "config.json")):
        make(a.folder, a.tiny)
    if a.what == "expect":
        expect(a.folder)
    elif a.what == "all" and not os.path.exists(os.path.join(a.folder, "expected.json")):
        # A process of its own gives its memory back.
        subprocess.run([sys.executable, __file__, "expect", a.folder], check=True, stdout=sys.stderr)
    return check(a.folder, a.stepwise) if a.what in ("check", "all") else 0


if __name__ == "__main__":
    sys.exit(main())
