"""What a Stepwise plugin in Python may use. A reward function of TRL needs none of it.

    reward       declares what a reward measures, where the manifest does not
    Strategy     the base of mixing strategies, with StepPlan, PromptRoute and StepWeights for its answers
    uniform      draws that depend on (seed, step, item, draw) alone
    host         the log, metrics, the run's tokenizer and model
"""

from ._declarations import reward
from ._philox import uniform
from ._plans import PromptRoute, StepPlan, StepWeights, Strategy
from ._services import host

__all__ = ["PromptRoute", "StepPlan", "StepWeights", "Strategy", "host", "reward", "uniform"]
