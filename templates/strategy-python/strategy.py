"""The strategy __ID__: SFT and GRPO steps in turn, spread evenly, a given share of them SFT.

Each step adds the share to a credit, and an SFT step costs 1. The credit is the state: a resumed run goes on with it.
"""


class Alternate:
    requirements = ["demonstrations", "prompts"]

    def __init__(self, sft_share=0.25):
        self.sft_share = sft_share
        #: From 0 to 1.
        self.credit = 0.0

    def reconfigure(self, sft_share):
        """The manifest calls the share changeable: it takes effect at the next step, and the credit stays."""
        self.sft_share = sft_share

    def begin_step(self, context):
        """What the step shall be. It changes nothing: only what has happened does."""
        credit = self.credit + self.sft_share
        if credit >= 1:
            return {"kind": "sft", "reason": "the credit is enough for SFT", "diagnostics": {"credit": credit}}
        return {"kind": "rl", "reason": "saving up for SFT", "diagnostics": {"credit": credit}}

    def end_step(self, report):
        self.credit += self.sft_share
        if report.kind == "sft":
            self.credit -= 1

    def state(self):
        return {"credit": self.credit}

    def load_state(self, state):
        credit = state["credit"]
        if not 0 <= credit <= 1:
            raise ValueError("the credit is out of range")
        self.credit = credit
