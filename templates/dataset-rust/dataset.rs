//! The dataset __ID__: each line of rows.tsv is a question, a tab and its answer.

use stepwise::{Component, Dataset, Failure, Host, Parameters, Row, Value};

struct Questions {
    demonstrations: bool,
    rows: Vec<(String, String)>,
}

impl Component for Questions {
    fn new(parameters: &Parameters) -> Result<Self, Failure> {
        let demonstrations = parameters.boolean("demonstrations", true);
        Ok(Questions { demonstrations, rows: Vec::new() })
    }

    /// Files of the plugin lie beside its manifest; the library itself was loaded from elsewhere.
    fn start(&mut self, host: &Host) -> Result<(), Failure> {
        self.open(&format!("{}/rows.tsv", host.resource_directory()))
    }
}

impl Questions {
    fn open(&mut self, path: &str) -> Result<(), Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::io(format!("cannot read {path}: {error}")))?;
        for (number, line) in text.lines().enumerate() {
            let (question, answer) = line
                .split_once('\t')
                .ok_or_else(|| Failure::data(format!("{path}, line {}: no tab", number + 1)))?;
            self.rows.push((question.to_string(), answer.to_string()));
        }
        Ok(())
    }
}

impl Dataset for Questions {
    fn count(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The row at an index below `count`: the same row each time.
    fn row(&self, index: u64) -> Result<Row, Failure> {
        let (question, answer) = &self.rows[index as usize];
        Ok(Row {
            id: index,
            prompt: question.clone(),
            completion: self.demonstrations.then(|| format!(" {answer}")),
            difficulty: None,
            columns: vec![("answer".to_string(), Value::Text(answer.clone()))],
        })
    }
}

stepwise::plugin!(dataset Questions, id: "__ID__", version: "0.1.0");

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(parameters: &str) -> Questions {
        let mut rows = Questions::new(&Parameters::new(parameters)).unwrap();
        rows.open("rows.tsv").unwrap();
        rows
    }

    #[test]
    fn rows_of_the_file() {
        let rows = rows("{\"demonstrations\": true}");
        assert_eq!(rows.count(), 6);
        let first = rows.row(0).unwrap();
        assert_eq!(first.prompt, "What is the capital of France?");
        assert_eq!(first.completion.as_deref(), Some(" Paris"));
        assert_eq!(first.columns, [("answer".to_string(), Value::Text("Paris".to_string()))]);
    }

    #[test]
    fn questions_alone() {
        assert_eq!(rows("{\"demonstrations\": false}").row(0).unwrap().completion, None);
    }

    #[test]
    fn a_missing_file_is_an_error() {
        let mut rows = Questions::new(&Parameters::new("{}")).unwrap();
        assert!(rows.open("not-there.tsv").is_err());
    }
}
