"""Writes chat.json beside itself: real chat templates, rendered by transformers.

Run: python make_chat_fixtures.py [NAME ... | --all FILE]    (trl 1.16, transformers 5.23.0)

The templates are those that the package `trl` (Apache-2.0) carries; the `_training` ones mark what the assistant
writes with {% generation %}. --all writes all of them to another file, for a check that is not kept.
"""
import json
import pathlib
import sys

import trl
from transformers.utils.chat_template_utils import render_jinja_template

HERE = pathlib.Path(__file__).parent
TEMPLATES = pathlib.Path(trl.__file__).parent / "chat_templates"
NAMES = ["llama3", "llama3_1", "llama3_training", "qwen2_5_training", "qwen3_training"]
TOOLS = [{"type": "function", "function": {"name": "weather", "description": "Today's \"weather\"", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "description": "Stadt, z. B. Köln"}, "days": {"type": "integer"}}, "required": ["city"]}}}]
user, assistant = (lambda text: {"role": "user", "content": text}), (lambda text, **more: {"role": "assistant", "content": text} | more)
CALL = {"type": "function", "function": {"name": "weather", "arguments": {"city": "Köln", "days": 2}}}
CASES = {
    "one turn": [user("Hi")],
    "answered": [user("Hi"), assistant("Yo 世界 é\n")],
    "system": [{"role": "system", "content": " Be brief. "}, user("2 + 2?"), assistant("4"), user("3 + 3?"), assistant("6")],
    "reasoning": [user("2 + 2?"), assistant("4", reasoning_content="Two and two."), user("And 3?"), assistant("6", reasoning_content="Three\n\nmore.")],
    "think tags": [user("2 + 2?"), assistant("<think>\nTwo.\n</think>\n\n4"), user("ok"), assistant("<think>\n\n</think>\n\nBye")],
    "tool": [user("Weather?"), assistant("", tool_calls=[CALL]), {"role": "tool", "name": "weather", "content": "{\"sun\": true}"}, assistant("Sun.")],
    "two system": [{"role": "system", "content": "a"}, {"role": "system", "content": "b"}, user("c")],
    "assistant first": [assistant("Hello"), user("Hi"), assistant("Yes?")],
    "blocks": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, assistant("Yo")],
    "odd role": [{"role": "critic", "content": "No."}],
}


def rows(name):
    source = (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")
    values = dict(bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>", date_string="26 Jul 2024")
    cases = []
    for case, messages in CASES.items():
        for tools in (None, TOOLS):
            for prompt in (False, True):
                row = dict(case=case, tools=tools is not None, prompt=prompt)
                mark = not prompt and "endgeneration" in source
                try:
                    texts, marks = render_jinja_template([messages], tools=tools, chat_template=source, add_generation_prompt=prompt,
                                                         return_assistant_tokens_mask=mark, **values)
                    row["text"] = texts[0]
                    if mark:
                        size = lambda n: len(texts[0][:n].encode())
                        row["generated"] = [[size(a), size(b)] for a, b in marks[0]]
                except Exception as error:
                    row["error"] = f"{type(error).__name__}: {error}"
                cases.append(row)
    return dict(name=name, template=source, values=values, rows=cases)


def main():
    names, target = sys.argv[1:] or NAMES, HERE / "chat.json"
    if names[0] == "--all":
        names, target = sorted(path.stem for path in TEMPLATES.glob("*.jinja")), pathlib.Path(names[1])
    entries = [dict(tools=TOOLS, messages=CASES), *map(rows, names)]
    text = "[\n" + ",\n".join(json.dumps(x, ensure_ascii=False) for x in entries) + "\n]\n"
    target.write_text(text, encoding="utf-8")


main()
