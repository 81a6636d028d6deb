"""Writes the models of the race with random weights, each with a byte-level BPE tokenizer trained on Python's own library:
TINY (3.1 M parameters), SMALL (27.8 M) and Q05 (the shape of Qwen2.5-0.5B), in FP32 and in BF16. Run once; prints their sizes."""
import glob
import json
import os

import common
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

SHAPES = {
    "TINY": dict(hidden_size=256, num_hidden_layers=4, num_attention_heads=8, num_key_value_heads=4,
                 intermediate_size=704, vocab_size=512, max_position_embeddings=2048),
    "SMALL": dict(hidden_size=512, num_hidden_layers=8, num_attention_heads=8, num_key_value_heads=4,
                  intermediate_size=1408, vocab_size=8192, max_position_embeddings=2048),
    "Q05": dict(hidden_size=896, num_hidden_layers=24, num_attention_heads=14, num_key_value_heads=2,
                intermediate_size=4864, vocab_size=151936, max_position_embeddings=32768, rope_theta=1e6),
}

torch.manual_seed(0)
sizes = {}
for name, shape in SHAPES.items():
    folder = common.model_folder(name)
    model = Qwen2ForCausalLM(
        Qwen2Config(dtype="float32", tie_word_embeddings=True, rms_norm_eps=1e-6, eos_token_id=0,
                    bos_token_id=0, pad_token_id=1, **shape)
    ).float()
    model.generation_config.pad_token_id = 1
    model.save_pretrained(folder)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train(
        sorted(glob.glob(os.path.dirname(os.__file__) + "/*.py")),
        trainers.BpeTrainer(
            vocab_size=min(shape["vocab_size"], 8192),
            special_tokens=["<|endoftext|>", "<|pad|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", pad_token="<|pad|>"
    ).save_pretrained(folder)
    # For programs that only generate: llama.cpp has a BF16 file too.
    model.bfloat16().save_pretrained(folder + "-bf16")
    sizes[name] = sum(p.numel() for p in model.parameters())
print(json.dumps(sizes))
