//! The C structs that the Rust SDK touches, member by member those of the headers (`stepwise/*.h`), where all rules stand. Their
//! layout is compared with the headers' by `.ci/check-rust-layout`.
#![allow(non_camel_case_types)]

use std::ffi::c_void;

pub const MAGIC: u64 = 0x4553_4957_5045_5453;
pub const ABI_MAJOR: u32 = 1;
pub const ABI_MINOR: u32 = 0;

pub const KIND_REWARD: u32 = 1;
pub const KIND_DATASET: u32 = 2;
pub const KIND_STRATEGY: u32 = 3;

pub type status = i32;
pub const OK: status = 0;
pub const ERROR: status = -1;
pub const ERROR_ARGUMENT: status = -2;
pub const ERROR_STATE: status = -4;
pub const ERROR_IO: status = -9;
pub const ERROR_DATA: status = -10;

pub const VALUE_NULL: u32 = 0;
pub const VALUE_INT: u32 = 1;
pub const VALUE_REAL: u32 = 2;
pub const VALUE_TEXT: u32 = 3;

pub const ITEM_TRUNCATED: u32 = 1;
pub const SCORE_OK: i32 = 1;
pub const SCORE_ABSTAIN: i32 = 2;
pub const SCORE_ERROR: i32 = 3;

/// What an instance is to the host: a pointer that leads nowhere.
pub enum instance {}

// ---- types.h ----------------------------------------------------------------------------------------------------------

#[repr(C)]
#[derive(Clone, Copy)]
pub struct text {
    pub data: *const u8,
    pub size: u64,
}

#[repr(C)]
pub struct error {
    pub struct_size: u32,
    pub reserved: u32,
    pub message: *mut u8,
    pub capacity: u64,
    pub size: u64,
}

