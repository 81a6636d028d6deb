"""Writes UnicodeTables.swift: the character classes and canonical forms of `tokenizers` 0.23.3.

Run: python generate_unicode_tables.py   (needs `tokenizers`; writes beside itself)

Everything is asked of the library itself, because its parts disagree about the Unicode version:
\\p{L}, \\p{N} and \\p{M} of its regular expressions are 16.0, `char::is_numeric` is that of the
compiler that built it, punctuation is 8.0 and the normal forms are 9.0. Swift's own tables change
with the toolchain; a token's id must not.
"""
import pathlib
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)


def removed_by(pre_tokenizer, scalars=SCALARS):
    return {c for c in scalars if not pre_tokenizer.pre_tokenize_str(chr(c))}


def matching(pattern):
    return removed_by(pre_tokenizers.Split(Regex(pattern), "removed"))


def packed_ranges(scalars):
    """Ranges as `gap+length` in hexadecimal, the gap counted from the end of the range before."""
    ranges = []
    for c in sorted(scalars):
        if ranges and ranges[-1][1] == c:
            ranges[-1][1] = c + 1
        else:
            ranges.append([c, c + 1])
    parts, end = [], 0
    for start, stop in ranges:
        length = stop - start
        parts.append(f"{start - end:x}" + (f"+{length:x}" if length > 1 else ""))
        end = stop
    return parts


def packed_lowercase():
    """Runs of scalars whose lowercase lies at one distance: `first,count,stride,distance`."""
    lower = normalizers.Lowercase()
    pairs = []
    for c in SCALARS:
        text = lower.normalize_str(chr(c))
        if text != chr(c) and len(text) == 1:
            pairs.append((c, ord(text) - c))
        elif len(text) != 1:
            assert (c, text) == (0x130, "i\u0307"), "CharacterClasses.appendLowercase knows U+0130 only"
    runs = []
    for c, distance in pairs:
        if runs:
            first, count, stride, d = runs[-1]
            step = c - (first + (count - 1) * stride) if count else 0
            if d == distance and (step == stride or (count == 1 and step <= 2)):
                runs[-1] = (first, count + 1, step, d)
                continue
        runs.append((c, 1, 1, distance))
    return [f"{a:x},{b:x},{s:x},{d:x}" for a, b, s, d in runs]


def canonical():
    nfd, nfc = normalizers.NFD(), normalizers.NFC()
    decompositions = {}
    for c in SCALARS:
        if c not in HANGUL:
            text = nfd.normalize_str(chr(c))
            if text != chr(c):
                decompositions[c] = text
    compositions = {}
    for c, text in decompositions.items():
        if nfc.normalize_str(chr(c)) == chr(c):
            prefix = nfc.normalize_str(text[:-1])
            assert len(prefix) == 1 and nfc.normalize_str(prefix + text[-1]) == chr(c), hex(c)
            compositions[ord(prefix), ord(text[-1])] = c
    return decompositions, compositions, combining_classes(nfd, decompositions)


def combining_classes(nfd, decompositions):
    """Finds each scalar's combining class by where NFD puts it among marks of known classes."""
    import unicodedata

    moves = lambda a, b: nfd.normalize_str("x" + chr(a) + chr(b)) != "x" + chr(a) + chr(b)
    first, last = 0x334, 0x345  # classes 1 and 240
    is_mark = lambda c: moves(last, c) or moves(c, first)
    known = {}
    for c in SCALARS:
        k = unicodedata.combining(chr(c))
        if k and k not in known and c not in decompositions and is_mark(c):
            known[k] = c
    classes = {}
    for c in SCALARS:
        if c in decompositions or c in HANGUL:
            continue
        if not is_mark(c):
            continue
        same = [k for k, m in known.items() if not moves(m, c) and not moves(c, m)]
        assert len(same) == 1, (hex(c), same)
        classes[c] = same[0]
    return classes


def compatibility():
    """Full compatibility decompositions of the scalars whose canonical one is another."""
    nfd, nfkd = normalizers.NFD(), normalizers.NFKD()
    texts = {c: nfkd.normalize_str(chr(c)) for c in SCALARS if c not in HANGUL}
    return {c: text for c, text in texts.items() if text != nfd.normalize_str(chr(c))}


