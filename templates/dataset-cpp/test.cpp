// `make test`: the dataset without Stepwise.
#include <cstdio>

#include "dataset.cpp"

static int failures = 0;

static void check(bool condition, const char *what) {
  if (condition) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  failures++;
}

int main() {
  Questions rows(stepwise::Parameters("{\"demonstrations\": true}"));
  rows.open("rows.tsv");
  check(rows.count() == 6, "six rows");
  const stepwise::Row first = rows.row(0);
  check(first.prompt == "What is the capital of France?", "the first question");
  check(first.completion == " Paris", "the first completion");
  check(std::get<std::string>(first.columns.at(0).second) == "Paris", "the first answer");

  Questions questions(stepwise::Parameters("{\"demonstrations\": false}"));
  questions.open("rows.tsv");
  check(!questions.row(0).completion, "no demonstration where none is wanted");
  bool refused = false;
  try {
    questions.open("not-there.tsv");
  } catch (const stepwise::Failure &failure) {
    refused = failure.status() == STEPWISE_ERROR_IO;
  }
  check(refused, "a missing file is an error");
  std::puts(failures == 0 ? "all good" : "FAILED");
  return failures != 0;
}
