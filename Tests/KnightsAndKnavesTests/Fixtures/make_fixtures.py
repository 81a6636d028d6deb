"""Writes the fixtures beside this file: python3 make_fixtures.py

An implementation of its own, in plain Python and with Python's regular expressions, of what
Plugins/KnightsAndKnaves and Plugins/gsm8k-reward do. It is written from the published rules, slow and
obvious, and shares nothing with the Swift and C code. The output does not depend on the machine.
"""

import itertools
import json
import pathlib
import random
import re

HERE = pathlib.Path(__file__).parent
NAMES = ["Emma", "Liam", "Olivia", "Noah", "Ava", "Ethan", "Sophia", "Sofia", "Zoey", "Jack", "Jackson", "Luke"]


# Puzzles ------------------------------------------------------------------------------------------


def leaf(rng, speaker, n):
    while True:
        tag, person = rng.choice(["telling-truth", "lying"]), rng.randrange(n)
        if (tag, person) != ("lying", speaker):
            return (tag, person)


def statement(rng, speaker, n, depth, width):
    face = rng.randrange(6)
    if depth == 1 or face == 0:
        return leaf(rng, speaker, n)
    tag = ["", "not", "and", "or", "->", "<=>"][face]
    count = 1 if tag == "not" else rng.randint(2, width) if tag in ("and", "or") else 2
    children = []
    while len(children) < count:
        child = statement(rng, speaker, n, depth - 1, width)
        if child not in children:
            children.append(child)
    return (tag, *children)


def truth(s, world):
    tag, args = s[0], s[1:]
    if tag == "telling-truth":
        return world[args[0]]
    if tag == "lying":
        return not world[args[0]]
    values = [truth(a, world) for a in args]
    return {
        "not": lambda: not values[0],
        "and": lambda: all(values),
        "or": lambda: any(values),
        "->": lambda: not values[0] or values[1],
        "<=>": lambda: values[0] == values[1],
    }[tag]()


def solutions(statements):
    worlds = itertools.product([True, False], repeat=len(statements))
    return [list(w) for w in worlds if all(truth(s, w) == w[i] for i, s in enumerate(statements))]


def depth_of(s):
    return 1 if s[0] in ("telling-truth", "lying") else 1 + max(depth_of(c) for c in s[1:])


def mentioned(s):
    people = [s[1]] if s[0] in ("telling-truth", "lying") else [p for c in s[1:] for p in mentioned(c)]
    return list(dict.fromkeys(people))


# Text ---------------------------------------------------------------------------------------------

TEMPLATES = [
    "{n} said that {s}.", "{n} told you that {s}.", '{n} said, "{s}."', '{n} stated, "{s}".',
    'According to {n}, "{s}".', "In {n}'s words: \"{s}\".", '{n} remarked, "{s}".', '"{s}," {n} declared.',
    '{n} was heard saying, "{s}".', "{n} expressed that {s}.", '"{s}" - {n}.', 'As {n} put it, "{s}".',
    '{n} asserted: "{s}".', '"{s}," {n} mentioned.', '{n} commented, "{s}".',
    'In a statement by {n}: "{s}".', '{n} noted, "{s}".', '"{s}," {n} claimed.',
]


def english(s, names):
    def operand(child):
        return english(child, names) if depth_of(child) == 1 else f"({english(child, names)})"

    tag, args = s[0], s[1:]
    if tag in ("telling-truth", "lying"):
        return f"{names[args[0]]} is a {'knight' if tag == 'telling-truth' else 'knave'}"
    if tag == "not":
        if depth_of(args[0]) == 1:
            return english(args[0], names).replace(" is a ", " is not a ")
        return f"it is not the case that {operand(args[0])}"
    if tag == "->":
        return f"If {operand(args[0])} then {operand(args[1])}"
    return {"and": " and ", "or": " or ", "<=>": " if and only if "}[tag].join(map(operand, args))