def kept_out(normalizer):
    """The scalars that a normalizer drops from between two letters."""
    return {c for c in SCALARS if normalizer.normalize_str("x" + chr(c) + "x") == "xx"}


def bert(**changes):
    settings = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**(settings | changes))


def literal(name, comment, parts):
    lines, line = [], ""
    for part in parts:
        if line and len(line) + len(part) + 1 > 90:
            lines.append(line + " \\")
            line = ""
        line += (" " if line else "") + part
    lines.append(line)
    body = "\n".join("    " + l for l in lines)
    return f'  /// {comment}\n  static let {name}: StaticString = """\n{body}\n    """\n'


def main():
    word = pre_tokenizers.Whitespace()
    blanks = matching(r"\s")
    assert blanks == removed_by(pre_tokenizers.WhitespaceSplit())
    words = {c for c in SCALARS if c not in blanks and len(word.pre_tokenize_str("a" + chr(c))) == 1}
    digits = pre_tokenizers.Digits(individual_digits=False)
    numeric = {c for c in SCALARS if len(digits.pre_tokenize_str("x" + chr(c))) == 2}
    punctuation = removed_by(pre_tokenizers.Punctuation("removed"))
    decompositions, compositions, classes = canonical()
    by_class = {}
    for c, k in classes.items():
        by_class.setdefault(k, set()).add(c)
    sections = [
        literal("letters", "`\\\\p{L}` of the library's regular expressions.", packed_ranges(matching(r"\p{L}"))),
        literal("numbers", "`\\\\p{N}`.", packed_ranges(matching(r"\p{N}"))),
        literal("marks", "`\\\\p{M}`.", packed_ranges(matching(r"\p{M}"))),
        literal("blanks", "`\\\\s`, the property White_Space.", packed_ranges(blanks)),
        literal("words", "`\\\\w` of the Rust crate `regex`.", packed_ranges(words)),
        literal("numerics", "Rust's `char::is_numeric`.", packed_ranges(numeric)),
        literal("punctuation", "The Punctuation pre-tokenizer's class.", packed_ranges(punctuation)),
        literal("lowercase", "Runs `first,count,stride,distance` of scalars with a lowercase form.", packed_lowercase()),
        literal(
            "decompositions", "Full canonical decompositions, `scalar,part,part...`, without Hangul.",
            [",".join(f"{x:x}" for x in [c, *map(ord, text)]) for c, text in sorted(decompositions.items())]),
        literal(
            "compatibility", "Full compatibility decompositions where they differ, `scalar,part,part...`.",
            [",".join(f"{x:x}" for x in [c, *map(ord, text)]) for c, text in sorted(compatibility().items())]),
        literal(
            "accents", "What the normalizer StripAccents drops.", packed_ranges(kept_out(normalizers.StripAccents()))),
        literal("bertAccents", "What BertNormalizer's `strip_accents` drops.", packed_ranges(
            kept_out(bert(strip_accents=True)))),
        literal("bertControls", "What its `clean_text` drops.", packed_ranges(kept_out(bert(clean_text=True)))),
        literal("nmtControls", "What the normalizer Nmt drops.", packed_ranges(kept_out(normalizers.Nmt()))),
        literal("nmtBlanks", "What Nmt makes a blank.", packed_ranges(
            {c for c in SCALARS if c != 32 and normalizers.Nmt().normalize_str(chr(c)) == " "})),
        literal(
            "compositions", "Canonical compositions, `first,second,composite`, without Hangul.",
            [f"{a:x},{b:x},{c:x}" for (a, b), c in sorted(compositions.items())]),
        literal(
            "combiningClasses", "Canonical combining classes other than 0: `class:ranges`.",
            [f"{k:x}:" + ";".join(packed_ranges(s)) for k, s in sorted(by_class.items())]),
    ]
    text = (
        "// Made by generate_unicode_tables.py from `tokenizers` " + tokenizers.__version__
        + "; do not edit.\n// swift-format-ignore-file\n\n"
        "/// Packed tables; ranges are `gap+length` in hexadecimal, see the script.\n"
        "enum UnicodeTables {\n" + "\n".join(sections).replace("\\\\", "\\") + "}\n")
    pathlib.Path(__file__).with_name("UnicodeTables.swift").write_text(text, encoding="utf-8")


main()
