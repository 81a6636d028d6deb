"""Steps of TRL's GRPOTrainer: --prompts prompts of about --prompt tokens, --group completions of --new tokens each, a trivial
reward, beta above 0 so that a reference model is asked. Phases are taken by wrapping the trainer's own methods."""
import contextlib
import io
import os
import tempfile
import time
import warnings

import common

options = common.options(prompts=4, group=8, prompt=100, new=128, beta=0.04, bf16=False)
warnings.filterwarnings("ignore")

import torch
import transformers
import trl
from datasets import Dataset

torch.set_num_threads(options.threads)
folder = common.model_folder(options.model)
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
with open(os.__file__) as source:
    ids = tokenizer(source.read())["input_ids"]
length = options.prompt
rows = [tokenizer.decode(ids[i * length : (i + 1) * length]) for i in range(min(64, len(ids) // length))]


def reward(completions, **_):
    return [sum(c.isalpha() for c in text) / max(1, len(text)) for text in completions]


spent, steps = {}, []


class Clock(transformers.TrainerCallback):
    def on_step_begin(self, *_, **__):
        spent.clear()
        self.start = time.perf_counter()

    def on_step_end(self, *_, **__):
        steps.append(dict(spent, step=time.perf_counter() - self.start))


def timed(trainer, name, key):
    method = getattr(trainer, name)

    def call(*arguments, **named):
        start = time.perf_counter()
        try:
            return method(*arguments, **named)
        finally:
            spent[key] = spent.get(key, 0) + time.perf_counter() - start

    setattr(trainer, name, call)


size = options.prompts * options.group
with tempfile.TemporaryDirectory() as output, contextlib.redirect_stdout(io.StringIO()):
    trainer = trl.GRPOTrainer(
        model=transformers.AutoModelForCausalLM.from_pretrained(
            folder, attn_implementation="sdpa", dtype=torch.float32
        ),
        reward_funcs=reward,
        args=trl.GRPOConfig(
            output_dir=output,
            per_device_train_batch_size=size,
            num_generations=options.group,
            gradient_accumulation_steps=1,
            max_completion_length=options.new,
            beta=options.beta,
            max_steps=options.repetitions + 1,
            learning_rate=1e-5,
            logging_steps=1,
            report_to="none",
            save_strategy="no",
            use_cpu=True,
            bf16=options.bf16,
            gradient_checkpointing=False,
            temperature=1.0,
            generation_kwargs={"min_new_tokens": options.new},
            disable_tqdm=True,
            dataloader_pin_memory=False,
        ),
        train_dataset=Dataset.from_dict({"prompt": rows}),
        processing_class=tokenizer,
        callbacks=[Clock()],
    )
    timed(trainer, "_generate", "generate")
    timed(trainer, "_generate_and_score_completions", "rollouts")
    trainer.train()

rest = steps[1:]
common.emit(
    "TRL " + trl.__version__,
    "bf16" if options.bf16 else "fp32",
    size * options.new,
    [one["step"] for one in rest],
    phases={
        "generate": [one["generate"] for one in rest],
        "reference": [one["rollouts"] - one["generate"] for one in rest],
        "update": [one["step"] - one["rollouts"] for one in rest],
    },
    parameters=sum(p.numel() for p in trainer.model.parameters()),
    versions={
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "trl": trl.__version__,
    },
)