/// The largest member of the union takes 16 bytes; `integer`, `real` and `text` start at the first.
#[repr(C)]
#[derive(Clone, Copy)]
pub union value_data {
    pub integer: i64,
    pub real: f64,
    pub text: text,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct value {
    pub r#type: u32,
    pub reserved: u32,
    pub data: value_data,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct column {
    pub name: text,
    pub value: value,
}

#[repr(C)]
pub struct example {
    pub struct_size: u32,
    pub reserved: u32,
    pub id: u64,
    pub prompt: value,
    pub completion: value,
    pub difficulty: f64,
    pub step_boundaries: *const u64,
    pub step_boundary_count: u64,
    pub columns: *const column,
    pub column_count: u64,
}

#[repr(C)]
pub struct writer {
    pub struct_size: u32,
    pub reserved: u32,
    pub context: *mut c_void,
    pub write: unsafe extern "C" fn(*const writer, *const u8, u64) -> status,
}

#[repr(C)]
pub struct reader {
    pub struct_size: u32,
    pub reserved: u32,
    pub context: *mut c_void,
    pub read: unsafe extern "C" fn(*const reader, *mut u8, u64, *mut u64) -> status,
}

// ---- host.h -----------------------------------------------------------------------------------------------------------

/// The services up to `resource_directory`; the host's table is longer, and those behind it are not used here.
#[repr(C)]
pub struct host {
    pub struct_size: u32,
    pub reserved: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub context: *mut c_void,
    pub log: unsafe extern "C" fn(*const host, i32, text),
    pub metric: unsafe extern "C" fn(*const host, text, f64),
    pub allocate: unsafe extern "C" fn(*const host, u64, u64) -> *mut c_void,
    pub deallocate: unsafe extern "C" fn(*const host, *mut c_void),
    pub cancelled: unsafe extern "C" fn(*const host) -> i32,
    pub remaining: unsafe extern "C" fn(*const host) -> u64,
    pub uniform: unsafe extern "C" fn(*const host, u64, u64, u64, u64) -> f64,
    pub parallel_for:
        unsafe extern "C" fn(*const host, u64, unsafe extern "C" fn(*mut c_void, u64), *mut c_void),
    pub resource_directory: unsafe extern "C" fn(*const host) -> text,
}

// ---- reward.h ---------------------------------------------------------------------------------------------------------

#[repr(C)]
pub struct reward_description {
    pub struct_size: u32,
    pub required_column_count: u32,
    pub name: text,
    pub minimum: f64,
    pub maximum: f64,
    pub success_threshold: f64,
    pub required_columns: *const text,
}

#[repr(C)]
pub struct reward_item {
    pub struct_size: u32,
    pub flags: u32,
    pub id: u64,
    pub example: *const example,
    pub prompt: text,
    pub completion: text,
    pub completion_with_special_tokens: text,
    pub completion_ids: *const i32,
    pub completion_id_count: u64,
}

#[repr(C)]
pub struct reward_batch {
    pub struct_size: u32,
    pub reserved: u32,
    pub step: u64,
    pub seed: u64,
    pub count: u64,
    pub item_stride: u64,
    pub items: *const reward_item,
}

#[repr(C)]
pub struct score {
    pub item: u64,
    pub value: f64,
    pub status: i32,
    pub reserved: u32,
}

#[repr(C)]
pub struct reward_results {
    pub struct_size: u32,
    pub reserved: u32,
    pub scores: *mut score,
    pub capacity: u64,
    pub count: u64,
    pub explain: unsafe extern "C" fn(*const reward_results, u64, text),
    pub context: *mut c_void,
}

#[repr(C)]
pub struct reward {
    pub struct_size: u32,
    pub reserved: u32,
    pub describe: Option<
        unsafe extern "C" fn(*mut instance, *mut reward_description, *mut error) -> status,
    >,
    pub score: Option<
        unsafe extern "C" fn(
            *mut instance,
            *const reward_batch,
            *mut reward_results,
            *mut error,
        ) -> status,
    >,
    pub answers: Option<unsafe extern "C" fn()>,
}

// ---- dataset.h --------------------------------------------------------------------------------------------------------

#[repr(C)]
pub struct dataset_description {
    pub struct_size: u32,
    pub reserved: u32,
    pub count: u64,
}

#[repr(C)]
pub struct row_sink {
    pub struct_size: u32,
    pub reserved: u32,
    pub context: *mut c_void,
    pub row: unsafe extern "C" fn(*const row_sink, *const example) -> status,
}

#[repr(C)]
pub struct dataset {
    pub struct_size: u32,
    pub reserved: u32,
    pub describe: Option<
        unsafe extern "C" fn(*mut instance, *mut dataset_description, *mut error) -> status,
    >,
    pub read: Option<
        unsafe extern "C" fn(*mut instance, u64, u64, *const row_sink, *mut error) -> status,
    >,
    pub next: Option<unsafe extern "C" fn()>,
    pub seek: Option<unsafe extern "C" fn()>,
    pub begin_epoch: Option<unsafe extern "C" fn()>,
}

// ---- strategy.h -------------------------------------------------------------------------------------------------------

/// The members that the SDK reads; the host's struct is longer.
#[repr(C)]
pub struct step_report {
    pub struct_size: u32,
    pub kind: u32,
    pub step: u64,
}

/// The members that the SDK reads; the host's struct is longer.
#[repr(C)]
pub struct step_context {
    pub struct_size: u32,
    pub measurements: u32,
    pub step: u64,
    pub horizon: u64,
    pub seed: u64,
    pub sft_steps: u64,
    pub rl_steps: u64,
}

#[repr(C)]
pub struct step_plan {
    pub struct_size: u32,
    pub kind: u32,
    pub sft_weight: f64,
    pub rl_weight: f64,
    pub learning_rate_factor: f64,
    pub samples_per_prompt: u32,
    pub optimizer_slot: u32,
    pub max_grad_norm: f64,
    pub difficulty_low: f64,
    pub difficulty_high: f64,
    pub snapshot_reference: u32,
    pub reserved: u32,
    pub host_data: *mut c_void,
    pub add_example_ids: unsafe extern "C" fn(*mut step_plan, *const u64, u64),
    pub set_reason: unsafe extern "C" fn(*mut step_plan, text),
    pub add_diagnostic: unsafe extern "C" fn(*mut step_plan, text, f64),
    pub example_slot: u32,
    pub group_demonstrations: u32,
    pub skip_above_grad_norm: f64,
}

#[repr(C)]
pub struct strategy {
    pub struct_size: u32,
    pub reserved: u32,
    pub requirements:
        Option<unsafe extern "C" fn(*mut instance, *mut u64, *mut error) -> status>,
    pub begin_step: Option<
        unsafe extern "C" fn(
            *mut instance,
            *const step_context,
            *mut step_plan,
            *mut error,
        ) -> status,
    >,
    pub shape_rollout: Option<unsafe extern "C" fn()>,
    pub route: Option<unsafe extern "C" fn()>,
    pub advantages: Option<unsafe extern "C" fn()>,
    pub step_weights: Option<unsafe extern "C" fn()>,
    pub token_weights: Option<unsafe extern "C" fn()>,
    pub end_step:
        Option<unsafe extern "C" fn(*mut instance, *const step_report, *mut error) -> status>,
}

// ---- entry.h ----------------------------------------------------------------------------------------------------------

#[repr(C)]
pub struct configuration {
    pub struct_size: u32,
    pub reserved: u32,
    pub host: *const host,
    pub component: text,
    pub label: text,
    pub parameters: text,
}

#[repr(C)]
pub struct factory {
    pub struct_size: u32,
    pub kind: u32,
    pub id: text,
    pub concurrency: u32,
    pub state_version: u32,
    pub table: *const c_void,
    pub data: *mut c_void,
    pub create: unsafe extern "C" fn(
        *const factory,
        *const configuration,
        *mut *mut instance,
        *mut error,
    ) -> status,
    pub destroy: unsafe extern "C" fn(*mut instance),
    pub init: Option<unsafe extern "C" fn(*mut instance, *mut error) -> status>,
    pub save:
        Option<unsafe extern "C" fn(*mut instance, *const writer, *mut error) -> status>,
    pub load:
        Option<unsafe extern "C" fn(*mut instance, u32, *const reader, *mut error) -> status>,
    pub reconfigure: Option<unsafe extern "C" fn(*mut instance, text, *mut error) -> status>,
    pub extension: Option<unsafe extern "C" fn()>,
}

#[repr(C)]
pub struct plugin {
    pub magic: u64,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub min_host_minor: u32,
    pub struct_size: u32,
    pub id: text,
    pub version: text,
    pub sdk: text,
    pub factories: *const factory,
    pub factory_count: u64,
    pub factory_stride: u64,
}

// The tables hold constant pointers to constants.
unsafe impl Sync for plugin {}
unsafe impl Sync for factory {}
