"""Small random checkpoints and what transformers computes with them.

    python make_fixtures.py [NAME ...]     (writes beside itself, all or those named; needs torch and transformers 5)

Each model directory holds what `save_pretrained` wrote and expected.json:
  input_ids, next_token_logprobs   log p of every next token, float32 model, float64 log-softmax
  greedy                           prompts, a repetition penalty and the greedy continuation
The five cover: F16, BF16 and F32 weights; one file and several; tied and untied heads; QKV bias, QK norm,
attention and MLP bias; a head size of its own; llama3 frequencies; 5 query heads on 1 key head.
sampling.json: logits, sampling options and the
probabilities that transformers' logits processors leave, in the order in which generate() applies them.
"""
import json, os, shutil, sys, warnings

os.environ.update(CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1")
warnings.filterwarnings("ignore")
import torch
from transformers import (LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config,
                          Qwen3ForCausalLM)
from transformers.generation.logits_process import (
    LogitsProcessorList, MinPLogitsWarper, RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper,
    TopKLogitsWarper, TopPLogitsWarper)

torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
VOCAB = 48
COMMON = dict(vocab_size=VOCAB, max_position_embeddings=128, pad_token_id=0, eos_token_id=1,
              bos_token_id=None, attn_implementation="eager")
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32)
MODELS = {
    "qwen2-f16": (torch.float16, None, lambda: Qwen2ForCausalLM(Qwen2Config(
        hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=True, rope_theta=1e6, **COMMON))),
    "qwen3-bf16": (torch.bfloat16, None, lambda: Qwen3ForCausalLM(Qwen3Config(
        hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, tie_word_embeddings=False, rope_theta=1e6, **COMMON))),
    "llama-f32-sharded": (torch.float32, "32KB", lambda: LlamaForCausalLM(LlamaConfig(
        hidden_size=40, intermediate_size=56, num_hidden_layers=2, num_attention_heads=5,
        num_key_value_heads=1, tie_word_embeddings=False, rope_theta=1e4, rms_norm_eps=1e-5,
        rope_scaling=dict(LLAMA3), **COMMON))),
    "llama-bias-bf16": (torch.bfloat16, None, lambda: LlamaForCausalLM(LlamaConfig(
        hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3,
        num_key_value_heads=3, tie_word_embeddings=True, attention_bias=True, mlp_bias=True, **COMMON))),
    "llama-bf16-sharded": (torch.bfloat16, "8KB", lambda: LlamaForCausalLM(LlamaConfig(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, tie_word_embeddings=True, rope_theta=5e5, rms_norm_eps=1e-5,
        rope_scaling=dict(LLAMA3, factor=32.0), **COMMON))),
}


def build(make, dtype):
    torch.manual_seed(0)
    model = make()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() > 1:
                p.mul_(6.0)
            elif "norm" in name:
                p.add_(0.2 * torch.randn_like(p))
            else:
                p.copy_(0.1 * torch.randn_like(p))
            p.copy_(p.to(dtype).float())
    return model.float().eval()


def expected(model):
    g = torch.Generator().manual_seed(7)
    ids = [torch.randint(2, VOCAB, (n,), generator=g) for n in (2, 33, 19, 64)]
    rows = []
    with torch.no_grad():
        for row in ids:
            lp = torch.log_softmax(model(input_ids=row[None]).logits[0].double(), -1)
            rows.append(lp[:-1].gather(-1, row[1:, None])[:, 0].tolist())
    greedy = []
    eos, model.generation_config.eos_token_id = model.generation_config.eos_token_id, None
    for row, penalty in ((ids[1], 1.0), (ids[1], 1.4), (ids[2], 1.8), (ids[0], 1.6)):
        out = model.generate(row[None], attention_mask=torch.ones_like(row[None]), do_sample=False,
                             max_new_tokens=24, pad_token_id=0, eos_token_id=None, repetition_penalty=penalty)
        greedy.append({"prompt": row.tolist(), "repetition_penalty": penalty,
                       "completion": out[0, len(row):].tolist()})
    model.generation_config.eos_token_id = eos
    return {"input_ids": [r.tolist() for r in ids], "next_token_logprobs": rows, "greedy": greedy}


def sampling():
    g = torch.Generator().manual_seed(13)
    cases = []
    options = [{}, {"temperature": 0.7}, {"top_k": 5}, {"top_p": 0.8}, {"min_p": 0.1},
               {"repetition_penalty": 1.3}, {"temperature": 1.5, "top_k": 8, "top_p": 0.9},
               {"temperature": 0.6, "top_p": 0.5}, {"top_p": 0.0}, {"top_k": 100}, {"top_k": 1},
               {"min_p": 1.0}, {"temperature": 2.0, "top_p": 0.95, "min_p": 0.2},
               {"repetition_penalty": 1.8, "temperature": 0.9, "top_k": 10, "top_p": 0.7, "min_p": 0.05}]
    for tied in (False, True):
        for option in options:
            logits = 2.5 * torch.randn(1, 20, generator=g)
            if tied:  # equal logits: top_k keeps all that equal the k-th, min_p all that equal the best
                logits = (logits / 2).round() * 2
            if tied and "top_p" in option:
                continue  # which of several equal tokens top_p keeps is left to torch.sort
            context = torch.randint(0, 20, (1, 7), generator=g)
            chain = LogitsProcessorList()
            if "repetition_penalty" in option:
                chain.append(RepetitionPenaltyLogitsProcessor(option["repetition_penalty"]))
            if "temperature" in option:
                chain.append(TemperatureLogitsWarper(option["temperature"]))
            if "top_k" in option:
                chain.append(TopKLogitsWarper(option["top_k"]))
            if "top_p" in option:
                chain.append(TopPLogitsWarper(option["top_p"]))
            if "min_p" in option:
                chain.append(MinPLogitsWarper(option["min_p"]))
            scores = chain(context, logits.clone())
            cases.append({"logits": logits[0].tolist(), "context": context[0].tolist(), "options": option,
                          "probabilities": torch.softmax(scores.double(), -1)[0].tolist()})
    return cases


def main():
    chosen = sys.argv[1:] or list(MODELS)
    for name, (dtype, shard, make) in ((name, MODELS[name]) for name in chosen):
        out = os.path.join(HERE, name)
        shutil.rmtree(out, ignore_errors=True)
        model = build(make, dtype)
        # Before the conversion: .to(bfloat16) would round the rotary frequencies as well.
        values = expected(model)
        model.to(dtype).save_pretrained(out, **({"max_shard_size": shard} if shard else {}))
        with open(os.path.join(out, "expected.json"), "w") as f:
            json.dump(values, f)
    if len(sys.argv) > 1:
        return
    with open(os.path.join(HERE, "sampling.json"), "w") as f:
        json.dump(sampling(), f)


if __name__ == "__main__":
    main()
