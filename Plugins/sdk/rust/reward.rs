//! Rewards: score completions, a whole batch at a time.

use crate::abi;
use crate::component::{guarded, part, whole, Component, Failure};

/// A score, or `None`: neither for nor against.
pub type Score = Option<f64>;

/// What a reward declares about itself.
#[derive(Debug, Clone, Copy)]
pub struct RewardDeclaration {
    pub minimum: f64,
    pub maximum: f64,
    /// A score from here upwards counts as solved; NaN where the reward does not measure success.
    pub success_threshold: f64,
    /// The one column that every row must have.
    pub required_column: Option<&'static str>,
}

impl RewardDeclaration {
    /// Scores from `minimum` to `maximum` that do not measure success and need no column.
    pub fn range(minimum: f64, maximum: f64) -> Self {
        RewardDeclaration { minimum, maximum, success_threshold: f64::NAN, required_column: None }
    }
}

/// One completion to be scored; valid during the call. Text is bytes: UTF-8 that may hold NUL.
pub struct Item<'a> {
    pub id: u64,
    pub prompt: &'a [u8],
    pub completion: &'a [u8],
    pub truncated: bool,
    /// The row that was asked; `None` in a test that needs no columns.
    pub example: Option<&'a abi::example>,
}

impl<'a> Item<'a> {
    /// An item for tests.
    pub fn of(completion: &'a str) -> Self {
        Item { id: 0, prompt: b"", completion: completion.as_bytes(), truncated: false, example: None }
    }

    /// The text of a column; `None` where the row has none of that name or it is no text.
    pub fn column(&self, name: &str) -> Option<&'a [u8]> {
        let example = self.example?;
        if example.column_count == 0 {
            return None;
        }
        // The host's, valid during the call, as the item is.
        unsafe {
            std::slice::from_raw_parts(example.columns, example.column_count as usize)
                .iter()
                .find(|column| {
                    column.name.bytes() == name.as_bytes() && column.value.r#type == abi::VALUE_TEXT
                })
                .map(|column| column.value.data.text.bytes())
        }
    }
}

/// Scores completions.
pub trait Reward: Component {
    /// Read once, after `start`.
    fn declaration(&self) -> RewardDeclaration;
    /// The score of one completion. It depends on the item and the parameters alone. A failure fails the item.
    fn score(&self, item: &Item) -> Result<Score, Failure>;
}

unsafe extern "C" fn describe<T: Reward>(
    instance: *mut abi::instance,
    description: *mut abi::reward_description,
    error: *mut abi::error,
) -> abi::status {
    guarded(error, || {
        let whole = whole::<T>(instance);
        let declaration = whole.part.declaration();
        let description = &mut *description;
        description.minimum = declaration.minimum;
        description.maximum = declaration.maximum;
        description.success_threshold = declaration.success_threshold;
        if let Some(name) = declaration.required_column {
            // It must live as long as the instance.
            whole.column = abi::text::of(name);
            description.required_columns = &whole.column;
            description.required_column_count = 1;
        }
        Ok(())
    })
}

unsafe extern "C" fn score<T: Reward>(
    instance: *mut abi::instance,
    batch: *const abi::reward_batch,
    results: *mut abi::reward_results,
    _error: *mut abi::error,
) -> abi::status {
    let (batch, results) = (&*batch, &mut *results);
    for i in 0..batch.count {
        // Items may be larger in a newer host: the stride says how large.
        let place = (batch.items as *const u8).add((i * batch.item_stride) as usize);
        let raw = &*(place as *const abi::reward_item);
        let mut message = [0u8; 512];
        let mut failure = abi::error {
            struct_size: std::mem::size_of::<abi::error>() as u32,
            reserved: 0,
            message: message.as_mut_ptr(),
            capacity: message.len() as u64,
            size: 0,
        };
        let mut given = None;
        let status = guarded(&mut failure, || {
            given = part::<T>(instance).score(&Item {
                id: raw.id,
                prompt: raw.prompt.bytes(),
                completion: raw.completion.bytes(),
                truncated: raw.flags & abi::ITEM_TRUNCATED != 0,
                example: raw.example.as_ref(),
            })?;
            Ok(())
        });
        let (value, outcome) = match given {
            _ if status != abi::OK => (0.0, abi::SCORE_ERROR),
            Some(value) => (value, abi::SCORE_OK),
            None => (0.0, abi::SCORE_ABSTAIN),
        };
        *results.scores.add(i as usize) =
            abi::score { item: raw.id, value, status: outcome, reserved: 0 };
        if status != abi::OK {
            let text = abi::text { data: message.as_ptr(), size: failure.size };
            (results.explain)(results, i, text);
        }
    }
    results.count = batch.count;
    abi::OK
}

/// The functions of T for the host.
pub const fn reward_table<T: Reward>() -> abi::reward {
    abi::reward {
        struct_size: std::mem::size_of::<abi::reward>() as u32,
        reserved: 0,
        describe: Some(describe::<T>),
        score: Some(score::<T>),
        answers: None,
    }
}
