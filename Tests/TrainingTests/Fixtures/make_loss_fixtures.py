"""Fixtures of the losses, advantages, schedules and defaults, from TRL and transformers themselves.

    python make_loss_fixtures.py          writes policy_loss.json, sft_loss.json, advantages.json, schedules.json
                                          and defaults.json beside this script

Needs torch, transformers 5.23.0 and trl 1.16.0 (CPU). No formula is written down here: `GRPOTrainer._compute_loss`,
`GRPOTrainer._generate_and_score_completions` and `SFTTrainer.compute_loss` are called as they stand, on a stand-in for `self`
that has just the attributes they read, with log-probabilities from a seeded generator in place of a model. Losses and
gradients are computed in float64 from inputs that float32 holds exactly (multiples of 1/4096), so that the tests' tolerance
covers the code under test alone. Advantages are TRL's float32.
"""
import json, logging, os, types, warnings
from collections import defaultdict
os.environ.update(CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1", TRL_EXPERIMENTAL_SILENCE="1")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
import torch
import transformers
import trl
from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer
from transformers import get_scheduler

assert trl.__version__ == "1.16.0" and transformers.__version__ == "5.23.0", (trl.__version__, transformers.__version__)
HERE = os.path.dirname(os.path.abspath(__file__))
ACCELERATOR = types.SimpleNamespace(
    num_processes=1, process_index=0, is_main_process=True, sync_gradients=True, device=torch.device("cpu"), reduce=lambda x, reduction: x,
    gather=lambda x: x, gather_for_metrics=lambda x: x, parallelism_config=None)


def grid(x):
    """Rounded to multiples of 1/4096: exact in float32 and short in JSON."""
    return (x * 4096).round() / 4096


def numbers(x):
    return [float(f"{v:.10g}") for v in x.flatten().tolist()]


def write(name, value):
    path = os.path.join(HERE, name)
    with open(path, "w") as f:
        json.dump(value, f, separators=(",", ":"))
        f.write("\n")
    print(name, os.path.getsize(path))


# --- policy loss -----------------------------------------------------------------------------------------------------

def policy_inputs(seed, lengths):
    g = torch.Generator().manual_seed(seed)
    B, T = len(lengths), max(lengths)
    normal = lambda *shape: torch.randn(*shape, generator=g, dtype=torch.float64)
    logp = grid(-normal(B, T).abs() * 1.2 - 0.02)
    # Noise per token and a drift per sequence: both levels meet both clips, and delta.
    old = grid(logp + 0.35 * normal(B, T) + 0.35 * normal(B, 1))
    ref = grid(logp + 0.3 * normal(B, T))
    entropy = grid(normal(B, T).abs())
    advantages = grid(normal(B))
    advantages[2] = 0.0
    token_advantages = grid(normal(B, T))
    mask = torch.zeros(B, T, dtype=torch.long)
    for row, n in enumerate(lengths):
        mask[row, :n] = 1
    return dict(lengths=lengths, logp=logp, old=old, ref=ref, entropy=entropy, advantages=advantages,
                token_advantages=token_advantages, mask=mask)


def policy_case(data, config, *, old, masked=(), per_token=False, accumulation=1, steps_per_generation=None, items=None):
    """Runs TRL's `_compute_loss` and torch's autograd on one micro-batch."""
    args = GRPOConfig(output_dir="unused", use_cpu=True, bf16=False, report_to="none", **config)
    mask = data["mask"].clone()
    for row in masked:  # what mask_truncated_completions does, in _generate_and_score_completions
        mask[row] = 0
    logp = data["logp"].clone().requires_grad_(True)
    metrics = {"train": defaultdict(list)}
    stand_in = types.SimpleNamespace(
        _get_per_token_logps_and_entropies=lambda *a, **k: (logp, data["entropy"], None),
        accelerator=ACCELERATOR, args=args, model=types.SimpleNamespace(training=True), _metrics=metrics,
        current_gradient_accumulation_steps=accumulation, beta=args.beta, loss_type=args.loss_type,
        importance_sampling_level=args.importance_sampling_level, epsilon_low=args.epsilon,
        epsilon_high=args.epsilon_high if args.epsilon_high is not None else args.epsilon,
        max_completion_length=args.max_completion_length, top_entropy_quantile=args.top_entropy_quantile,
        off_policy_mask_threshold=None, use_vllm=False, aux_loss_enabled=False, _entropy_bonus_enabled=False)
    args.steps_per_generation = steps_per_generation or accumulation
    items = int(mask.sum()) if items is None else items
    inputs = dict(
        prompt_ids=torch.zeros(len(mask), 1, dtype=torch.long), prompt_mask=torch.ones(len(mask), 1, dtype=torch.long),
        completion_ids=torch.zeros_like(mask), completion_mask=mask, num_items_in_batch=torch.tensor(items),
        advantages=data["token_advantages"] if per_token else data["advantages"])
    if old:
        inputs["old_per_token_logps"] = data["old"]
    if args.beta != 0:
        inputs["ref_per_token_logps"] = data["ref"]
    loss = GRPOTrainer._compute_loss(stand_in, stand_in.model, inputs)
    loss.backward()
    kept = ["beta", "loss_type", "importance_sampling_level", "epsilon", "epsilon_high", "delta", "use_bias_correction_kl",
            "max_completion_length"]
    flat = torch.cat([logp.grad[row, :n] for row, n in enumerate(data["lengths"])])
    assert torch.isfinite(flat).all()
    return {
        "config": {k: getattr(args, k) for k in kept}, "old": old, "masked": list(masked), "per_token": per_token,
        "accumulation_steps": accumulation, "steps_per_generation": args.steps_per_generation, "items_in_batch": items,
        "loss": float(loss.detach()), "coefficients": numbers(flat), "metrics": {k: v[0] for k, v in metrics["train"].items()}}


def policy_loss():
    sets, cases = [], []
    for seed, lengths in ((1, [7, 3, 5, 1, 9, 6]), (12, [4, 8, 2, 5, 6, 3])):
        data = policy_inputs(seed, lengths)
        flat = lambda x: [float(v) for row, n in enumerate(lengths) for v in x[row, :n]]
        sets.append({"lengths": lengths, "logp": flat(data["logp"]), "old": flat(data["old"]), "ref": flat(data["ref"]),
                     "entropy": flat(data["entropy"]), "advantages": data["advantages"].tolist(),
                     "token_advantages": flat(data["token_advantages"])})

        def add(name, config, **options):
            cases.append({"name": name, "set": len(sets) - 1,
                          **policy_case(data, {"max_completion_length": 12, **config}, **options)})

        kinds = ["grpo", "bnpo", "dr_grpo", "dapo", "cispo"]
        kls = {"none": dict(beta=0.0), "corrected": dict(beta=0.07), "plain": dict(beta=0.07, use_bias_correction_kl=False)}
        if len(sets) == 1:
            for kind in kinds:
                base = dict(loss_type=kind, **({"epsilon_high": 1.3} if kind == "cispo" else {}))
                for level in ("token", "sequence"):
                    for old in (False, True):
                        for kl, extra in kls.items():
                            add(f"{kind} {level} old={old} kl={kl}",
                                dict(base, importance_sampling_level=level, **extra), old=old)
        else:
            for kind in kinds:
                high = {"epsilon_high": 1.2} if kind == "cispo" else {"epsilon": 0.1, "epsilon_high": 0.35}
                for level in ("token", "sequence"):
                    base = dict(loss_type=kind, importance_sampling_level=level, **kls["corrected"])
                    add(f"{kind} {level} asymmetric, masked", dict(base, **high), old=True, masked=[4])
                    add(f"{kind} {level} per token", dict(base, **high), old=True, per_token=True, masked=[3])
                    if kind != "cispo":
                        add(f"{kind} {level} delta", dict(base, delta=1.3), old=True)
                        add(f"{kind} {level} delta below the clip", dict(base, delta=1.1), old=True)
                add(f"{kind} accumulated", dict(loss_type=kind, beta=0.07), old=True, accumulation=2, items=70)
                add(f"{kind} reused generation batch", dict(loss_type=kind, beta=0.07), old=True, accumulation=2,
                    steps_per_generation=8, items=150)
                add(f"{kind} all masked", dict(loss_type=kind, beta=0.07), old=True, masked=range(6))
                add(f"{kind} all masked, sequence", dict(loss_type=kind, importance_sampling_level="sequence"), old=False,
                    masked=range(6))
    for which in range(len(sets)):  # both clips must be met, or the cases show little
        for level in ("token", "sequence"):
            met = [c["metrics"] for c in cases if c["set"] == which and c["config"]["importance_sampling_level"] == level]
            for side in ("low", "high"):
                assert any(m.get(f"clip_ratio/{side}_mean", 0) > 0 for m in met), (which, level, side)
    for case in cases:  # NaN (no unmasked sequence) is not JSON
        case["metrics"] = {k: (None if v != v else v) for k, v in case["metrics"].items()}
    write("policy_loss.json", {"sets": sets, "cases": cases})


# --- supervised loss -------------------------------------------------------------------------------------------------

def sft_loss():
    cases = []
    for kind in ("nll", "dft"):
        for items in (None, 40, 0):
            g = torch.Generator().manual_seed(9)
            lengths = [] if items == 0 else [5, 2, 8]
            N = sum(lengths)
            logp = grid(-torch.randn(N, generator=g, dtype=torch.float64).abs() * 1.3 - 0.01).requires_grad_(True)
            entropy = grid(torch.randn(N, generator=g, dtype=torch.float64).abs())
            top = torch.rand(N, generator=g) < 0.6
            outputs = types.SimpleNamespace(log_probs=logp, label_mask=torch.ones(N, dtype=torch.bool), entropy=entropy,
                                            is_top1=top)
            metrics = {"train": defaultdict(list)}
            model = lambda **kwargs: outputs
            stand_in = types.SimpleNamespace(
                model=types.SimpleNamespace(training=True), accelerator=ACCELERATOR, aux_loss_enabled=False,
                compute_loss_func=None, label_smoother=None, _metrics=metrics, _total_train_tokens=0, _tp_size=1,
                get_tp_size=lambda: 1, args=types.SimpleNamespace(loss_type=kind, average_tokens_across_devices=True))
            inputs = {"labels": None, "attention_mask": torch.ones(1, max(N, 1))}
            loss = SFTTrainer.compute_loss(stand_in, model, inputs, num_items_in_batch=None if items is None else torch.tensor(items))
            if N:
                loss.backward()
            cases.append({
                "loss_type": kind, "items": items, "lengths": lengths, "logp": logp.tolist(), "entropy": entropy.tolist(),
                "top": top.tolist(), "loss": float(loss.detach()), "coefficients": numbers(logp.grad) if N else [],
                "mean_token_accuracy": metrics["train"]["mean_token_accuracy"][0], "mean_entropy": metrics["train"]["entropy"][0]})
    write("sft_loss.json", cases)


# --- advantages ------------------------------------------------------------------------------------------------------

def advantage_case(raw, group_size, weights, aggregation, scaling):
    """Runs TRL's `_generate_and_score_completions` with rewards that say what `raw` says."""
    B, F = len(raw), len(raw[0])
    columns = iter(range(F))
    functions = [(lambda column: lambda **k: [row[column] for row in raw])(column) for column in columns]
    metrics = {"train": defaultdict(list)}
    logs = {"prompt": [], "completion": [], "rewards": defaultdict(list), "advantages": [], "extra": defaultdict(list)}
    stand_in = types.SimpleNamespace(
        accelerator=ACCELERATOR, model=types.SimpleNamespace(training=True), environment_factories=None, environments=None,
        tools=[], _generate=lambda prompts: ([[3]] * B, [[4, 1]] * B, None, ["x"] * B, None, {}, None, None),
        _tokenizer=types.SimpleNamespace(pad_token_id=0), pad_to_multiple_of=None, mask_truncated_completions=False,
        args=types.SimpleNamespace(per_device_train_batch_size=B, steps_per_generation=1, gradient_accumulation_steps=1,
                                   gradient_checkpointing_kwargs=None, gradient_checkpointing=False, report_to=[]),
        num_iterations=1, use_vllm=False, beta=0.0, num_generations=group_size, num_generations_eval=group_size,
        reward_funcs=functions, reward_processing_classes=[None] * F, reward_func_names=[f"f{i}" for i in range(F)],
        reward_weights=torch.tensor(weights), multi_objective_aggregation=aggregation, scale_rewards=scaling,
        state=types.SimpleNamespace(global_step=0),
        _log_completion_extra=None, _log_metric=None, _metrics=metrics, _logs=logs, _pending_extra_logs={},
        _pending_metrics={})
    stand_in._calculate_rewards = types.MethodType(GRPOTrainer._calculate_rewards, stand_in)
    output = GRPOTrainer._generate_and_score_completions(stand_in, [{"prompt": "p"}] * B)
    metrics = {k: (None if v[0] != v[0] else v[0]) for k, v in metrics["train"].items()}
    return {"num_generations": group_size, "reward_weights": weights, "multi_objective_aggregation": aggregation,
            "scale_rewards": scaling, "rewards": raw, "advantages": numbers(output["advantages"]), "metrics": metrics}


def advantages():
    import trl.trainer.grpo_trainer as module
    from contextlib import nullcontext
    module.gather = lambda x: x
    module.gather_object = lambda x: x
    module.profiling_context = lambda *a: nullcontext()
    module.disable_gradient_checkpointing = lambda *a: nullcontext()
    g = torch.Generator().manual_seed(4)
    draw = lambda rows, columns: [[round(float(x), 2) for x in row] for row in torch.randn(rows, columns, generator=g)]
    plain = draw(8, 1)
    two = draw(12, 2)
    two[0][1] = None            # abstained once
    two[5] = [None, None]       # unscorable
    for row in range(8, 12):
        two[row] = [0.25, 0.25]  # a group without spread
    lonely = draw(8, 2)
    for row in (0, 1, 2):       # one scored sample in a group, of both functions and of one
        lonely[row] = [None, None]
    for row in (4, 5, 6):
        lonely[row][1] = None
    silent = [[None], [None], [None], [None], [1.0], [0.0], [0.0], [1.0]]
    cases = []
    for raw, size, weights in ((plain, 4, [1.0]), (two, 4, [1.0, 0.5]), (two, 6, [0.3, 2.0]), (lonely, 4, [1.0, 1.0]),
                               (silent, 4, [1.0])):
        for aggregation in ("sum_then_normalize", "normalize_then_sum"):
            for scaling in ("group", "batch", "none"):
                cases.append(advantage_case(raw, size, weights, aggregation, scaling))
    write("advantages.json", cases)


# --- schedules and defaults ------------------------------------------------------------------------------------------

def schedules():
    cases = []
    for kind in ("linear", "cosine", "constant", "constant_with_warmup"):
        for warmup, total in ((0, 10), (3, 10), (10, 10), (12, 10), (1, 1), (7, 40)):
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
            scheduler = get_scheduler(kind, optimizer, num_warmup_steps=warmup, num_training_steps=total)
            factors = []
            for _ in range(total + 3):
                factors.append(scheduler.get_last_lr()[0])  # what the optimizer step of this index uses
                optimizer.step()
                scheduler.step()
            cases.append({"type": kind, "warmup_steps": warmup, "total_steps": total, "factors": factors})
    write("schedules.json", cases)


def defaults():
    shared = ["seed", "max_steps", "num_train_epochs", "lr_scheduler_type", "warmup_steps", "adam_beta1", "adam_beta2",
              "adam_epsilon", "weight_decay", "max_grad_norm", "logging_steps", "save_steps"]
    grpo = ["learning_rate", "per_device_train_batch_size", "gradient_accumulation_steps", "num_generations", "num_iterations",
            "max_completion_length", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "beta", "epsilon",
            "epsilon_high", "delta", "loss_type", "importance_sampling_level", "scale_rewards",
            "multi_objective_aggregation", "mask_truncated_completions", "use_bias_correction_kl", "shuffle_dataset"]
    sft = ["learning_rate", "per_device_train_batch_size", "gradient_accumulation_steps", "max_length", "loss_type",
           "completion_only_loss"]
    options = dict(output_dir="unused", use_cpu=True, bf16=False, report_to="none")
    g, s = GRPOConfig(**options), SFTConfig(**options)
    plain = lambda config, keys: {k: getattr(getattr(config, k), "value", getattr(config, k)) for k in keys}
    assert plain(g, shared) == plain(s, shared)
    write("defaults.json", {"shared": plain(g, shared), "grpo": plain(g, grpo), "sft": plain(s, sft)})


if __name__ == "__main__":
    policy_loss()
    sft_loss()
    advantages()
    schedules()
    defaults()
