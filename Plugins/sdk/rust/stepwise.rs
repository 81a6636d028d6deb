//! Stepwise plugins in Rust, without cargo and without crates: implement a trait, name the type in `plugin!`.
//!
//! ```text
//! use stepwise::{Failure, Item, Parameters, Reward, RewardDeclaration, Score};
//!
//! struct Short { limit: i64 }
//!
//! impl stepwise::Component for Short {
//!     fn new(parameters: &Parameters) -> Result<Self, Failure> {
//!         Ok(Short { limit: parameters.integer("limit", 200) })
//!     }
//! }
//!
//! impl Reward for Short {
//!     fn declaration(&self) -> RewardDeclaration { RewardDeclaration::range(0.0, 1.0) }
//!     fn score(&self, item: &Item) -> Result<Score, Failure> {
//!         Ok(Some(if item.completion.len() as i64 <= self.limit { 1.0 } else { 0.0 }))
//!     }
//! }
//!
//! stepwise::plugin!(reward Short, id: "org.example.reward.short", version: "1.0.0");
//!
//! rustc -O --edition 2021 --crate-type rlib --crate-name stepwise SDK/rust/stepwise.rs
//! rustc -O --edition 2021 --crate-type cdylib --extern stepwise=libstepwise.rlib short.rs
//! ```
//!
//! Nothing unwinds into the host: every function that it calls catches panics and turns them into a status and a message.

pub mod abi;
mod component;
mod dataset;
mod parameters;
mod reward;
mod strategy;

pub use component::{factory, guarded, Component, Failure, Host};
pub use dataset::{dataset_table, Dataset, Row, Value};
pub use parameters::Parameters;
pub use reward::{reward_table, Item, Reward, RewardDeclaration, Score};
pub use strategy::{needs, strategy_table, Plan, StepKind, Strategy};

/// Defines the plugin: kind and type, its id (also the component's), its version. Once in a library.
#[macro_export]
macro_rules! plugin {
    (reward $type:ty, id: $id:literal, version: $version:literal) => {
        $crate::plugin!(@ $type, $id, $version, $crate::abi::KIND_REWARD, reward, reward_table);
    };
    (dataset $type:ty, id: $id:literal, version: $version:literal) => {
        $crate::plugin!(@ $type, $id, $version, $crate::abi::KIND_DATASET, dataset, dataset_table);
    };
    (strategy $type:ty, id: $id:literal, version: $version:literal) => {
        $crate::plugin!(@ $type, $id, $version, $crate::abi::KIND_STRATEGY, strategy, strategy_table);
    };
    (@ $type:ty, $id:literal, $version:literal, $kind:expr, $table:ident, $make:ident) => {
        /// What Stepwise looks up.
        #[no_mangle]
        pub extern "C" fn stepwise_plugin_entry() -> *const $crate::abi::plugin {
            use $crate::abi;
            static TABLE: abi::$table = $crate::$make::<$type>();
            static FACTORY: abi::factory =
                $crate::factory::<$type>($kind, $id, &TABLE as *const abi::$table as *const _);
            static PLUGIN: abi::plugin = abi::plugin {
                magic: abi::MAGIC,
                abi_major: abi::ABI_MAJOR,
                abi_minor: abi::ABI_MINOR,
                min_host_minor: 0,
                struct_size: std::mem::size_of::<abi::plugin>() as u32,
                id: abi::text::of($id),
                version: abi::text::of($version),
                sdk: abi::text::of("Rust SDK 1.0"),
                factories: &FACTORY,
                factory_count: 1,
                factory_stride: std::mem::size_of::<abi::factory>() as u64,
            };
            &PLUGIN
        }
    };
}