def quiz(statements, names, templates):
    sentences = " ".join(
        TEMPLATES[t].format(n=n, s=english(s, names)) for s, n, t in zip(statements, names, templates)
    )
    people = ", ".join(names[:-1]) + ", and " + names[-1]
    return (
        "A very special island is inhabited only by knights and knaves. Knights always tell the truth, and "
        f"knaves always lie. You meet {len(names)} inhabitants: {people}. {sentences} "
        "So who is a knight and who is a knave?"
    )


def role(is_knight):
    return "knight" if is_knight else "knave"


def numbered(names, solution):
    return "\n".join(f"({i + 1}) {n} is a {role(k)}" for i, (n, k) in enumerate(zip(names, solution)))


# Chain of thought ---------------------------------------------------------------------------------


def contradicted(statements, known):
    """The first person whose role and statement no completion of the unknown people reconciles."""
    for person in sorted(known):
        free = [p for p in range(len(statements)) if p not in known]
        possible = False
        for values in itertools.product([True, False], repeat=len(free)):
            world = {**known, **dict(zip(free, values))}
            possible = possible or truth(statements[person], world) == known[person]
        if not possible:
            return person
    return None


def search(statements):
    n = len(statements)
    known, order, cursor, steps = {}, list(range(n)), 0, []
    untried = {p: [True, False] for p in range(n)}
    while cursor < n:
        if not untried[order[cursor]]:
            exhausted = []
            while cursor >= 0 and not untried[order[cursor]]:
                person = order[cursor]
                untried[person] = [True, False]
                known.pop(person)
                exhausted.append(person)
                cursor -= 1
            if cursor < 0:
                return steps, False
            steps.append(("reconsider", order[cursor], exhausted))
        person = order[cursor]
        known[person] = untried[person].pop(0)
        clash = contradicted(statements, known)
        if clash is not None:
            steps.append(("conflict", person, known[person], clash, known[clash], dict(known)))
            continue
        steps.append(("ok", person, known[person], dict(known)))
        cursor += 1
        rest = order[cursor:]
        first = [p for p in mentioned(statements[person]) if p in rest]
        order[cursor:] = first + [p for p in rest if p not in first]
    return steps, True


def cot(steps, statements, names, claims):
    def claim(person):
        return f" that {english(statements[person], names)}" if claims else ""

    texts = []
    for step in steps:
        if step[0] == "ok":
            text = f"Assume {names[step[1]]} is a {role(step[2])}."
            if claims:
                kind = "claim" if step[2] else "false claim"
                text += f" No contradiction is found in their {kind}{claim(step[1])}."
        elif step[0] == "conflict":
            kind = "claim" if step[4] else "false claim"
            owner = "their own" if step[1] == step[3] else names[step[3]]
            text = (
                f"{names[step[1]]} cannot be a {role(step[2])}, because this would contradict the "
                f"{kind} of {owner}{claim(step[3])}."
            )
        else:
            e = [names[p] for p in step[2]]
            gone = e[0] if len(e) == 1 else " and ".join(e) if len(e) == 2 else ", ".join(e[:-1]) + f", and {e[-1]}"
            text = f"We have exhausted all possibilities for {gone}, so let us go back and reconsider {names[step[1]]}."
        texts.append(text)
    return texts


# Terse form ---------------------------------------------------------------------------------------


def terse(s, names):
    def operand(child):
        return terse(child, names) if depth_of(child) == 1 else f"( {terse(child, names)} )"

    tag, args = s[0], s[1:]
    if tag in ("telling-truth", "lying"):
        return f"{names[args[0]]} {role(tag == 'telling-truth')}"
    if tag == "not":
        return f"not {operand(args[0])}"
    if tag == "->":
        return f"if {operand(args[0])} then {operand(args[1])}"
    return {"and": " and ", "or": " or ", "<=>": " iff "}[tag].join(map(operand, args))


def terse_prompt(statements, names):
    return " ; ".join(f"{n} says {terse(s, names)}" for n, s in zip(names, statements)) + " ?"


