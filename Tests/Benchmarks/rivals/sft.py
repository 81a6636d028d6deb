"""One SFT step of PyTorch and transformers: forward, backward, fused AdamW.

fp32: with MKL unlocked (see README.md) the strongest FP32. amp: autocast to BF16 over FP32 weights. bf16: weights, gradients
and moments in BF16."""
import common

options = common.options(batch=32, sequence=256, dtype="fp32", compile=False)

import torch
import transformers

torch.set_num_threads(options.threads)
torch.manual_seed(0)
model = transformers.AutoModelForCausalLM.from_pretrained(
    common.model_folder(options.model),
    attn_implementation="sdpa",
    dtype=torch.bfloat16 if options.dtype == "bf16" else torch.float32,
)
model.train()
model.config.use_cache = False
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
run = torch.compile(model) if options.compile else model
tokens = torch.randint(2, model.config.vocab_size, (options.batch, options.sequence))


def step():
    with torch.autocast("cpu", torch.bfloat16, enabled=options.dtype == "amp"):
        loss = run(input_ids=tokens, labels=tokens).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


step()
step()
common.emit(
    "PyTorch " + torch.__version__,
    options.dtype + (", compiled" if options.compile else ""),
    options.batch * options.sequence,
    [common.seconds(step) for _ in range(options.repetitions)],
    parameters=sum(p.numel() for p in model.parameters()),
    versions={"torch": torch.__version__, "transformers": transformers.__version__},
)
