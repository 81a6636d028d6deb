//! The strategy __ID__: SFT and GRPO steps in turn, spread evenly, a given share of them SFT.
//!
//! Each step adds the share to a credit, and an SFT step costs 1. The credit is the state: a resumed run goes on with it.

use stepwise::{abi, needs, Component, Failure, Parameters, Plan, StepKind, Strategy};

const TAG: &[u8] = b"credit 1";

struct Alternate {
    share: f64,
    /// From 0 to 1.
    credit: f64,
}

impl Component for Alternate {
    const STATEFUL: bool = true;

    fn new(parameters: &Parameters) -> Result<Self, Failure> {
        Ok(Alternate { share: parameters.real("sft_share", 0.25), credit: 0.0 })
    }

    /// The manifest calls the share changeable: it takes effect at the next step, and the credit stays.
    fn reconfigure(&mut self, parameters: &Parameters) -> Result<(), Failure> {
        self.share = parameters.real("sft_share", 0.25);
        Ok(())
    }

    /// A tag and the credit, little-endian.
    fn save(&self) -> Vec<u8> {
        [TAG, &self.credit.to_le_bytes()].concat()
    }

    fn load(&mut self, state: &[u8]) -> Result<(), Failure> {
        let credit = state
            .strip_prefix(TAG)
            .and_then(|bytes| bytes.try_into().ok())
            .map(f64::from_le_bytes)
            .filter(|credit| (0.0..=1.0).contains(credit))
            .ok_or_else(|| Failure::state("the bytes are not a state of __ID__"))?;
        self.credit = credit;
        Ok(())
    }
}

impl Strategy for Alternate {
    fn needs(&self) -> u64 {
        needs::DEMONSTRATIONS | needs::PROMPTS
    }

    /// What the step shall be. It changes nothing: only what has happened does.
    fn begin_step(&mut self, _context: &abi::step_context) -> Result<Plan, Failure> {
        Ok(self.plan())
    }

    fn end_step(&mut self, kind: Option<StepKind>) -> Result<(), Failure> {
        self.credit += self.share;
        if kind == Some(StepKind::Sft) {
            self.credit -= 1.0;
        }
        Ok(())
    }
}

impl Alternate {
    fn plan(&self) -> Plan {
        let credit = self.credit + self.share;
        let mut plan = if credit >= 1.0 {
            Plan::new(StepKind::Sft, "the credit is enough for SFT")
        } else {
            Plan::new(StepKind::Rl, "saving up for SFT")
        };
        plan.diagnostics.push(("credit", credit));
        plan
    }
}

stepwise::plugin!(strategy Alternate, id: "__ID__", version: "0.1.0");

#[cfg(test)]
mod tests {
    use super::*;

    fn made(parameters: &str) -> Alternate {
        Alternate::new(&Parameters::new(parameters)).unwrap()
    }

    /// Plays `count` steps: 's' for SFT, 'r' for RL.
    fn play(strategy: &mut Alternate, count: usize) -> String {
        (0..count)
            .map(|_| {
                let kind = strategy.plan().kind;
                strategy.end_step(Some(kind)).unwrap();
                if kind == StepKind::Sft { 's' } else { 'r' }
            })
            .collect()
    }

    #[test]
    fn every_fourth_step_is_sft() {
        assert_eq!(play(&mut made("{\"sft_share\": 0.25}"), 8), "rrrsrrrs");
    }

    #[test]
    fn a_loaded_state_goes_on() {
        let (mut first, mut second) = (made("{}"), made("{}"));
        play(&mut first, 6);
        second.load(&first.save()).unwrap();
        assert_eq!(play(&mut second, 5), "rsrrr");
        second.reconfigure(&Parameters::new("{\"sft_share\": 1}")).unwrap();
        assert_eq!(play(&mut second, 2), "ss");
    }

    #[test]
    fn nothing_else_passes_for_a_state() {
        let mut strategy = made("{}");
        let good = strategy.save();
        for state in [&b""[..], &good[1..], &[&good[..], b"x"].concat(), &[0xFF; 16]] {
            assert!(strategy.load(state).is_err());
        }
    }
}
