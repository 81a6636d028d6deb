//! Strategies: decide, step by step, what is trained next. The hooks beside these two are for the C tables.

use crate::abi;
use crate::component::{guarded, part, whole, Component, Failure};

/// What a strategy needs the host to measure or to have.
pub mod needs {
    pub const KL: u64 = 1 << 0;
    pub const ENTROPY: u64 = 1 << 1;
    pub const GRADIENT_NORMS: u64 = 1 << 2;
    pub const REFERENCE: u64 = 1 << 5;
    pub const DEMONSTRATIONS: u64 = 1 << 8;
    pub const PROMPTS: u64 = 1 << 9;
}

/// What an optimizer step is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    Sft = 1,
    Rl = 2,
    Both = 3,
}

/// What a step shall be.
#[derive(Debug, Clone)]
pub struct Plan {
    pub kind: StepKind,
    pub sft_weight: f64,
    pub rl_weight: f64,
    /// Why, in one line, for the decision log.
    pub reason: String,
    /// Numbers behind the decision.
    pub diagnostics: Vec<(&'static str, f64)>,
}

impl Plan {
    /// A plan with the host's weights.
    pub fn new(kind: StepKind, reason: impl Into<String>) -> Self {
        Plan { kind, sft_weight: 1.0, rl_weight: 1.0, reason: reason.into(), diagnostics: Vec::new() }
    }
}

/// Decides what each step is.
pub trait Strategy: Component {
    /// Bits of `needs`; read once, after `start`.
    fn needs(&self) -> u64;
    /// What the step shall be.
    fn begin_step(&mut self, context: &abi::step_context) -> Result<Plan, Failure>;
    /// What happened: the kind of the step; `None` for one without an update.
    fn end_step(&mut self, _kind: Option<StepKind>) -> Result<(), Failure> {
        Ok(())
    }
}

unsafe extern "C" fn requirements<T: Strategy>(
    instance: *mut abi::instance,
    needs: *mut u64,
    error: *mut abi::error,
) -> abi::status {
    guarded(error, || {
        *needs = part::<T>(instance).needs();
        Ok(())
    })
}

unsafe extern "C" fn begin_step<T: Strategy>(
    instance: *mut abi::instance,
    context: *const abi::step_context,
    plan: *mut abi::step_plan,
    error: *mut abi::error,
) -> abi::status {
    guarded(error, || {
        let made = whole::<T>(instance).part.begin_step(&*context)?;
        (*plan).kind = made.kind as u32;
        (*plan).sft_weight = made.sft_weight;
        (*plan).rl_weight = made.rl_weight;
        ((*plan).set_reason)(plan, abi::text::of(&made.reason));
        for (name, value) in &made.diagnostics {
            ((*plan).add_diagnostic)(plan, abi::text::of(name), *value);
        }
        Ok(())
    })
}

unsafe extern "C" fn end_step<T: Strategy>(
    instance: *mut abi::instance,
    report: *const abi::step_report,
    error: *mut abi::error,
) -> abi::status {
    guarded(error, || {
        let kind = match (*report).kind {
            1 => Some(StepKind::Sft),
            2 => Some(StepKind::Rl),
            3 => Some(StepKind::Both),
            _ => None,
        };
        whole::<T>(instance).part.end_step(kind)
    })
}

/// The functions of T for the host.
pub const fn strategy_table<T: Strategy>() -> abi::strategy {
    abi::strategy {
        struct_size: std::mem::size_of::<abi::strategy>() as u32,
        reserved: 0,
        requirements: Some(requirements::<T>),
        begin_step: Some(begin_step::<T>),
        shape_rollout: None,
        route: None,
        advantages: None,
        step_weights: None,
        token_weights: None,
        end_step: Some(end_step::<T>),
    }
}
