// The dataset __ID__: each line of rows.tsv is a question, a tab and its answer.
#include <fstream>
#include <stepwise/plugin.hpp>

class Questions {
 public:
  explicit Questions(const stepwise::Parameters &parameters)
      : demonstrations_(parameters.boolean("demonstrations", true)) {}

  // Files of the plugin lie beside its manifest; the library itself was loaded from elsewhere.
  void start(const stepwise::Host &host) { open(host.resource_directory() + "/rows.tsv"); }

  void open(const std::string &path) {
    std::ifstream file(path);
    if (!file) throw stepwise::Failure("cannot open " + path, STEPWISE_ERROR_IO);
    for (std::string line; std::getline(file, line);) {
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos) {
        const std::string place = path + ", line " + std::to_string(rows_.size() + 1);
        throw stepwise::Failure(place + ": no tab", STEPWISE_ERROR_DATA);
      }
      rows_.emplace_back(line.substr(0, tab), line.substr(tab + 1));
    }
  }

  std::uint64_t count() const { return rows_.size(); }

  // The row at an index below `count`: the same row each time.
  stepwise::Row row(std::uint64_t index) const {
    const auto &[question, answer] = rows_[index];
    stepwise::Row row;
    row.id = index;
    row.prompt = question;
    if (demonstrations_) row.completion = " " + answer;
    row.columns.emplace_back("answer", answer);
    return row;
  }

 private:
  bool demonstrations_;
  std::vector<std::pair<std::string, std::string>> rows_;
};

STEPWISE_DATASET(Questions, "__ID__", "0.1.0")
