/* Datasets in C++. A class has
 *
 *     explicit T(const stepwise::Parameters &);
 *     std::uint64_t count() const;                  after `start`
 *     stepwise::Row row(std::uint64_t index);       the same row for the same index for the life of a run */
#ifndef STEPWISE_CPP_DATASET_HPP
#define STEPWISE_CPP_DATASET_HPP

#include <limits>
#include <optional>
#include <variant>
#include <vector>

#include "component.hpp"

namespace stepwise {

/* The value of a column. */
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

/* One row. */
struct Row {
  /* Identifies the row for the whole run. */
  std::uint64_t id = 0;
  std::string prompt;
  /* A demonstration of a good answer. */
  std::optional<std::string> completion;
  double difficulty = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::pair<std::string, Value>> columns;
};

namespace detail {

inline stepwise_value text_value(std::string_view view) noexcept {
  stepwise_value value = {};
  value.type = STEPWISE_VALUE_TEXT;
  value.data.text = text(view);
  return value;
}

/* Lives as long as `value`. */
inline stepwise_value raw(const Value &value) noexcept {
  stepwise_value made = {};
  if (const auto integer = std::get_if<std::int64_t>(&value)) {
    made.type = STEPWISE_VALUE_INT;
    made.data.integer = *integer;
  } else if (const auto real = std::get_if<double>(&value)) {
    made.type = STEPWISE_VALUE_REAL;
    made.data.real = *real;
  } else if (const auto string = std::get_if<std::string>(&value)) {
    made = text_value(*string);
  }
  return made;
}

template <class T>
stepwise_status describe_dataset(
    stepwise_instance *instance, stepwise_dataset_description *description, stepwise_error *error) noexcept {
  return guarded(error, [&] { description->count = part<T>(instance).count(); });
}

template <class T>
stepwise_status read(
    stepwise_instance *instance, std::uint64_t first, std::uint64_t count, const stepwise_row_sink *sink,
    stepwise_error *error) noexcept {
  stepwise_status taken = STEPWISE_OK;
  const stepwise_status status = guarded(error, [&] {
    std::vector<stepwise_column> columns;
    for (std::uint64_t i = first; i < first + count && taken == STEPWISE_OK; i++) {
      const Row row = part<T>(instance).row(i);
      stepwise_example example = {};
      example.struct_size = sizeof example;
      example.id = row.id;
      example.prompt = text_value(row.prompt);
      if (row.completion) example.completion = text_value(*row.completion);
      example.difficulty = row.difficulty;
      columns.clear();
      for (const auto &column : row.columns) columns.push_back({text(column.first), raw(column.second)});
      example.columns = columns.data();
      example.column_count = columns.size();
      taken = sink->row(sink, &example);
    }
  });
  return status != STEPWISE_OK ? status : taken;
}

}  // namespace detail

template <class T>
stepwise_dataset dataset_table() noexcept {
  stepwise_dataset table = {};
  table.struct_size = sizeof table;
  table.describe = detail::describe_dataset<T>;
  table.read = detail::read<T>;
  return table;
}

}  // namespace stepwise

#endif