def terse_completion(steps, names, solution, checks):
    words = []
    for step in steps:
        if step[0] == "reconsider":
            words.append(f"reconsider {names[step[1]]} .")
            continue
        known = step[-1]
        clash = step[3] if step[0] == "conflict" else None
        if checks:
            verdicts = []
            for person in sorted(known):
                verdicts.append(f"{names[person]} {'clash' if person == clash else 'ok'}")
                if person == clash:
                    break
            verdict = " ".join(verdicts)
        else:
            verdict = "ok" if clash is None else f"clash {names[clash]}"
        words.append(f"assume {names[step[1]]} {role(step[2])} {verdict} .")
    words.append("answer " + " ".join(f"{n} {role(k)}" for n, k in zip(names, solution)))
    return " ".join(words)


# Canonical form -----------------------------------------------------------------------------------


def unordered(s, numbering):
    if s[0] in ("telling-truth", "lying"):
        return (s[0], numbering[s[1]])
    children = [unordered(c, numbering) for c in s[1:]]
    return (s[0], *(children if s[0] == "->" else sorted(children, key=repr)))


def canonical(statements):
    forms = []
    for numbering in itertools.permutations(range(len(statements))):
        spoken = {numbering[i]: repr(unordered(s, numbering)) for i, s in enumerate(statements)}
        forms.append(repr(sorted(spoken.items())))
    return min(forms)


def renamed(rng, statements):
    """The same puzzle with people renumbered and the children of commutative operators shuffled."""
    numbering = list(range(len(statements)))
    rng.shuffle(numbering)

    def rebuilt(s):
        if s[0] in ("telling-truth", "lying"):
            return (s[0], numbering[s[1]])
        children = [rebuilt(c) for c in s[1:]]
        if s[0] != "->":
            rng.shuffle(children)
        return (s[0], *children)

    result = [None] * len(statements)
    for i, s in enumerate(statements):
        result[numbering[i]] = rebuilt(s)
    return result


# Rewards ------------------------------------------------------------------------------------------


def gold_of(text):
    gold = {}
    for line in text.split("\n"):
        line = line.strip()
        match = re.search(r"\b([A-Za-z]+)\b.*?\b(knight|knave)\b", line, re.IGNORECASE)
        if match:
            gold[match.group(1)] = match.group(2).lower()
    return gold


def score_tagged(prompt, completion, solution):
    text = prompt + completion
    found = True
    if "Assistant:" in text:
        text = text.split("Assistant:", 1)[1]
    elif "<|im_start|>assistant" in text:
        text = text.split("<|im_start|>assistant", 1)[1]
    else:
        found = False
    answers = re.findall(r"<answer>(.*?)</answer>", text, re.DOTALL) if found else []
    tags = ["<think>", "</think>", "<answer>", "</answer>"]
    places = [text.find(t) for t in tags]
    good = all(text.count(t) == 1 for t in tags) and places == sorted(places)
    if not good:
        return -3
    if not answers or not answers[-1].strip():
        return -1
    answer = answers[-1].strip()
    gold, said = gold_of(solution), {}
    if answer.lower().count("knight") + answer.lower().count("knave") != len(gold):
        return -1
    for name in gold:
        match = re.search(rf"\b{re.escape(name)}\b\s+is\s+a\s+\b(knight|knave)\b", answer, re.IGNORECASE)
        if not match:
            return -1
        said[name] = match.group(1).lower()
    return 3 if said == gold else -0.5


def score_conclusion(completion, solution):
    lines = [re.sub(r"^\(\d+\) ", "", line) for line in solution.split("\n")]
    judged = None
    for marker in ("CONCLUSION:", "Conclusion:", "conclusion:"):
        if marker in completion:
            judged = completion.split(marker, 1)[1]
            break
    if judged is None:
        if not all(f"({i + 1})" in completion for i in range(len(lines))):
            return -3
        judged = completion
    for stop in ("### Reason", "Let's think step by step again", "let's go back and check", "###"):
        judged = judged.split(stop)[0]
    if f"({len(lines) + 1})" in judged or "if" in judged:
        return -0.5
    return 3 if all(line in judged for line in lines) else -0.5


