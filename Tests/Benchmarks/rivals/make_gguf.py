"""Writes the models as GGUF files for llama.cpp: llama/MODEL-f32.gguf and -bf16.gguf. Needs the gguf package beside torch and
safetensors. The files hold no tokenizer: the benchmarks feed ids."""
import json
import os

import common
import gguf
import numpy
import torch
from safetensors.torch import load_file

LAYER = {
    "input_layernorm.weight": "attn_norm.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
OTHER = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}


def gguf_name(name):
    if name in OTHER:
        return OTHER[name]
    _, _, layer, rest = name.split(".", 3)
    for ours, theirs in LAYER.items():
        if rest.startswith(ours):
            return f"blk.{layer}.{rest.replace(ours, theirs)}"
    raise KeyError(name)


def write(model, precision):
    folder = common.model_folder(model)
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    rope = config.get("rope_theta") or config["rope_parameters"]["rope_theta"]
    writer = gguf.GGUFWriter(os.path.join(common.FOLDER, "llama", f"{model}-{precision}.gguf"), "qwen2")
    writer.add_name(model)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(rope)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("none")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16 if precision == "bf16" else gguf.LlamaFileType.ALL_F32)
    for name, tensor in load_file(os.path.join(folder, "model.safetensors")).items():
        if name == "lm_head.weight":
            continue
        values = tensor.float()
        if precision == "bf16" and values.ndim > 1:
            bits = values.to(torch.bfloat16).view(torch.int16).numpy().view(numpy.uint8)
            writer.add_tensor(gguf_name(name), bits, raw_dtype=gguf.GGMLQuantizationType.BF16)
        else:
            writer.add_tensor(gguf_name(name), values.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


os.makedirs(os.path.join(common.FOLDER, "llama"), exist_ok=True)
for model in ("TINY", "SMALL", "Q05"):
    for precision in ("f32", "bf16"):
        write(model, precision)
        print(model, precision)
