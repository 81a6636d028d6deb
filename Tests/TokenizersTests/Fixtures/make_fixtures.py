"""Writes tokenizers.json, pipelines.json and templates.json beside itself.

Run: python make_fixtures.py    (tokenizers 0.23.3, transformers 5.23.0, jinja2 3.1.6)

Small tokenizers of every kind that the package reads, with what the `tokenizers` library makes of
texts that are chosen to be awkward; small templates with what Jinja in transformers' settings
makes of them. The same script with the same versions writes the same bytes.
"""
import json
import pathlib
import random

import tokenizers
import other_models
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers.utils.chat_template_utils import _compile_jinja_template

HERE = pathlib.Path(__file__).parent
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA = QWEN.replace(r"\p{N}| ?", r"\p{N}{1,3}| ?")
MARKS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")

CORPUS = """
Emma says Liam is a knight. Liam says: "Emma isn't a knight, they're all knaves!" We'll see; I'd say it's 12345 to 67.
Janet's ducks lay 16 eggs per day, she eats three for breakfast every morning and bakes muffins with four. #### 18
def add(a, b):\n    return a + b  # the sum\n\nfor i in range(10):\n\tprint(add(i, i ** 2))
Der Rücken, die Brücke, naïve café; Καλημέρα κόσμε; привет мир; 你好，世界。こんにちは 世界 🙂🙂 <think> 2 + 2 = 4 </think>
""" * 3

TEXTS = [
    "", " ", "  ", "\n", "a", "Hello world", " hello", "hello ", "  two  blanks  ", "\tTab\tbed ",
    "line\nbreak\r\nwindows\n\n\nthree", "  \n  \n x", "x  \n", "\r\r\n", "don't DON'T 'tis 'LLAMA we'Ve I'\u017f",
    "it's 12345 and 3.14159, 1,000", "a1b2c3", "\u0663\u0664\u0665 \u00bd \u2167", "foo_bar-baz.qux(1)[2]{3}",
    "!!!??? ... ---", "!!\n\nx", " !x", "e\u0301 \u00e9 a\u0323\u0307 a\u0307\u0323 \u1e69", "\u0301start", "x\u0301\u0301",
    "\u1100\u1161\u11a8 \uac01 \uac00\u11a8", "\u212b \u2126 \u0340 \u0958", "ﬁne ﷺ ㎏ ² ⅓ ｶﾞ Ⅷ ½ ﬃ", "a ,b do not won n't 's . !", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05b9\u05dc\u05dd",
    "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "你好，世界", "日本語テキスト", "🙂", "👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈",
    "\u00a0nbsp\u00a0x", "\u2003em\u2028sep\u0085nel\u180e\u200b\ufeff", "\u0000\u0001\u001f\u007f", "<s>hi</s>", "a <s> b", "<s><s>",
    "<|end|>", "x<|end|>y", " <|end|> ", "<think>\n2+2\n</think>\n", "<tool>", "xTOKx TOK TOK. tok", "left   <l>right", "r<r>   right",
    "word<w>word <w> word", "\u0301<|end|>\u0301e", "e<|end|>\u0301", "İstanbul ſ ẞ ΑΣ Σ", "▁under ▁▁ score", "<0x41><0xZZ>", "\U0001d7d8 \U00011935\U00011930",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "knightknightknightknavesknightbreakfastmorningmuffinsknightknightisn'tknight" * 3,
]


def fuzz(count):
    r = random.Random(7)
    alphabet = list("aes nkt'  \n\r\t0129.!<>|_-É") + [
        "\u0301", "\u0323", "é", "ß", "и", "世", "🙂", "\u00a0", "\u2028", "<s>", "</s>", "<|end|>", "<think>", "▁", "'ll", "'S",
        "knight", " is", "TOK", "<w>", "<l>", "<r>", "\u0345", "\u1161", "\u1100", "\uac00", "\u0bc6", "\u0bbe", "\u09c7", "\u09be"]
    return ["".join(r.choice(alphabet) for _ in range(r.randint(1, 24))) for _ in range(count)]


TEXTS += fuzz(50)


def added(token_id, content, **changes):
    return dict(id=token_id, content=content, single_word=False, lstrip=False, rstrip=False,
                normalized=False, special=True) | changes


