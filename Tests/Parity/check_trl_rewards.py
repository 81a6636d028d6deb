"""Does an unchanged TRL reward function give in Stepwise the advantages that TRL computes?

    python check_trl_rewards.py .build/release/stepwise [--tolerance 1e-6] [--device cuda]

The functions of Tests/Fixtures/plugins/python/trl_rewards.py (one abstains with None, one reads extra columns, log_extra, log_metric
and trainer_state, one is async, one is a callable object) go through TRL's own GRPOTrainer._generate_and_score_completions on a
tiny random model, with completions that are drawn here in place of sampled ones, and through `stepwise advantages`; text and
conversational prompts, each way of scaling and of aggregating. Prints the largest differences of scores and advantages, and fails
(exit status 1) when one is above the tolerance. Needs trl 1.16.
"""
import argparse, importlib.util, json, os, random, shutil, subprocess, sys, tempfile, warnings

ARGUMENTS = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ARGUMENTS.add_argument("stepwise")
ARGUMENTS.add_argument("--tolerance", type=float, default=1e-6)
ARGUMENTS.add_argument("--device", default="cpu")
OPTIONS = ARGUMENTS.parse_args()
if OPTIONS.device == "cpu":
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.update(HF_HUB_OFFLINE="1", WANDB_DISABLED="true", TQDM_DISABLE="1")
warnings.filterwarnings("ignore")
import torch
import trl
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
from trl import GRPOConfig, GRPOTrainer

FIXTURE = os.path.join(os.path.dirname(__file__), "../Fixtures/plugins/python/trl_rewards.py")
WEIGHTS = {"accuracy": 1.0, "shaped": 0.5, "judged": 2.0, "length": 0.25}
GROUPS, GENERATIONS, STEP = 16, 4, 3


def tokenizer():
    characters = [chr(c) for c in range(32, 127)]
    vocabulary = {token: i for i, token in enumerate(["<pad>", "<eos>", "<unk>"] + characters)}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    made = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")
    made.chat_template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    return made


def rows(conversational, rng):
    """One row for each group, and one completion for each generation."""
    made = []
    for index in range(GROUPS):
        text = "What is %d?" % index
        prompt = [{"role": "user", "content": text}] if conversational else text
        made.append({"prompt": prompt, "answer": index, "difficulty": rng.uniform(0, 3)})
    # In one group nothing is a number, in another only one completion is; some are too short for the judge.
    words = ["no idea", "abc", "", "it is", "so, then,"]
    completions = []
    for index in range(GROUPS):
        for generation in range(GENERATIONS):
            text = rng.choice(words)
            if index != 5 and (index != 6 or generation == 0) and rng.random() < 0.8:
                text += " %d" % rng.choice([index, index + 1])
            completions.append(text)
    completions[20:24] = ["abc"] * 4  # A group in which three of the four functions abstain or agree.
    return made, completions


def of_trl(functions, data, completions, tokens, config):
    """Scores and advantages by TRL's own code; only the sampling is replaced."""
    model = Qwen2ForCausalLM(Qwen2Config(
        vocab_size=98, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, tie_word_embeddings=True))
    with tempfile.TemporaryDirectory() as folder:
        trainer = GRPOTrainer(
            model=model, reward_funcs=functions, processing_class=tokenizer(), train_dataset=Dataset.from_list(data),
            args=GRPOConfig(
                output_dir=folder, num_generations=GENERATIONS, per_device_train_batch_size=GROUPS * GENERATIONS,
                max_completion_length=64, reward_weights=[WEIGHTS[f.__name__] for f in functions], report_to="none", use_cpu=OPTIONS.device == "cpu",
                bf16=False, beta=0.0, **config))
        conversational = not isinstance(data[0]["prompt"], str)
        given = [[{"role": "assistant", "content": c}] for c in completions] if conversational else completions

        def generate(prompts):
            """The answer of TRL's _generate, with completions that were given."""
            ids = [trainer.processing_class(str(p))["input_ids"] for p in prompts]
            return ids, tokens, None, given, None, {}, None, None

        trainer._generate = generate
        trainer.state.global_step = STEP
        trainer.model.train()
        inputs = [dict(row) for row in data for _ in range(GENERATIONS)]
        output = trainer._generate_and_score_completions(inputs)
        names = trainer.reward_func_names
        scores = {name: list(trainer._logs["rewards"][name]) for name in names}
        return scores, output["advantages"].double().cpu().tolist()


