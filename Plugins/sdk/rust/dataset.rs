//! Datasets: give rows by position. The host shuffles, repeats and batches.

use crate::abi;
use crate::component::{guarded, part, Component, Failure};

/// The value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Identifies the row for the whole run.
    pub id: u64,
    pub prompt: String,
    /// A demonstration of a good answer.
    pub completion: Option<String>,
    /// How hard it is, in the dataset's own unit.
    pub difficulty: Option<f64>,
    pub columns: Vec<(String, Value)>,
}

/// Gives rows.
pub trait Dataset: Component {
    /// How many there are; read once, after `start`.
    fn count(&self) -> u64;
    /// The row at an index below `count`: the same row for the same index for the life of a run.
    fn row(&self, index: u64) -> Result<Row, Failure>;
}

/// Lives as long as `value`.
fn raw(value: &Value) -> abi::value {
    let (kind, data) = match value {
        Value::Null => (abi::VALUE_NULL, abi::value_data { integer: 0 }),
        Value::Int(value) => (abi::VALUE_INT, abi::value_data { integer: *value }),
        Value::Real(value) => (abi::VALUE_REAL, abi::value_data { real: *value }),
        Value::Text(value) => (abi::VALUE_TEXT, abi::value_data { text: abi::text::of(value) }),
    };
    abi::value { r#type: kind, reserved: 0, data }
}

fn text(text: &str) -> abi::value {
    abi::value {
        r#type: abi::VALUE_TEXT,
        reserved: 0,
        data: abi::value_data { text: abi::text::of(text) },
    }
}

unsafe extern "C" fn describe<T: Dataset>(
    instance: *mut abi::instance,
    description: *mut abi::dataset_description,
    error: *mut abi::error,
) -> abi::status {
    guarded(error, || {
        (*description).count = part::<T>(instance).count();
        Ok(())
    })
}

unsafe extern "C" fn read<T: Dataset>(
    instance: *mut abi::instance,
    first: u64,
    count: u64,
    sink: *const abi::row_sink,
    error: *mut abi::error,
) -> abi::status {
    let mut taken = abi::OK;
    let status = guarded(error, || {
        for index in first..first + count {
            let row = part::<T>(instance).row(index)?;
            let columns: Vec<abi::column> = row
                .columns
                .iter()
                .map(|(name, value)| abi::column { name: abi::text::of(name), value: raw(value) })
                .collect();
            let example = abi::example {
                struct_size: std::mem::size_of::<abi::example>() as u32,
                reserved: 0,
                id: row.id,
                prompt: text(&row.prompt),
                completion: row.completion.as_deref().map_or(raw(&Value::Null), text),
                difficulty: row.difficulty.unwrap_or(f64::NAN),
                step_boundaries: std::ptr::null(),
                step_boundary_count: 0,
                columns: columns.as_ptr(),
                column_count: columns.len() as u64,
            };
            taken = ((*sink).row)(sink, &example);
            if taken != abi::OK {
                break;
            }
        }
        Ok(())
    });
    if status != abi::OK { status } else { taken }
}

/// The functions of T for the host.
pub const fn dataset_table<T: Dataset>() -> abi::dataset {
    abi::dataset {
        struct_size: std::mem::size_of::<abi::dataset>() as u32,
        reserved: 0,
        describe: Some(describe::<T>),
        read: Some(read::<T>),
        next: None,
        seek: None,
        begin_epoch: None,
    }
}
