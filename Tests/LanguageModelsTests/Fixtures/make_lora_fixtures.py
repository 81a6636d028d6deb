"""Adapters that PEFT made over the models of make_fixtures.py, and what torch computes with them.

    python make_lora_fixtures.py       (writes beside itself; needs torch, transformers 5 and peft)

Each adapter directory holds what `save_pretrained` wrote and
  expected.json           input_ids; next_token_logprobs with the adapter; loss: minus their mean; grad_norm
                          over all A and B
  gradients.safetensors   the gradient of each A and B, by PEFT's names
All of it is computed in float64 from float32 values. B is random, so that no gradient is zero.
"""
import json, math, os, shutil, warnings

os.environ.update(CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1")
warnings.filterwarnings("ignore")
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
ADAPTERS = {
    "lora-all-linear": ("qwen2-f16", dict(r=4, lora_alpha=6, target_modules="all-linear")),
    "rslora-llama": ("llama-f32-sharded", dict(r=8, lora_alpha=4, use_rslora=True,
                                               target_modules=["q_proj", "v_proj", "down_proj"])),
}


def expected(model):
    g = torch.Generator().manual_seed(3)
    ids = [torch.randint(2, model.config.vocab_size, (n,), generator=g) for n in (2, 21, 13, 40)]
    rows = []
    for row in ids:
        lp = torch.log_softmax(model(input_ids=row[None]).logits[0], -1)
        rows.append(lp[:-1].gather(-1, row[1:, None])[:, 0])
    loss = -torch.cat(rows).mean()
    loss.backward()
    gradients = {n.replace(".default", ""): p.grad for n, p in model.named_parameters() if p.requires_grad}
    norm = math.sqrt(sum((g ** 2).sum().item() for g in gradients.values()))
    return gradients, {"input_ids": [r.tolist() for r in ids], "next_token_logprobs": [r.tolist() for r in rows],
                       "loss": loss.item(), "grad_norm": norm}


def main():
    for name, (base, options) in ADAPTERS.items():
        torch.manual_seed(1)
        target = os.path.join(HERE, name)
        shutil.rmtree(target, ignore_errors=True)
        model = AutoModelForCausalLM.from_pretrained(os.path.join(HERE, base), dtype=torch.float32,
                                                     attn_implementation="eager")
        model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, **options))
        with torch.no_grad():
            for key, p in model.named_parameters():
                if "lora_B" in key:
                    p.copy_(0.3 * torch.randn_like(p))
        model.peft_config["default"].base_model_name_or_path = "../" + base
        model.save_pretrained(target)
        os.remove(os.path.join(target, "README.md"))
        gradients, answer = expected(model.double().eval())
        save_file({k: v.float().contiguous() for k, v in gradients.items()},
                  os.path.join(target, "gradients.safetensors"))
        with open(os.path.join(target, "expected.json"), "w") as f:
            json.dump(answer, f)
        print(name, answer["loss"], answer["grad_norm"], len(gradients))


if __name__ == "__main__":
    main()