def of_stepwise(folder, names, data, completions, tokens, config):
    """Scores and advantages by Stepwise, each function as a plugin of its own."""
    batch = os.path.join(folder, "batch.jsonl")
    with open(batch, "w") as file:
        for index, (completion, ids) in enumerate(zip(completions, tokens)):
            row = data[index // GENERATIONS]
            columns = {key: value for key, value in row.items() if key != "prompt"}
            file.write(json.dumps({
                "id": index, "example_id": index // GENERATIONS, "prompt": row["prompt"], "completion": completion,
                "completion_ids": ids, "columns": columns, "step": STEP}) + "\n")
    command = [OPTIONS.stepwise, "advantages", batch, "--json"]
    command += ["--scale-rewards", config.get("scale_rewards", "group")]
    command += ["--multi-objective-aggregation", config.get("multi_objective_aggregation", "sum_then_normalize")]
    for name in names:
        command += ["--reward", "%s=%r" % (name, WEIGHTS[name])]
    environment = dict(os.environ, STEPWISE_PLUGIN_PATH=os.path.join(folder, "plugins"))
    environment.setdefault("XDG_CACHE_HOME", os.path.join(folder, "cache"))
    answer = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    return answer["rewards"], answer["advantages"]


def plugins(folder):
    for name in WEIGHTS:
        path = os.path.join(folder, "plugins", name)
        os.makedirs(path)
        shutil.copy(FIXTURE, path)
        with open(os.path.join(path, "plugin.yaml"), "w") as file:
            file.write(
                "manifest: 1\nid: org.stepwise.parity.%s\nkinds: [reward]\nversion: 1.0.0\nabi: \"1.0\"\n"
                "summary: A reward of TRL.\nruntime: python\npython: {file: trl_rewards.py}\n" % name)


def difference(a, b):
    """NaN of TRL is null here: an abstained score."""
    def number(x):
        return None if x is None or x != x else x
    pairs = [(number(x), number(y)) for x, y in zip(a, b)]
    if len(a) != len(b) or any((x is None) != (y is None) for x, y in pairs):
        return float("inf")
    return max((abs(x - y) for x, y in pairs if x is not None), default=0.0)


def main():
    spec = importlib.util.spec_from_file_location("trl_rewards", FIXTURE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    worst = {"scores": 0.0, "advantages": 0.0}
    compared = abstained = 0
    both = ["accuracy", "judged"]  # Where both abstain, the completion has no score at all.
    cases = [
        (names, config)
        for names in (list(WEIGHTS), both)
        for config in (
            dict(scale_rewards="group"), dict(scale_rewards="batch"), dict(scale_rewards="none"),
            dict(multi_objective_aggregation="normalize_then_sum"),
        )
    ]
    with tempfile.TemporaryDirectory() as folder:
        plugins(folder)
        for conversational in (False, True):
            data, completions = rows(conversational, random.Random(1))
            made = tokenizer()
            tokens = [made(text)["input_ids"] + [made.eos_token_id] for text in completions]
            for names, config in cases:
                functions = [getattr(module, name) for name in names]
                theirs, their_advantages = of_trl(functions, data, completions, tokens, config)
                ours, our_advantages = of_stepwise(folder, names, data, completions, tokens, config)
                scores = max(difference(ours[name], theirs[name]) for name in names)
                advantages = difference(our_advantages, their_advantages)
                worst["scores"] = max(worst["scores"], scores)
                worst["advantages"] = max(worst["advantages"], advantages)
                compared += len(our_advantages)
                abstained += sum(x is None for name in names for x in ours[name])
                print(json.dumps(dict(config, rewards=names, conversational=conversational, scores=scores, advantages=advantages)))
    print(json.dumps({
        "trl": trl.__version__, "torch": torch.__version__, "device": OPTIONS.device, "advantages_compared": compared,
        "abstained_scores": abstained, "max_delta_scores": worst["scores"], "max_delta_advantages": worst["advantages"],
        "tolerance": OPTIONS.tolerance}))
    # Scores are float32 in TRL: a score of 3 has 2e-7 of rounding in it.
    sys.exit(0 if worst["advantages"] <= OPTIONS.tolerance and worst["scores"] <= OPTIONS.tolerance else 1)


if __name__ == "__main__":
    main()
