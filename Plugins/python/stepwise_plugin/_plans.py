"""What authors of strategies write: a class with hooks, and its answers."""

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple


@dataclass
class StepPlan:
    """What the next optimizer step is. Everything but the kind has the host's default."""

    #: "sft", "rl", "both", or "measure": no update, the probe is measured and the strategy asked again.
    kind: str
    #: Weights of the two losses.
    sft_weight: float = 1.0
    rl_weight: float = 1.0
    #: Multiplies the scheduled learning rate of this step.
    learning_rate_factor: float = 1.0
    #: Members of each prompt's group; None for the configured `num_generations`.
    samples_per_prompt: Optional[int] = None
    #: How many members of each group `route` will fill with the row's demonstration: so many fewer are sampled.
    group_demonstrations: int = 0
    #: Which set of optimizer moments the step uses; 0 is the shared one.
    optimizer_slot: int = 0
    #: Gradient clip of this step; None for the configured `max_grad_norm`.
    max_grad_norm: Optional[float] = None
    #: The step updates nothing where the norm of its gradient, before clipping, is above this; None: it always updates.
    skip_above_grad_norm: Optional[float] = None
    #: Rows for the SFT part in place of the next ones, by id.
    example_ids: List[int] = field(default_factory=list)
    #: Whose rows those are: "demonstrations" or "prompts".
    example_slot: str = "demonstrations"
    #: Only rows whose difficulty lies in (low, high) are drawn.
    difficulty: Optional[Tuple[float, float]] = None
    #: Before the step, the reference model becomes a copy of the policy.
    snapshot_reference: bool = False
    #: Why, in one line, for the decision log.
    reason: str = ""
    #: Numbers behind the decision, logged as strategy/NAME.
    diagnostics: Dict[str, float] = field(default_factory=dict)


@dataclass
class PromptRoute:
    """What becomes of a prompt's rollouts and demonstration; the default keeps the rollouts and adds nothing."""

    #: Whether the rollouts stay in the RL part.
    keep_rollouts: bool = True
    #: "none", "sft", or "group_member".
    demonstration: str = "none"
    #: Reward of the demonstration as a group member; None: what the run's own rewards say of it.
    demonstration_reward: Optional[float] = 1.0
    #: Multiplies the loss of everything this prompt contributes.
    weight: float = 1.0


@dataclass
class StepWeights:
    """Weights of the parts, and of each sequence."""

    sft_weight: float
    rl_weight: float
    #: One factor for each sequence; empty for 1 everywhere.
    sequence_weights: List[float] = field(default_factory=list)


class Strategy:
    """A base for strategies; a class need not have it. Only `begin_step` is required:

        begin_step(context) -> StepPlan, a dict of its fields, or just "sft", "rl", "both" or "measure"
        end_step(report)
        shape_rollout(request) -> a number of demonstration tokens for each sample of the next micro-group, or None
        route(request) -> a PromptRoute, dict or None for each prompt, or None
        advantages(request) -> a number for each sample, or None
        step_weights(statistics) -> StepWeights, a dict, or None
        token_weights(request) -> a number for each token, or None
        state() -> JSON values or bytes;  load_state(state)
        requirements: a list of names as in the manifest's `needs`, or a method that gives one

    None is the host's own rule. Parameters of the manifest arrive in __init__, by name. Answers must depend on the arguments and
    the strategy's own state alone: draw random numbers with `context.uniform(item)`.
    """

    def reconfigure(self, **changes):
        """Parameters changed while the run goes on: kept as attributes of the same names."""
        for name, value in changes.items():
            setattr(self, name, value)
