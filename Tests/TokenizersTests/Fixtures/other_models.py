"""Unigram, WordPiece and suffixed BPE tokenizers for make_fixtures.py, without any trainer: scores are counts."""
import base64
import math
import struct


def added(token_id, content, **changes):
    return dict(id=token_id, content=content, single_word=False, lstrip=False, rstrip=False,
                normalized=False, special=True) | changes


def character_map(rules):
    """SentencePiece's `precompiled_charsmap` of a few rules: size, double array, texts ended by zeros."""
    texts, places = b"", {}
    for source, target in sorted(rules.items()):
        places[source.encode()] = len(texts)
        texts += target.encode() + b"\0"
    units, taken = [0], {0}

    def place(node, keys, depth):
        labels = sorted({key[depth] if len(key) > depth else 0 for key in keys})
        base = 1
        while base ^ node >= 1 << 21 or any(base ^ label in taken for label in labels):
            base += 1
        units.extend([0] * (max(base ^ label for label in labels) + 1 - len(units)))
        taken.update(base ^ label for label in labels)
        units[node] |= (base ^ node) << 10
        for label in labels:
            child = base ^ label
            if label == 0:
                units[child] = 1 << 31 | places[next(k for k in keys if len(k) == depth)]
                units[node] |= 1 << 8
            else:
                units[child] = label
                place(child, [k for k in keys if len(k) > depth and k[depth] == label], depth + 1)

    place(0, sorted(places), 0)
    array = struct.pack(f"<{len(units)}I", *units)
    return base64.b64encode(struct.pack("<I", len(array)) + array + texts).decode()


RULES = {
    "\r": " ", "\n": " ", "\t": " ", "\u00a0": " ", "\u2003": " ", "\u200b": "", "\ufeff": "", "½": "1/2", "\u2167": "VIII", "e\u0301": "é", "\u212b": "Å",
    "ſ": "s", "\u0663": "3", "ﬁ": "fi", "ﷺ": "صلى الله عليه وسلم", "\u0301": "", "İ": "I", "\U0001d7d8": "0"}


def pieces(corpus, count, specials, marker="▁"):
    """Single characters and the most frequent parts of words, with the logarithms of their shares."""
    parts = {}
    words = [marker + w for w in corpus.split()]
    for word in words:
        for start in range(len(word)):
            for end in range(start + 1, min(start + 9, len(word) + 1)):
                parts[word[start:end]] = parts.get(word[start:end], 0) + 1
    single = sorted((p for p in parts if len(p) == 1 and ord(p) < 0x400 or p == marker))
    several = sorted((p for p in parts if len(p) > 1 and parts[p] > 3), key=lambda p: (-parts[p] * len(p), p))[:count]
    total = sum(parts.values())
    return [[s, 0.0] for s in specials] + [[p, round(math.log(parts[p] / total), 6)] for p in [*several, *single]]


def unigram(corpus, normalizer, pre_tokenizer, decoder, fallback):
    specials = ["<unk>", "<s>", "</s>"]
    vocab = pieces(corpus, 200, specials)
    if fallback:
        vocab += [[f"<0x{b:02X}>", -20.0 - b / 256] for b in range(256)]
    # A token that stands twice, one whose score is the lowest and never counts alone, and equal ways to write "aa".
    vocab += [["knight", -3.0], ["knight", -4.25], ["zzzz", -30.0], ["aa", 2 * next(s for p, s in vocab if p == "a")]]
    return dict(version="1.0", truncation=None, padding=None, added_tokens=[added(i, s) for i, s in enumerate(specials)], normalizer=normalizer,
                pre_tokenizer=pre_tokenizer, post_processor=None, decoder=decoder, model=dict(type="Unigram", unk_id=0, vocab=vocab, byte_fallback=fallback))


def files(corpus, template):
    result = {}
    space = lambda **more: {"type": "Metaspace", "replacement": "▁"} | more
    always = space(prepend_scheme="always", split=True)
    t5 = unigram(corpus, {"type": "Sequence", "normalizers": [
        {"type": "Precompiled", "precompiled_charsmap": character_map(RULES)}, {"type": "Strip", "strip_left": False, "strip_right": True},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]}, always, always, False)
    t5["post_processor"] = template([], [("</s>", 2)])
    result["unigram"] = t5
    # Whole texts as one word, bytes for what is unknown.
    result["unigram bytes"] = unigram(
        corpus, {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFKC"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}, None,
        {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": False}]}, True)

    words = sorted({w.lower() for w in corpus.split() if w.isascii() and w.isalpha()})
    letters = [chr(c) for c in range(97, 123)] + list("0123456789.,:;'!?()+=/*[]<>-\"#_") + list("éàüκσ世")
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *("##" + c for c in letters), *(w for w in words if len(w) > 2), "##ing", "##es", "##er"]
    result["bert"] = dict(
        version="1.0", truncation=None, padding=None, added_tokens=[added(i, s) for i, s in enumerate(vocab[:4])],
        normalizer={"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        pre_tokenizer={"type": "BertPreTokenizer"}, post_processor=template([("[CLS]", 2)], [("[SEP]", 3)]), decoder={"type": "WordPiece", "prefix": "##", "cleanup": True},
        model=dict(type="WordPiece", unk_token="[UNK]", continuing_subword_prefix="##", max_input_chars_per_word=40, vocab={w: i for i, w in enumerate(vocab)}))
    return result
