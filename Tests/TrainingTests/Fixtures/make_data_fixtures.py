"""Writes packing.json, conversations.json and the tokenizer chat/tokenizer.json: what TRL and transformers make of rows.

    python make_data_fixtures.py        (trl 1.16, transformers 5.23, tokenizers)
"""

import json
import os
import random

import pyarrow as pa
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast
from trl.data_utils import _pack_bfd
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

HERE = os.path.dirname(os.path.abspath(__file__))


def write(name, value):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


def packing():
    rng = random.Random(0)
    cases = []
    for capacity, count in [(8, 12), (16, 40), (64, 200), (100, 300), (512, 1000)]:
        lengths = [rng.randint(1, capacity) for _ in range(count)]
        # Many equal lengths, as real data cut at a limit have.
        lengths[::5] = [capacity] * len(lengths[::5])
        lengths[1::7] = [capacity // 3 + 1] * len(lengths[1::7])
        cases.append((capacity, lengths))
    cases.append((10, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]))
    cases.append((10, [5] * 7))
    out = []
    for capacity, lengths in cases:
        # Each row's tokens are its own index, so that the packed table says where it went.
        table = pa.table({"input_ids": [[row] * length for row, length in enumerate(lengths)]})
        packed = _pack_bfd(table, capacity)
        bins = []
        for ids, parts in zip(packed["input_ids"].to_pylist(), packed["seq_lengths"].to_pylist()):
            rows, start = [], 0
            for length in parts:
                rows.append(ids[start])
                start += length
            bins.append(rows)
        out.append({"capacity": capacity, "lengths": lengths, "bins": bins})
    # What the collator trains of packed rows: prompts are -100 already, and so becomes the first token of each row.
    rows = {"input_ids": [[5, 6, 7, 8], [9, 10], [11, 12, 13], [14]],
            "labels": [[-100, 6, 7, 8], [9, 10], [-100, -100, 13], [14]]}
    packed = _pack_bfd(pa.table(rows), 6).to_pylist()
    batch = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)(packed)
    collated = {name: batch[name].tolist() for name in ("input_ids", "labels", "position_ids")}
    write("packing.json", {"cases": out, "rows": rows, "packed": packed, "collated": collated})


TEMPLATE = (
    "{%- for message in messages -%}"
    "<|{{ message['role'] }}|>\n"
    "{%- if message['role'] == 'assistant' -%}"
    "{% generation %}{{ message['content'] }}<|end|>{% endgeneration %}"
    "{%- else -%}{{ message['content'] }}<|end|>{%- endif -%}"
    "{{ '\\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}<|assistant|>\n{%- endif -%}"
)


def conversations():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=["<pad>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    texts = ["The sum of two and three is five.", "Hello there, how are you today?", "Grüße aus Köln"]
    tokenizer.train_from_iterator(texts * 20, trainer)
    os.makedirs(os.path.join(HERE, "chat"), exist_ok=True)
    tokenizer.save(os.path.join(HERE, "chat", "tokenizer.json"))
    with open(os.path.join(HERE, "chat", "chat_template.jinja"), "w", encoding="utf-8") as file:
        file.write(TEMPLATE)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<pad>")
    with open(os.path.join(HERE, "chat", "tokenizer_config.json"), "w", encoding="utf-8") as file:
        json.dump({"eos_token": "<|end|>", "pad_token": "<pad>"}, file)
        file.write("\n")
    fast.chat_template = TEMPLATE

    def turn(role, content):
        return {"role": role, "content": content}

    rows = [
        [turn("user", "Hello"), turn("assistant", "Hello there")],
        [turn("system", "Be brief."), turn("user", "2 + 3?"), turn("assistant", "five")],
        [
            turn("user", "How are you?"), turn("assistant", "Fine, and you?"),
            turn("user", "Grüße aus Köln 🎈"), turn("assistant", "Grüße zurück, 日本 🎈!"),
        ],
        [
            turn("user", "a"), turn("assistant", " b "), turn("user", "c"),
            turn("assistant", "d\n\ne"), turn("user", "f"), turn("assistant", "g"),
        ],
    ]
    out = []
    for messages in rows:
        result = fast.apply_chat_template(
            messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )
        out.append(
            {
                "messages": messages,
                "text": fast.apply_chat_template(messages, tokenize=False),
                "input_ids": result["input_ids"],
                "assistant_masks": result["assistant_masks"],
            }
        )
    write("conversations.json", out)


if __name__ == "__main__":
    packing()
    conversations()