def with_added(data, tokens):
    size = len(data["model"]["vocab"])
    known = data["model"]["vocab"]
    for content, changes in tokens:
        token_id = known.get(content, size)
        size += content not in known
        data["added_tokens"] = [t for t in data["added_tokens"] if t["content"] != content]
        data["added_tokens"].append(added(token_id, content, **changes))
    return data


VARIANTS = [
    ("<|end|>", {}), ("<think>", dict(special=False)), ("</think>", dict(special=False)), ("TOK", dict(single_word=True, special=False)),
    ("<l>", dict(lstrip=True)), ("<r>", dict(rstrip=True)), ("<w>", dict(lstrip=True, rstrip=True, special=False)),
    ("<tool>", dict(normalized=True, special=False)), ("<tool", dict(special=False))]


def train(words, alphabet, size, prefix="", suffix=""):
    """Byte-pair encoding with ties broken by the tokens: the library's trainer varies from run to run."""
    split = {}
    for word in words:
        marked = [(prefix if i else "") + c for i, c in enumerate(word)]
        marked[-1] += suffix
        split[tuple(marked)] = split.get(tuple(marked), 0) + 1
    vocab = list(dict.fromkeys([*alphabet, *sorted({s for word in split for s in word})]))
    merges = []
    while len(vocab) < size:
        pairs = {}
        for word, count in split.items():
            for pair in zip(word, word[1:]):
                pairs[pair] = pairs.get(pair, 0) + count
        if not pairs or max(pairs.values()) < 2:
            break
        pair = min(pairs, key=lambda p: (-pairs[p], p))
        product = pair[0] + pair[1].removeprefix(prefix)
        merges.append(list(pair))
        if product not in vocab:
            vocab.append(product)
        merged = {}
        for word, count in split.items():
            out, i = [], 0
            while i < len(word):
                if word[i:i + 2] == pair:
                    out.append(product)
                    i += 2
                else:
                    out.append(word[i])
                    i += 1
            merged[tuple(out)] = merged.get(tuple(out), 0) + count
        split = merged
    return {token: i for i, token in enumerate(vocab)}, merges


def words_of(t, text):
    normal = t.normalizer.normalize_str(text) if t.normalizer else text
    if not t.pre_tokenizer:
        return normal.split("\n")
    return [w for w, _ in t.pre_tokenizer.pre_tokenize_str(normal)]


def with_model(t, alphabet, size, texts=(CORPUS,), **settings):
    words = [w for text in texts for w in words_of(t, text) if w]
    affixes = settings.get("continuing_subword_prefix") or "", settings.get("end_of_word_suffix") or ""
    vocab, merges = train(words, alphabet, size, *affixes)
    data = json.loads(t.to_str())
    data["model"] |= dict(settings, vocab=vocab, merges=merges)
    return data


def byte_level(pattern, normalizer, size=420, cuts=False):
    t = Tokenizer(models.BPE())
    t.normalizer = normalizer
    steps = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=cuts)]
    if pattern:
        steps.insert(0, pre_tokenizers.Split(tokenizers.Regex(pattern), "isolated"))
    t.pre_tokenizer = steps[0] if len(steps) == 1 else pre_tokenizers.Sequence(steps)
    t.decoder = decoders.ByteLevel()
    return with_model(t, sorted(pre_tokenizers.ByteLevel.alphabet()), size)


def sentence_piece(normalizer, pre_tokenizer, decoder, fallback=True, crossing=False):
    t = Tokenizer(models.BPE())
    t.normalizer, t.decoder = normalizer, decoder
    if pre_tokenizer:
        t.pre_tokenizer = pre_tokenizer
    specials = ["<unk>", "<s>", "</s>"]
    # Some characters of the corpus stay unknown.
    alphabet = [*specials, *([f"<0x{b:02X}>" for b in range(256)] if fallback else [])]
    lines = ["".join(c for c in line if ord(c) < 0x400 or c == "\u2581") for line in CORPUS.split("\n")]
    if not crossing and not pre_tokenizer:
        # As SentencePiece trains: no token has a marker after another character.
        lines = [w for line in lines for w in line.split(" ")]
    data = with_model(t, alphabet, len(alphabet) + 220, lines, unk_token="<unk>", fuse_unk=True, byte_fallback=fallback)
    data["added_tokens"] = [added(i, s) for i, s in enumerate(specials)]
    return data


