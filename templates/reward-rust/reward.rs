//! The reward __ID__: the share of a completion's words that it has not said before.

use std::collections::HashSet;
use stepwise::{Component, Failure, Item, Parameters, Reward, RewardDeclaration, Score};

struct FreshWords {
    minimum_words: usize,
}

impl Component for FreshWords {
    // It has no state that changes, so the host may score several batches at once.
    const THREAD_SAFE: bool = true;

    fn new(parameters: &Parameters) -> Result<Self, Failure> {
        Ok(FreshWords { minimum_words: parameters.integer("minimum_words", 1) as usize })
    }
}

impl Reward for FreshWords {
    fn declaration(&self) -> RewardDeclaration {
        RewardDeclaration::range(0.0, 1.0)
    }

    /// The score of one completion. It may depend on the item and the parameters, and on nothing else.
    fn score(&self, item: &Item) -> Result<Score, Failure> {
        let words: Vec<&[u8]> = item
            .completion
            .split(|byte| b" \t\n\x0b\x0c\r".contains(byte))
            .filter(|word| !word.is_empty())
            .collect();
        if words.is_empty() || words.len() < self.minimum_words {
            return Ok(None);
        }
        let fresh: HashSet<&[u8]> = words.iter().copied().collect();
        Ok(Some(fresh.len() as f64 / words.len() as f64))
    }
}

stepwise::plugin!(reward FreshWords, id: "__ID__", version: "0.1.0");

#[cfg(test)]
mod tests {
    use super::*;

    fn score(parameters: &str, completion: &str) -> Score {
        FreshWords::new(&Parameters::new(parameters)).unwrap().score(&Item::of(completion)).unwrap()
    }

    #[test]
    fn a_share_of_words() {
        assert_eq!(score("{}", "the cat saw the dog"), Some(0.8));
        assert_eq!(score("{}", "  the\tthe\nthe "), Some(1.0 / 3.0));
        assert_eq!(score("{}", "the them"), Some(1.0));
    }

    #[test]
    fn too_few_words_are_not_judged() {
        assert_eq!(score("{}", ""), None);
        assert_eq!(score("{}", " \n"), None);
        assert_eq!(score("{\"minimum_words\": 3}", "too short"), None);
    }
}
