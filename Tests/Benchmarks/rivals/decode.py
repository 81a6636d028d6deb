"""transformers' generate: sampling at temperature 1 after prompts of random tokens, nothing ends early, prefill included."""
import common

options = common.options(batch=64, prompt=128, new=128, dtype="fp32")

import torch
import transformers

torch.set_num_threads(options.threads)
torch.manual_seed(0)
model = transformers.AutoModelForCausalLM.from_pretrained(
    common.model_folder(options.model),
    attn_implementation="sdpa",
    dtype=torch.bfloat16 if options.dtype == "bf16" else torch.float32,
).eval()
model.generation_config.eos_token_id = None
prompts = torch.randint(2, model.config.vocab_size, (options.batch, options.prompt))
mask = torch.ones_like(prompts)


def generate(count):
    with torch.inference_mode():
        out = model.generate(
            prompts,
            attention_mask=mask,
            max_new_tokens=count,
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            use_cache=True,
            eos_token_id=None,
            pad_token_id=1,
        )
    assert out.shape[1] == options.prompt + count


generate(4)
first = common.median(common.seconds(lambda: generate(1)) for _ in range(max(2, options.repetitions)))
samples = [common.seconds(lambda: generate(options.new)) for _ in range(options.repetitions)]
common.emit(
    "transformers " + transformers.__version__,
    options.dtype,
    options.batch * options.new,
    samples,
    decode_samples_s=[sample - first for sample in samples],
    decode_tokens=options.batch * (options.new - 1),
    parameters=sum(p.numel() for p in model.parameters()),
    versions={"torch": torch.__version__, "transformers": transformers.__version__},
)
