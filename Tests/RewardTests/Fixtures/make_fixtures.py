#!/usr/bin/env python3
"""Makes the fixtures of the rewards' tests, from other people's implementations.

    make_fixtures.py PRM800K     writes *.jsonl beside this file; PRM800K is a checkout of github.com/openai/prm800k

Needs sympy 1.12, pylatexenc 2.10 and jsonschema (pip). What stands below is ours; only verdicts and values come from there.
"""
import itertools
import json
import logging
import math
import pathlib
import random
import re
import sys
import warnings

HERE = pathlib.Path(__file__).resolve().parent

# ---- Math ------------------------------------------------------------------------------------------------------------

GROUPS = [
    # Answers of one group are compared with each other, and with a few of other groups.
    ["\\frac{1}{2}", "\\frac12", "\\dfrac{1}{2}", "\\tfrac12", "1/2", "0.5", ".5", "\\frac{2}{4}", "50\\%", "\\text{1/2}", "$\\frac{1}{2}$", "\\frac{1}{2} ", "0.50", "\\frac{-1}{-2}"],
    ["-\\frac{3}{4}", "\\frac{-3}{4}", "-3/4", "-0.75", "- \\frac34", "\\frac{3}{-4}"],
    ["7\\frac{3}{4}", "7 \\frac{3}{4}", "7 3/4", "\\frac{31}{4}", "7.75", "31/4", "73/4"],
    ["12", "12.0", "12.00", "012", "\\text{12}", "12\\text{ cm}", "12 cm", "12\\,\\text{cm}", "12 meters", "12\\%", "\\$12", "$12$", "12^{\\circ}", "12^\\circ", "12 degrees", "x=12", "xyz=12", "{12}", "12.", "\\frac{24}{2}", "24/2", "\\sqrt{144}", "10+2", "12\\text{ feet}^2", "12 square inches"],
    ["10,000", "10000", "10{,}000", "10,\\!000", "10 000", "10^4", "1e4", "10.000", "10,00", "100,00"],
    ["3 million", "3000000", "3,000,000", "3*10^6", "3 billion", "3 trillion"],
    ["\\sqrt{2}", "\\sqrt2", "sqrt(2)", "\\sqrt 2", "2^{1/2}", "\\frac{2}{\\sqrt{2}}", "1.41421356", "\\sqrt[3]{2}"],
    ["2\\sqrt{3}", "\\sqrt{12}", "2 \\sqrt{3}", "\\sqrt{3}\\cdot 2", "2\\cdot\\sqrt3", "\\frac{6}{\\sqrt{3}}", "\\sqrt{3}+\\sqrt{3}", "\\sqrt{4}\\sqrt{3}"],
    ["1+\\sqrt{2}", "\\sqrt{2}+1", "\\frac{1}{\\sqrt{2}-1}", "\\sqrt{3+2\\sqrt{2}}"],
    ["\\pi", "\\pi r", "3.14159", "\\frac{2\\pi}{2}", "180^\\circ"],
    ["2\\pi", "\\pi\\cdot2", "\\pi+\\pi", "6.28"],
    ["(1,2)", "(1, 2)", "(2,1)", "[1,2]", "[1,2)", "(1,2]", "\\left(1,2\\right)", "\\left( 1, 2 \\right)", "(1.0,2)", "(1,\\frac{4}{2})", "(1,2,3)", "1,2", "\\{1,2\\}", "(0.5+0.5,2)"],
    ["(-\\infty,3)", "(-\\infty, 3)", "(-\\infty,3]", "\\left(-\\infty,3\\right)", "x<3", "(-inf,3)"],
    ["(-\\infty,1)\\cup(2,\\infty)", "(-\\infty, 1) \\cup (2, \\infty)", "(2,\\infty)\\cup(-\\infty,1)"],
    ["x^2+1", "1+x^2", "x^2 + 1", "x^{2}+1", "(x+1)^2-2x", "x \\cdot x+1", "x*x+1", "y^2+1"],
    ["(x+1)(x-1)", "x^2-1", "(x-1)(x+1)", "-(1-x^2)", "\\frac{x^2-1}{1}", "(x+1)*(x-1)"],
    ["\\frac{x+1}{y}", "\\frac{x}{y}+\\frac{1}{y}", "(x+1)/y", "x+1/y"],
    ["\\frac{1}{x+1}", "1/(x+1)", "1/x+1", "(x+1)^{-1}", "(x+1)^-1"],
    ["2x+3y", "3y+2x", "3y + 2x", "x+x+3y", "2x3y"],
    ["x^2y", "yx^2", "xxy", "x*y*x", "y*x^2"],
    ["\\text{(A)}", "(A)", "A", "a", "\\text{A}", "(B)", "\\textbf{(A)}", "\\mathrm{A}"],
    ["\\text{even}", "even", "Even", "odd", "\\text{Even}"],
    ["5!", "120", "5\\cdot4\\cdot3\\cdot2", "6!"],
    ["\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix}", "\\begin{pmatrix} 1 & 2 \\\\ 4 & 3 \\end{pmatrix}"],
    ["3 \\text{ or } 4", "3,4", "3 or 4", "4 or 3", "3\\text{ and }4", "3 and 4"],
    ["1011_2", "1011_{2}", "10112", "11"],
    ["", " ", "\\text{}", "0"],
    ["\\frac{a}{b}", "a/b", "\\frac ab", "ab^{-1}", "\\frac{2a}{2b}"],
    ["i", "-i", "\\sqrt{-1}", "1i"],
    ["3+4i", "4i+3", "3 + 4i"],
    ["\\alpha", "\\beta", "α"],
    ["\\mathbb{R}", "R", "\\mathbf{R}", "ℝ"],
    ["2^x", "2^{x}", "4^{x/2}"],
    ["\\frac", "\\frac1", "\\sqrt", "\\text{ x \\text{ y"],
    ["1\\frac{1}{2}\\text{ hours}", "1.5", "\\frac{3}{2}", "90 minutes"],
    ["0.\\overline{3}", "0.3", "\\frac13", "\\frac{1}{3}"],
    ["-x", "-1x", "x\\cdot(-1)", "0-x"],
    ["x^9", "x^{10}", "x^10", "x*x^8"],
    ["\\pm 3", "3,-3", "-3,3", "±3"],
    ["\\left\\{1,2\\right\\}", "{1,2}", "\\{2,1\\}"],
    ["\\angle ABC", "ABC", "\\overline{ABC}"],
    ["1 - \\frac{1}{x}", "\\frac{x-1}{x}", "1-1/x", "(x-1)/x"],
    ["2\\frac{1}{3}\\%", "\\frac73", "7/3"],
]