def template(before, after=()):
    item = lambda x: {"Sequence": {"id": "A", "type_id": 0}} if x == "A" else {"SpecialToken": {"id": x[0], "type_id": 0}}
    return {"type": "TemplateProcessing", "single": [item(x) for x in [*before, "A", *after]], "pair": [item("A"), {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {n: {"id": n, "ids": [i], "tokens": [n]} for n, i in [*before, *after]}}


def files():
    result = {}
    result["qwen"] = with_added(byte_level(QWEN, normalizers.NFC()), VARIANTS)

    gpt2 = with_added(byte_level(None, None, cuts=True), [("<|end|>", dict(normalized=True))])
    gpt2["model"]["merges"] = [" ".join(m) for m in gpt2["model"]["merges"]]
    for key in ("type", "byte_fallback", "ignore_merges"):
        del gpt2["model"][key]
    del gpt2["pre_tokenizer"]["use_regex"]
    result["gpt2"] = gpt2

    llama3 = with_added(byte_level(LLAMA, None), [("<s>", {}), ("<|end|>", {})])
    model = llama3["model"]
    model["ignore_merges"] = True
    last = max(model["vocab"].values())
    # A whole word that no merges reach, so that ignore_merges shows.
    for token in llama3["added_tokens"]:
        token["id"] += 1
    model["vocab"]["Ġmuffinsx"] = last + 1
    bos = llama3["added_tokens"][0]["id"]
    llama3["post_processor"] = {"type": "Sequence", "processors": [
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}, template([("<s>", bos)])]}
    result["llama3"] = llama3

    result["marks"] = with_added(byte_level(MARKS, normalizers.NFC(), size=300), [("<|end|>", {})])

    # Not all bytes have a token: the model must work on stand-in characters and drop the others.
    sparse = with_added(byte_level(QWEN, None, size=300), [])
    for b in (0xE0, 0xE1, 0xF4):
        char = next(c for c in sparse["model"]["vocab"] if len(c) == 1 and c == chr(b))
        sparse["model"]["vocab"]["unused" + char] = sparse["model"]["vocab"].pop(char)
    sparse["model"]["merges"] = [m for m in sparse["model"]["merges"] if not set("".join(m)) & {chr(b) for b in (0xE0, 0xE1, 0xF4)}]
    sparse["added_tokens"] = []
    result["sparse"] = sparse

    chain = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    prepend = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    mistral = sentence_piece(prepend, None, chain)
    mistral["post_processor"] = template([("<s>", 1)], [("</s>", 2)])
    result["mistral"] = mistral
    # Tokens that reach over a marker.
    llama2 = sentence_piece(prepend, None, chain, crossing=True)
    llama2["post_processor"] = mistral["post_processor"]
    for token in llama2["added_tokens"]:
        token["normalized"] = True
    result["llama2"] = llama2

    meta = pre_tokenizers.Metaspace("▁", prepend_scheme="first", split=True)
    result["metaspace"] = sentence_piece(None, meta, decoders.Metaspace("▁", prepend_scheme="first", split=True))
    result["unknown"] = sentence_piece(
        normalizers.Lowercase(), pre_tokenizers.Metaspace("▁", prepend_scheme="always", split=False),
        decoders.Sequence([decoders.Metaspace("▁", prepend_scheme="always", split=False)]), fallback=False)

    prefix = Tokenizer(models.BPE())
    prefix.pre_tokenizer = pre_tokenizers.Whitespace()
    data = with_model(prefix, ["[UNK]", "[CLS]", "[SEP]"], 300, [CORPUS.split("привет")[0]],
                      unk_token="[UNK]", continuing_subword_prefix="##", end_of_word_suffix="</w>")
    data["added_tokens"] = [added(i, s) for i, s in enumerate(["[UNK]", "[CLS]", "[SEP]"])]
    data["post_processor"] = {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]}
    result["prefix"] = data

    words = {w: i for i, w in enumerate(["<pad>", "<eos>", "<unk>", "Hello", "world", "a", "b", "hello", "it's", "!!", "x", "é"])}
    result["words"] = dict(
        version="1.0", truncation=None, padding=None, normalizer=None, post_processor=None, decoder=None,
        added_tokens=[added(0, "<pad>"), added(1, "<eos>"), added(2, "<unk>"), added(12, "<s>", normalized=True, special=False)],
        pre_tokenizer={"type": "WhitespaceSplit"}, model=dict(type="WordLevel", vocab=words, unk_token="<unk>"))

    # CLIP's form: the end of a word is marked, and the decoder makes blanks of the marks.
    suffix = Tokenizer(models.BPE())
    suffix.pre_tokenizer = pre_tokenizers.Whitespace()
    suffix.decoder = decoders.BPEDecoder("</w>")
    data = with_model(suffix, ["<unk>"], 280, [CORPUS.split("привет")[0]], unk_token="<unk>", end_of_word_suffix="</w>")
    data["added_tokens"] = [added(0, "<unk>")]
    data["post_processor"] = {"type": "RobertaProcessing", "sep": ["</w>", 0], "cls": ["<unk>", 0], "trim_offsets": True, "add_prefix_space": False}
    result["suffix"] = data
    return result | other_models.files(CORPUS, template)