def score_terse(completion, solution):
    gold = gold_of(solution)
    kept = re.sub(r"(\s*(<[^<>\s]+>|\[[^\[\]\s]+\]))*\s*$", "", completion)
    text = " ".join(kept.split())
    match = re.fullmatch(r"(.*?\s)?answer((?: \S+ (?:knight|knave))+)", text)
    if not match or text.split().count("answer") != 1:
        return -3
    pairs = re.findall(r" (\S+) (knight|knave)", match.group(2))
    if any(name in ("knight", "knave") for name, _ in pairs):
        return -3
    if sorted(name for name, _ in pairs) != sorted(gold):
        return -1
    return 3 if dict(pairs) == gold else -0.5


def reward_cases(rng):
    cases = []

    def add(form, prompt, completion, solution):
        score = {
            "logic-rl": lambda: score_tagged(prompt, completion, solution),
            "text": lambda: score_conclusion(completion, solution),
            "terse": lambda: score_terse(completion, solution),
        }[form]()
        cases.append(dict(form=form, prompt=prompt, completion=completion, solution=solution, score=score))

    pieces = [
        "<think>", "</think>", "<answer>", "</answer>", "Assistant:", "<|im_start|>assistant", " ", "\n", "is a ",
        "knight", "knave", "Knights", "K", "\u212a", "\u0131", "\u0130", "\u017f", "\u00a0", "\u2028", "_", "(1)", ".", "is  a\t",
    ]
    for _ in range(320):
        n = rng.randint(2, 4)
        names = rng.sample(NAMES, n)
        solution = [rng.random() < 0.5 for _ in names]
        gold = numbered(names, solution)
        prompt = rng.choice(["<|im_start|>assistant\n<think>", "User:Q\nAssistant: <think>"])
        said = [k if rng.random() < 0.85 else not k for k in solution]
        lines = [f"({i + 1}) {name} is a {role(k)}" for i, (name, k) in enumerate(zip(names, said))]
        rng.random() < 0.2 and rng.shuffle(lines)
        body = f" hm </think>\n<answer>{rng.choice([chr(10), ', '])}".replace(", ", "") + "\n".join(lines) + "</answer>"
        for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
            at = rng.randrange(len(body) + 1)
            kind = rng.randrange(4)
            piece = rng.choice(pieces + names)
            if kind == 0:
                body = body[:at] + piece + body[at:]
            elif kind == 1:
                body = body[:at] + body[at + rng.randint(1, 3):]
            elif kind == 2:
                old, new = rng.choice([("k", "\u212a"), ("i", "\u0131"), ("i", "\u0130"), ("s", "\u017f"), (" ", "\u00a0"), (" ", "  "), ("a ", "A ")])
                body = body.replace(old, new, rng.randint(1, 3))
            else:
                word = rng.choice(["knight", "knave", *names])
                body = body.replace(word, rng.choice([word.upper(), word + "s", word + "\u00e9", "x" + word, word + "_", word + "\u0301", word + "\u00b2"]), 1)
        add("logic-rl", prompt, body, gold)
    for _ in range(110):
        n = rng.randint(2, 4)
        names = rng.sample(NAMES, n)
        solution = [rng.random() < 0.5 for _ in names]
        said = [k if rng.random() < 0.85 else not k for k in solution]
        lines = numbered(names, said)
        text = rng.choice(["Hm, if so. ", "", "(1) (2) (3) "]) + rng.choice(["CONCLUSION:", "Conclusion:", "conclusion:", "", "CONCLUSION"])
        text += rng.choice(["\n", " "]) + lines + rng.choice(["", "\n### Reason", f"\n({n + 1}) x", " if", "###\nCONCLUSION: (9)", "\nlet's go back and check if"])
        for _ in range(rng.choice([0, 0, 1, 2])):
            at = rng.randrange(len(text))
            text = text[:at] + text[at + 1:]
        add("text", "", text, numbered(names, solution))
    for _ in range(170):
        n = rng.randint(2, 4)
        names = rng.sample(NAMES, n)
        solution = [rng.random() < 0.5 for _ in names]
        words = "assume Emma knight ok .".split() * rng.randint(0, 2) + ["answer"]
        for name, k in zip(names, solution):
            words += [name, role(k if rng.random() < 0.85 else not k)]
        words += rng.choice([[], [], ["<eos>"], ["<|im_end|>", "<pad>"], ["."], ["[EOS]"], ["<>"], ["x>"], ["< a>"]])
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
            at = rng.randrange(len(words) + 1)
            choice = rng.randrange(3)
            if choice == 0:
                words.insert(at, rng.choice(["answer", "knight", "knave", "ok", "<eos>", *names]))
            elif choice == 1:
                words = words[:at]
            elif at < len(words):
                words.pop(at)
        text = rng.choice([" ", "  ", "\n"]).join(words)
        text = text.replace(" <", "<") if rng.random() < 0.3 else text
        add("terse", "", text, numbered(names, solution))
    return cases