def math_cases(prm800k):
    sys.path.insert(0, str(pathlib.Path(prm800k) / "prm800k"))
    from grading import grader, math_normalize

    rng = random.Random(7)
    pairs = [pair for group in GROUPS for pair in itertools.product(group, group)]
    everything = [answer for group in GROUPS for answer in group]
    pairs += [(rng.choice(everything), rng.choice(everything)) for _ in range(300)]

    def plain(text):
        try:
            return math_normalize._strip_string(text)
        except Exception:
            return text

    for given, gold in dict.fromkeys(pairs):
        yield {
            "given": given,
            "gold": gold,
            "is_equiv": plain(given) == plain(gold),
            "prm800k": bool(grader.grade_answer(given, gold)),
        }


def form_cases():
    from grading import grader, math_normalize

    for answer in dict.fromkeys(answer for group in GROUPS for answer in group):
        try:
            plain = math_normalize._strip_string(answer)
        except Exception:
            plain = answer
        yield {
            "answer": answer,
            "hendrycks": plain,
            "strict": math_normalize.normalize_answer(answer),
            "lenient": grader._normalize(answer),
        }


# ---- Regular expressions ---------------------------------------------------------------------------------------------

PATTERNS = [
    r"abc", r"a|b|cd", r"a*b", r"(a|ab)(c|bcd)", r"^a.c$", r"^\s*<think>.*?</think>\s*<answer>.*?</answer>\s*$", r"\d+", r"-?\d+(?:\.\d+)?",
    r"\bword\b", r"\Bx", r"[a-c]+", r"[^a-c]+", r"[]a]+", r"[a\]-]+", r"[\w.-]+@[\w.-]+", r"a{2}", r"a{2,}", r"a{,2}b", r"a{1,3}?", r"a{", r"{a}", r"(?i)hello", r"(?s)a.b",
    r"(?m)^b$", r"(?im)^B$", r"(a*)*b", r"(a+)+$", r"(x+x+)+y", r"\$\d+", r"\\boxed\{([^}]*)\}", r"(?P<n>\d+)", r"\x41\u0042", r"\.", r"é+", r"[à-ü]", r"\w+", r"\W", r"\S+\s\S+",
    r"answer is \(?([A-D])\)?", r"", r"a?", r"(?:)", r"()", r"\Aab\Z", r"b$", r"(?:ab)+?c", r"[\d\s]+", r"[^\S ]", r"a.?", r"(a)|b", r"\t", r"x*?y",
]
TEXTS = [
    "", "a", "b", "abc", "abcd", "xabcx", "aaab", "a\nb", "b\n", "a\nb\nc", "<think>x</think><answer>1</answer>", " <think>\nx\n</think>\n<answer>\n1\n</answer>\n", "<think>x</answer>",
    "-12.5 and 7", "a word here", "swordfish", "aXbXc", "me@example.org", "HELLO hello", "aaaaaaaaaaaaaaaaaaaaaaaa!", "xxxxxxxxxxxxxxxx", "costs $12", "\\boxed{42} then \\boxed{43}",
    "AB", "été à Paris", "the answer is (C).", "]]aa]", "a-]", "{a}", "a{", "\t tab", "aab", "x y", "abababc", "٣ arabic", "under_score", "a\r\nb", "xxy",
]