def write_tokenizers():
    out = []
    for name, data in files().items():
        t = Tokenizer.from_str(json.dumps(data))
        special = {x["id"] for x in data["added_tokens"] if x["special"]}
        cases = []
        for text in TEXTS:
            ids = t.encode(text, add_special_tokens=False).ids
            whole = t.encode(text).ids
            t.encode_special_tokens = True
            plain = t.encode(text, add_special_tokens=False).ids
            t.encode_special_tokens = False
            # The library keeps special tokens that a normalizer changes; without their ids they are gone.
            visible = [i for i in ids if i not in special]
            skipped = t.decode(visible, skip_special_tokens=False)
            assert skipped == t.decode(ids) or name == "llama2", (name, text)
            cases.append(dict(text=text, ids=ids, with_special=None if whole == ids else whole, plain=None if plain == ids else plain,
                              decoded=t.decode(ids, skip_special_tokens=False), decoded_skip=skipped))
        r = random.Random(11)
        size = t.get_vocab_size()
        # Random ids make broken characters of every kind.
        low = [r.sample(range(min(size, 330)), min(size, 330) // 40 + 4) for _ in range(30)]
        decode = [dict(ids=ids, decoded=t.decode(ids, skip_special_tokens=False)) for ids in low]
        out.append(dict(name=name, size=size, tokenizer=data, cases=cases, decode=decode))
    dump("tokenizers.json", out)


PIPELINES = [
    (None, {"type": "Whitespace"}), (None, {"type": "WhitespaceSplit"}), (None, {"type": "Digits", "individual_digits": True}),
    (None, {"type": "Digits", "individual_digits": False}), (None, {"type": "CharDelimiterSplit", "delimiter": "e"}),
    *[(None, {"type": "Punctuation", "behavior": b}) for b in ("Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous")],
    *[(None, {"type": "Split", "pattern": {"String": "s"}, "behavior": b, "invert": i})
      for b in ("Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous") for i in (False, True)],
    (None, {"type": "Split", "pattern": {"Regex": r"\s+"}, "behavior": "MergedWithNext", "invert": False}),
    (None, {"type": "Split", "pattern": {"Regex": r"\p{N}"}, "behavior": "Isolated", "invert": False}),
    *[(None, {"type": "Split", "pattern": {"Regex": p}, "behavior": "Isolated", "invert": False}) for p in (QWEN, LLAMA, MARKS)],
    *[(None, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": s, "split": c}) for s in ("always", "first", "never") for c in (True, False)],
    (None, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}),
    (None, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": False}),
    (None, {"type": "Sequence", "pretokenizers": [
        {"type": "Digits", "individual_digits": True}, {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}]}),
    (None, {"type": "Sequence", "pretokenizers": [
        {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}]}),
    (None, {"type": "BertPreTokenizer"}), *[({"type": n}, {"type": "WhitespaceSplit"}) for n in ("NFKC", "NFKD", "StripAccents", "Nmt", "ByteLevel")],
    *[({"type": "BertNormalizer", "clean_text": a, "handle_chinese_chars": b, "strip_accents": c, "lowercase": d}, {"type": "BertPreTokenizer"})
      for a, b, c, d in ((True, True, None, True), (True, False, None, False), (False, True, True, False), (False, False, False, True))],
    ({"type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}]}, {"type": "WhitespaceSplit"}),
    ({"type": "Precompiled", "precompiled_charsmap": other_models.character_map(other_models.RULES)}, {"type": "WhitespaceSplit"}),
    (None, {"type": "Split", "pattern": {"Regex": r" {2,}"}, "behavior": "MergedWithPrevious", "invert": False}),
    ({"type": "NFC"}, {"type": "WhitespaceSplit"}), ({"type": "NFD"}, {"type": "WhitespaceSplit"}), ({"type": "Lowercase"}, {"type": "WhitespaceSplit"}),
    *[({"type": "Strip", "strip_left": a, "strip_right": b}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": False})
      for a, b in ((True, True), (True, False), (False, True))],
    ({"type": "Sequence", "normalizers": [{"type": "Replace", "pattern": {"String": "s"}, "content": "zz"}, {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
                                          {"type": "Prepend", "prepend": "^"}, {"type": "NFD"}, {"type": "Lowercase"}]}, {"type": "WhitespaceSplit"}),
]


def write_pipelines():
    out = []
    for normalizer, pre_tokenizer in PIPELINES:
        data = dict(version="1.0", truncation=None, padding=None, added_tokens=[], normalizer=normalizer, pre_tokenizer=pre_tokenizer,
                    post_processor=None, decoder=None, model=dict(type="WordLevel", vocab={"<unk>": 0}, unk_token="<unk>"))
        t = Tokenizer.from_str(json.dumps(data))
        cases = []
        for text in TEXTS:
            normal = t.normalizer.normalize_str(text) if normalizer else text
            cases.append([w for w, _ in t.pre_tokenizer.pre_tokenize_str(normal)])
        out.append(dict(tokenizer=data, words=cases))
    dump("pipelines.json", [TEXTS, *out])


VALUES = dict(
    s="Hello World", e="", u="naïve 世界 🙂", ws=" \n pad \t", n=7, m=-3, f=2.5, t=True, z=None, l=[3, 1, 2], w=["b", "A", "c"], d={"b": 1, "a": {"x": [1, 2.0, "y"], "é": None}},
    msgs=[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo", "tools": []}, {"role": "user", "content": "Bye"}], q="it's \"q\" <b>&amp;\n\u2028\u0001")

SNIPPETS = [
    # whitespace control
    "a\n", "a\n\n", "  {% if t %}\n  x\n  {% endif %}\n  y", "{% if t -%}\n  x  \n{%- endif %}\n y", "a {%- if t %} b {% endif -%} c", "a\n  {{ s }}\n  b\n", "x {{- s -}} y",
    "{% if t %}\n\nx{% endif %}\n\ny", "{# c #}\n x", "  {# c #}  x", " a {#- c -#} b", "x\n\t{%+ if t %}y{% endif +%}\nz", "{%- if t -%}\n\n a \n\n{%- endif -%}", "a\r\nb\rc{{ n }}\r\n", "{{ s }}\n{{ s }}\n",
    "{% set x = 1 %}\n{{ x }}", " {% set x = 1 %} {{ x }} ", "\n\n  {%- set x = 2 %}  \n {{ x }}", "{{ '}}' }}{{ '%}' }}{{ \"{{\" }}", "{{ {'a': {'b': 1}}['a']['b'] }}",
    # literals and printing
    "{{ 1 }} {{ 1.0 }} {{ 1e20 }} {{ 1.5e-7 }} {{ 123456789012 }} {{ 0.1 }} {{ 1e16 }} {{ 100000.0 }}", "{{ true }} {{ True }} {{ none }} {{ None }} {{ false }}", "{{ [1, 'a', none, 2.0, [true]] }} {{ (1,) }} {{ (1, 2) }} {{ () }}",
    "{{ {'a': 1, 'b': [\"it's\"]} }}", "{{ 'a\\n\\t\\\\\\'\\x41\\u00e9\\d' }}", "{{ \"a\" 'b' }}", "{{ q }}", "{{ d }}", "{{ [q, u] }}", "{{ missing }}|{{ d.missing }}|{{ d['zz'] }}", "{{ l[5] }}|{{ l[-1] }}|{{ s[0] }}|{{ s[-1] }}|{{ u[6] }}",
    # operators
    "{{ 1 + 2 * 3 - 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ 2.5 * 2 }} {{ -n }} {{ +n }} {{ - 3 + 5 }}", "{{ 'a' + 'b' ~ 1 ~ none ~ 2.0 }}", "{{ 1 ~ 2 + 3 ~ 4 }}" , "{{ 'ab' * 3 }}{{ 2 * [1] }}",
    "{{ [1] + [2] }}", "{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 'a' < 'b' }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' != 'a' }} {{ none == false }} {{ [1] == [1] }} {{ l == (3, 1, 2) }}", "{{ 'ell' in s }} {{ 'x' not in s }} {{ 2 in l }} {{ 'a' in d }} {{ 'role' in msgs[0] }} {{ not 'a' in d }}",
    "{{ 1 and 0 }} {{ 0 or 'x' }} {{ not 0 }} {{ e or none }} {{ 1 and 'y' or 'z' }}", "{{ 'a' if t else 'b' }} {{ 'a' if not t else 'b' if z else 'c' }}|{{ 'a' if not t }}|", "{{ -1|abs }} {{ (-1)|abs }} {{ n % 2 == 1 and n > 3 }}", "{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1 / 3 }}",
    # slices
    "{{ l[1:] }} {{ l[:-1] }} {{ l[::-1] }} {{ l[::2] }} {{ l[-2:] }} {{ l[5:] }} {{ l[2:0:-1] }} {{ s[1:4] }} {{ s[::-1] }} {{ u[::-1] }} {{ l[:] }} {{ l[none:2] }}",
    # loops
    "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ x }};{% endfor %}", "{% for x in [] %}a{% else %}none{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}", "{% for c in u %}{{ c }}.{% endfor %}",
    "{% for x in l if x > 1 %}{{ x }}{{ loop.length }}{% endfor %}", "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if loop.last %}{% break %}{% endif %}{% endfor %}", "{% for x in l %}{% set y = x %}{% endfor %}{{ y }}|{% set y = 0 %}{% for x in l %}{% set y = y + x %}{{ y }}{% endfor %}{{ y }}",
    "{% set ns = namespace(a=0, b='x') %}{% for x in l %}{% set ns.a = ns.a + x %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.zz }}", "{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem if not loop.last }} {% endfor %}", "{% for x in l %}{% for y in l %}{{ loop.depth }}{{ x }}{{ y }}{% endfor %}{{ loop.index }}{% endfor %}", "{% for m in msgs %}{{ m.role }}: {{ m['content'] }}\n{% endfor %}", "{% for m in msgs[::-1] %}{{ m.content }}{% endfor %}",
    "{% for x in range(3) %}{{ x }}{% endfor %}{{ range(1, 7, 2)|list }}{{ range(3, 0, -1)|list }}", "{% for x in missing %}a{% endfor %}b", "{% for x in l %}{% if loop.first %}A{% elif loop.last %}C{% else %}B{% endif %}{% endfor %}", "{% for a, b in [(1, 2), (3, 4)] %}{{ a }}{{ b }}{% endfor %}", "{% for x in (l if t else []) %}{{ x }}{% endfor %}",
    # set, macros, generation
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a, b = (1, 2) %}{{ a }}{{ b }}", "{% set x %}in {{ s }}{% endset %}[{{ x }}]", "{% set x | upper | replace('L', '1') %}in {{ s }}{% endset %}[{{ x }}]", "{% macro m(a, b='d', c=none) %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}{{ m(1) }} {{ m(1, c=2) }} {{ m(b=3, a=4) }} {{ m() }}",
    "{% macro m(a) %}{% if a > 0 %}{{ a }}{{ m(a - 1) }}{% endif %}{% endmacro %}{{ m(3) }}", "{% set g = 5 %}{% macro m() %}{{ g }}{{ s }}{% endmacro %}{% for x in l %}{{ m() }}{% endfor %}", "{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m(m('a'))|upper }}", "a{% generation %}b{{ s }}{% endgeneration %}c", "{% if t %}{% set x = 1 %}{% endif %}{{ x }}", "{% if z %}a{% elif e %}b{% elif n %}c{% else %}d{% endif %}",
    # tests
    "{{ s is string }}{{ n is string }}{{ d is mapping }}{{ l is mapping }}{{ l is iterable }}{{ s is iterable }}{{ n is iterable }}{{ l is sequence }}{{ s is defined }}{{ zz is defined }}{{ zz is undefined }}{{ z is none }}{{ z is not none }}{{ t is true }}{{ t is false }}{{ n is true }}",
    "{{ n is number }}{{ f is number }}{{ t is number }}{{ n is integer }}{{ t is integer }}{{ f is float }}{{ t is boolean }}{{ n is odd }}{{ n is even }}{{ n is divisibleby 7 }}{{ n is eq 7 }}{{ n is in [7] }}{{ n is gt(3) and n is lt 9 }}{{ 'a' is lower }}{{ 'A1' is upper }}{{ range is callable }}{{ not s is string }}", "{{ d.zz is not defined and t }}{{ d.a.x is defined }}{{ d.a is mapping and d.a.x is iterable and d.a.x is not string }}",
    # filters
    "{{ d|tojson }} {{ q|tojson }} {{ u|tojson }} {{ none|tojson }} {{ [1.0, 1e20, 1e-7, true, 12345678901]|tojson }} {{ {}|tojson }} {{ []|tojson }}", "{{ d|tojson(indent=2) }}", "{{ d|tojson(separators=(',', ':')) }}{{ d|tojson(indent=1, separators=(';', '=')) }}{{ d|tojson(sort_keys=true) }}{{ {'b': 1, 'a': 2, 'B': {'z': 1, 'y': 2}}|tojson(sort_keys=true, indent=2) }}", "{{ {'a': [], 'b': {}, 'c': [[1]]}|tojson(indent=4) }}", "{{ ws|trim }}|{{ ' xax '|trim(' x') }}", "{{ s|length }}{{ u|length }}{{ l|count }}{{ d|length }}{{ missing|length }}", "{{ s|upper }}{{ s|lower }}{{ 'hELLO wORLD'|capitalize }}{{ \"it's a-test (of) <this>\"|title }}",
    "{{ missing|default('x') }}{{ e|default('x') }}{{ e|default('x', true) }}{{ z|d('y') }}{{ z|default('q', boolean=true) }}", "{{ l|join }}{{ l|join(', ') }}{{ msgs|join('-', attribute='role') }}{{ 'abc'|join('.') }}", "{{ l|first }}{{ l|last }}{{ []|first }}{{ s|first }}{{ s|last }}{{ s|list }}", "{{ d|items|list }}{{ d.keys()|list }}{{ d.values()|list }}{{ d|list }}", "{{ '12'|int + 1 }}{{ 'x'|int }}{{ 'x'|int(5) }}{{ ' 7 '|int }}{{ 3.9|int }}{{ -3.9|int }}{{ '2.5'|float }}{{ '3.7'|int }}{{ 3|float }}{{ 5|string + 'a' }}",
    "{{ s|replace('l', 'L') }}{{ s|replace('l', 'L', 1) }}", "{{ l|reverse|list }}{{ s|reverse }}", "{{ l|map('string')|join('+') }}{{ msgs|map(attribute='content')|list }}{{ msgs|map(attribute='tools', default='-')|list }}{{ w|map('upper')|list }}", "{{ l|select('odd')|list }}{{ l|reject('odd')|list }}{{ [0, 1, none]|select|list }}{{ l|select('>', 1)|list }}", "{{ msgs|selectattr('role', 'equalto', 'user')|list|length }}{{ msgs|rejectattr('role', 'eq', 'user')|map(attribute='content')|first }}{{ msgs|selectattr('tools', 'defined')|list|length }}",
    "{{ d|dictsort }}", "{{ l|sort }}{{ l|sort(reverse=true) }}{{ w|sort }}{{ w|sort(case_sensitive=true) }}{{ msgs|sort(attribute='content')|map(attribute='content')|list }}", "{{ [1, 2, 1, 'a', 'A']|unique|list }}", "{{ 'a\nb\n\nc'|indent }}|{{ 'a\nb'|indent(2, true) }}|{{ 'a\n\nb'|indent(2, blank=true) }}", "{{ s|safe }}{{ -5|abs }}{{ -2.5|abs }}",
    # methods
    "{{ s.split(' ') }}{{ s.split() }}{{ 'a,b,c'.split(',', 1) }}{{ 'a,b,c'.rsplit(',', 1) }}{{ ''.split(',') }}{{ ' a  b '.split() }}{{ ' a  b c '.split(none, 1) }}", "{{ ws.strip() }}|{{ ws.lstrip() }}|{{ ws.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'abcb'.rstrip('bc') }}", "{{ s.startswith('He') }}{{ s.endswith('ld') }}{{ s.startswith(('x', 'H')) }}", "{{ s.replace('l', '') }}{{ s.replace('l', 'x', 1) }}{{ 'ab'.replace('', '-') }}", "{{ s.upper() }}{{ s.lower() }}{{ 'abc dEf'.capitalize() }}{{ s.find('o') }}{{ u.find('世') }}{{ s.count('l') }}{{ s.find('zz') }}", "{{ ', '.join(w) }}{{ 'a-b'.removeprefix('a') }}{{ 'a-b'.removesuffix('b') }}{{ 'a\nb\r\nc\n'.splitlines() }}{{ '12'.isdigit() }}{{ 'a'.isdigit() }}",
    "{{ d.get('b') }}{{ d.get('zz') }}{{ d.get('zz', 3) }}{{ d['a']['x'][2] }}{{ d.a.x.2 }}", "{{ s.split('</think>')[-1].lstrip('\\n') }}{{ ('a</think>\\n\\nb').split('</think>')[-1].lstrip('\\n') }}", "{{ dict(a=1, b=2) }}", "{{ '世界'.strip('界') }}{{ u|upper }}{{ '\\u00a0x\\u3000'.strip() }}{{ 'x\\u001fy'.split() }}", "{{ strftime_now('%%') }}", "{{ s.items is defined }}{{ d.items is defined }}{{ d.b is defined }}",
    # names around a macro's definition, an inner loop's end, members by number, whitespace of every kind
    "{% macro o(x) %}{% macro i() %}{{ x }}{% endmacro %}[{{ i() }}]{% endmacro %}{{ o(5) }}{{ o(6) }}", "{% for x in l %}{% macro m(a) %}{{ x }}{{ a }}{{ y }}{% endmacro %}{% set y = x + 1 %}{{ m('-') }};{% endfor %}",
    "{% macro m() %}{{ g }}{% endmacro %}{% set g = 5 %}{{ m() }}", "{% for x in l %}{{ x }}{% for y in [] %}{% else %}{% break %}{% endfor %}{% endfor %}", "{% for x in l %}{% for y in [] %}{% else %}{% if x == 1 %}{% continue %}{% endif %}{% endfor %}{{ x }}{% endfor %}",
    "{{ [[1, 2], [3, 4]]|map(attribute=0)|list }}{{ [{'a': [5, 6]}]|map(attribute='a.1')|list }}{{ [[1], [3, 4]]|selectattr('1')|list }}", "a\n\u00a0{% if t %}b{% endif %}\n\x0b{% if t %}c{% endif %}", "{{ 'a\rb\r\nc\u2028d'|indent(2) }}|{{ 'a\n'|indent(2) }}|{{ e|indent }}|{{ 'a\n\nb\n'|indent(2, blank=true) }}",
    "{{ range(100000)|length }}{{ range(5, 5)|list }}{{ range(0, 7, 3)|list }}{{ range(0, -7, -3)|list }}", "{% set ns = namespace(a=1) %}{% set ns.self = ns %}{{ ns.self.self.a }}", "{{ d|tojson(indent=none, separators=none) }}{{ l|tojson(indent=0) }}",
    # failures
    "{{ range(100001) }}", "{{ s.upper(1) }}", "{{ s.strip('a', 'b') }}", "{{ s.startswith(prefix='H') }}",
    "{{ raise_exception('no: ' + s) }}", "{{ missing.x }}", "{{ d.zz.y }}", "{{ 1 + 'a' }}", "{{ 'a' + 1 }}", "{{ 'a' + none }}", "{{ missing + 'a' }}", "{{ 1 / 0 }}", "{{ 1 < 'a' }}", "{% for x in n %}{% endfor %}", "{{ n() }}", "{{ 3 in 'a' }}", "{{ n|length }}", "{{ missing|tojson }}", "{% set s.x = 1 %}", "{% for a, b in [1] %}{% endfor %}", "{{ 3 in n }}", "{{ l.append(1) }}", "{{ s.nosuch() }}",
    "{% if %}x{% endif %}", "{% if t %}x", "{{ s", "{% endfor %}", "{{ (1 }}", "{{ 'abc }}", "{{ a b }}", "{% for x l %}{% endfor %}", "{{ s|nosuch }}", "{{ s is nosuch }}", "{% nosuch %}", "{{ }}", "{{ 1 is odd is even }}", "{# x", "{{ & }}", "{% break %}", "{{ [1, 2 }}",
]


def write_templates():
    out = []
    for source in SNIPPETS:
        row = dict(template=source)
        try:
            row["rendered"] = _compile_jinja_template(source).render(**VALUES)
        except Exception as error:  # what fails there must fail here, in whatever words
            row["error"] = f"{type(error).__name__}: {error}"
        out.append(row)
    dump("templates.json", [VALUES, *out])


def dump(name, data):
    # One entry a line: small diffs, and no line as long as the file.
    text = "[\n" + ",\n".join(json.dumps(x, ensure_ascii=False) for x in data) + "\n]\n"
    (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_tokenizers()
    write_pipelines()
    write_templates()