# GSM8K --------------------------------------------------------------------------------------------


def gsm8k_cases(rng):
    pieces = ["#### ", "####", "-", "1", "42", "1,234", ".", ",", "$", " ", "\n", "x", "\u0663", "\u2212", "0", "007", "3.50", "%", "\u00e9", "\0", "-5", "# "]
    cases = []
    for _ in range(300):
        text = "".join(rng.choice(pieces) for _ in range(rng.randint(0, 12)))
        strict = re.search(r"#### (\-?[0-9\.\,]+)", text)
        numbers = re.findall(r"(\-?[0-9\.\,]+)", text)
        flexible = next((x for x in reversed(numbers) if x not in ("", ".")), numbers[0] if numbers else None)
        cases.append(
            dict(text=text, strict=strict.group(1).strip().replace(",", "") if strict else None, flexible=flexible)
        )
    return cases


# Files --------------------------------------------------------------------------------------------


def write(name, rows):
    with open(HERE / name, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")


def puzzle_rows(rng):
    rows = []
    while len(rows) < 42:
        n = 2 + len(rows) % 7
        depth, width = (2, 2) if len(rows) % 4 else (3, 3)
        statements = [statement(rng, i, n, depth, width) for i in range(n)]
        found = solutions(statements)
        if len(found) != 1:
            continue
        names = rng.sample(NAMES, n)
        templates = [rng.randrange(18) for _ in names]
        steps, solved = search(statements)
        assert solved
        rows.append(
            dict(
                statements=statements, names=names, templates=templates, solution=found[0],
                quiz=quiz(statements, names, templates), numbered=numbered(names, found[0]),
                cot=cot(steps, statements, names, True), cot_short=cot(steps, statements, names, False),
                terse_prompt=terse_prompt(statements, names),
                terse_short=terse_completion(steps, names, found[0], False),
                terse_checks=terse_completion(steps, names, found[0], True),
            )
        )
    return rows


def unsolved_rows(rng):
    """Statements with no solution or several: the solver's count and order, and a search that may fail."""
    rows = []
    while len(rows) < 24:
        n = 2 + len(rows) % 4
        statements = [statement(rng, i, n, 2, 2) for i in range(n)]
        found = solutions(statements)
        if len(found) == 1 or (len(found) == 0) != (len(rows) % 2 == 0):
            continue
        steps, solved = search(statements)
        names = NAMES[:n]
        rows.append(dict(statements=statements, solutions=found, solved=solved, cot=cot(steps, statements, names, True)))
    return rows


def class_rows(rng):
    """Groups of statement lists; two lists have the same `form` exactly when they are renamings."""
    rows, ids = [], {}
    for index in range(90):
        n = 2 + index % 3
        statements = [statement(rng, i, n, 2 + index % 2, 2) for i in range(n)]
        for variant in (statements, renamed(rng, statements), renamed(rng, statements)):
            form = ids.setdefault(canonical(variant), len(ids))
            rows.append(dict(statements=variant, form=form))
    return rows


def main():
    write("puzzles.jsonl", puzzle_rows(random.Random(1)))
    write("unsolved.jsonl", unsolved_rows(random.Random(2)))
    write("classes.jsonl", class_rows(random.Random(3)))
    write("rewards.jsonl", reward_cases(random.Random(4)))
    write("gsm8k.jsonl", gsm8k_cases(random.Random(5)))


if __name__ == "__main__":
    main()