def regex_cases():
    for pattern in PATTERNS:
        compiled = re.compile(pattern)
        for text in TEXTS:
            if pattern in (r"(a+)+$", r"(x+x+)+y") and len(text) > 20:
                # Python's engine takes exponential time; the answer is known.
                yield {"pattern": pattern, "text": text, "search": None, "start": None, "full": None}
                continue
            case = {"pattern": pattern, "text": text}
            for name, find in (("search", compiled.search), ("start", compiled.match), ("full", compiled.fullmatch)):
                match = find(text)
                case[name] = None if match is None else match.group(0)
            # An empty last round of a repeated group counts in Python, and does not where all ways are followed at once.
            if compiled.groups and pattern != r"(a*)*b":
                match = compiled.search(text)
                case["group"] = None if match is None else match.group(1)
            yield case


# ---- JSON schemas ----------------------------------------------------------------------------------------------------

SCHEMAS = [
    True, False, {}, {"type": "object"}, {"type": ["string", "null"]}, {"type": "integer"}, {"type": "number"}, {"enum": [1, "a", None, [1, 2], {"a": 1}]}, {"const": {"a": [1, 2]}}, {"const": 1.0},
    {"minimum": 2}, {"exclusiveMinimum": 2}, {"maximum": 2}, {"exclusiveMaximum": 2}, {"multipleOf": 2}, {"multipleOf": 0.1}, {"minLength": 2}, {"maxLength": 1}, {"pattern": "^a+$"}, {"pattern": "b"},
    {"minItems": 2}, {"maxItems": 1}, {"uniqueItems": True}, {"items": {"type": "integer"}}, {"prefixItems": [{"type": "integer"}, {"type": "string"}]}, {"prefixItems": [{"type": "integer"}], "items": False},
    {"contains": {"type": "string"}}, {"contains": {"type": "string"}, "minContains": 2}, {"contains": {"type": "string"}, "maxContains": 1}, {"contains": {"type": "string"}, "minContains": 0},
    {"required": ["a"]}, {"properties": {"a": {"type": "integer"}}}, {"properties": {"a": {}}, "additionalProperties": False}, {"patternProperties": {"^b": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
    {"propertyNames": {"maxLength": 1}}, {"minProperties": 1}, {"maxProperties": 1}, {"dependentRequired": {"a": ["b"]}}, {"dependentSchemas": {"a": {"required": ["b"]}}},
    {"allOf": [{"type": "integer"}, {"minimum": 2}]}, {"anyOf": [{"type": "string"}, {"minimum": 2}]}, {"oneOf": [{"type": "integer"}, {"minimum": 2}]}, {"not": {"type": "integer"}},
    {"if": {"type": "integer"}, "then": {"minimum": 2}, "else": {"type": "string"}}, {"if": {"type": "integer"}, "then": {"minimum": 2}}, {"then": False}, {"$ref": "#/$defs/s", "$defs": {"s": {"type": "string"}}},
    {"$defs": {"tree": {"type": "object", "properties": {"l": {"$ref": "#/$defs/tree"}}, "additionalProperties": False}}, "$ref": "#/$defs/tree"}, {"type": "array", "items": {"$ref": "#"}}, {"$ref": "#/$defs/a~1b%25", "$defs": {"a/b%": {"type": "null"}}},
    {"title": "t", "description": "d", "format": "date", "type": "string"}, {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "boolean"},
]
VALUES = [
    None, True, False, 0, 1, 2, 3, -1, 1.0, 1.5, 2.5, 0.3, 1e3, "", "a", "aa", "ab", "é", "2024-01-01", [], [1], [1, 2], [1, 1], [1, 1.0], [1, "a"], ["a"], ["a", "b"], [[], []], [[[]]], [{"a": 1}, {"a": 1.0}],
    {}, {"a": 1}, {"a": "x"}, {"b": 1}, {"a": 1, "b": 2}, {"b": "x"}, {"bb": 1, "cc": "x"}, {"a": [1, 2]}, {"l": {}}, {"l": {"l": {}}}, {"l": {"r": {}}},
]


def schema_cases():
    from jsonschema import Draft202012Validator

    for schema in SCHEMAS:
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        # 0.3 is 2.9999999999999996 times 0.1 to the validator, and three times to people.
        accepted = [validator.is_valid(value) or (schema == {"multipleOf": 0.1} and value == 0.3) for value in VALUES]
        yield {"schema": json.dumps(schema), "values": [json.dumps(v) for v in VALUES], "accepted": accepted}


# ---- Length and repetition -------------------------------------------------------------------------------------------


def curve_cases():
    """The formulas as TRL 1.16 (soft overlong) and open-r1 (cosine, repetition) have them."""
    for maximum, cache, length in itertools.product((10, 16), (1, 4, 10), (0, 1, 5, 6, 7, 9, 10, 11, 16, 17, 40)):
        if length <= maximum - cache:
            value = 0.0
        elif length <= maximum:
            value = (maximum - cache - length) / cache
        else:
            value = -1.0
        yield {"kind": "soft-overlong", "max_length": maximum, "soft_punish_cache": cache, "length": length, "value": value}
    for low, high, length in itertools.product((-1.0, 0.5), (0.75, 1.0), (0, 1, 5, 9, 10)):
        cosine = math.cos(length / 10 * math.pi)
        yield {"kind": "cosine", "max_length": 10, "min_value": low, "max_value": high, "length": length, "value": low + 0.5 * (high - low) * (1.0 + cosine)}


def repetition_cases():
    texts = ["", "one", "one two", "no no no no", "a b a b a b", "The cat the cat THE CAT", "x y z", "a  b\nc a\tb c", "é É e", "1 2 3 4 1 2 3 4 1 2"]
    for text, size, penalty in itertools.product(texts, (1, 2, 3), (-1.0, -0.5, 0.0)):
        words = text.lower().split()
        if text == "" or len(words) < size:
            value = 0.0
        else:
            grams = list(zip(*[words[i:] for i in range(size)]))
            value = (1 - len(set(grams)) / len(grams)) * penalty
        yield {"text": text, "ngram_size": size, "max_penalty": penalty, "value": value}


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, cases in {
        "math_pairs": math_cases(sys.argv[1]),
        "math_forms": form_cases(),
        "regex": regex_cases(),
        "json_schema": schema_cases(),
        "curves": curve_cases(),
        "repetition": repetition_cases(),
    }.items():
        lines = [json.dumps(case, ensure_ascii=False) + "\n" for case in cases]
        (HERE / (name + ".jsonl")).write_text("".join(lines), encoding="utf-8")
        print(name, len(lines))


if __name__ == "__main__":
    main()
