/* What rewards, datasets and strategies in C++ have in common: the guard against exceptions, parameters, host, life. */
#ifndef STEPWISE_CPP_COMPONENT_HPP
#define STEPWISE_CPP_COMPONENT_HPP

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../json.h"
#include "../plugin.h"

namespace stepwise {

/* An error with a status of its own. */
class Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string &message, stepwise_status status = STEPWISE_ERROR)
      : std::runtime_error(message), status_(status) {}
  stepwise_status status() const noexcept { return status_; }

 private:
  stepwise_status status_;
};

/* Runs `body` and turns what it throws into a status and a message: nothing may unwind into the host. */
template <class Body>
stepwise_status guarded(stepwise_error *error, Body &&body) noexcept {
  try {
    body();
    return STEPWISE_OK;
  } catch (const Failure &failure) {
    return stepwise_fail(error, failure.status(), failure.what());
  } catch (const std::bad_alloc &) {
    return stepwise_fail(error, STEPWISE_ERROR_MEMORY, "out of memory");
  } catch (const std::exception &exception) {
    return stepwise_fail(error, STEPWISE_ERROR, exception.what());
  } catch (...) {
    return stepwise_fail(error, STEPWISE_ERROR, "the plugin threw something that is no std::exception");
  }
}

inline std::string_view view(stepwise_text text) noexcept {
  return {text.data, static_cast<std::size_t>(text.size)};
}

inline stepwise_text text(std::string_view view) noexcept { return {view.data(), view.size()}; }

/* Parameters as the host gives them: checked against the manifest, the defaults filled in. */
class Parameters {
 public:
  explicit Parameters(std::string_view json) : json_(json) {}

  double real(const char *key, double fallback = 0) const { return stepwise_json_real(object(), key, fallback); }
  std::int64_t integer(const char *key, std::int64_t fallback = 0) const {
    return stepwise_json_int(object(), key, fallback);
  }
  bool boolean(const char *key, bool fallback = false) const {
    return stepwise_json_bool(object(), key, fallback) != 0;
  }
  std::string string(const char *key, const std::string &fallback = {}) const {
    std::uint64_t size = 0;
    std::unique_ptr<char, void (*)(void *)> found(stepwise_json_text(object(), key, &size), std::free);
    return found ? std::string(found.get(), static_cast<std::size_t>(size)) : fallback;
  }
  /* The whole object, for a JSON library. */
  const std::string &json() const noexcept { return json_; }

 private:
  stepwise_text object() const noexcept { return text(json_); }
  std::string json_;
};

/* The services that most plugins want; `table` has all of them. Valid during calls, from `start` on. */
class Host {
 public:
  explicit Host(const stepwise_host *services) noexcept : table(services) {}

  void log(std::string_view message, int level = STEPWISE_LOG_INFO) const { table->log(table, level, text(message)); }
  void metric(std::string_view name, double value) const { table->metric(table, text(name), value); }
  bool cancelled() const { return table->cancelled(table) != 0; }
  /* The folder of the manifest and of the plugin's own files. */
  std::string resource_directory() const { return std::string(view(table->resource_directory(table))); }
  /* A draw in [0, 1) that belongs to its arguments. */
  double uniform(std::uint64_t seed, std::uint64_t step, std::uint64_t item, std::uint64_t draw = 0) const {
    return table->uniform(table, seed, step, item, draw);
  }

  const stepwise_host *table;
};

namespace detail {

/* What an instance is to the host. */
template <class T>
struct Instance {
  Instance(const Parameters &parameters, const stepwise_host *services) : component(parameters), host(services) {}
  T component;
  Host host;
  /* The name of the column that a reward requires. */
  stepwise_text column = {};
};

template <class T>
Instance<T> *whole(stepwise_instance *instance) noexcept {
  return reinterpret_cast<Instance<T> *>(instance);
}

template <class T>
T &part(stepwise_instance *instance) noexcept {
  return whole<T>(instance)->component;
}

template <class, class = void>
struct can_start : std::false_type {};
template <class T>
struct can_start<T, std::void_t<decltype(std::declval<T &>().start(std::declval<const Host &>()))>> : std::true_type {};

template <class, class = void>
struct can_reconfigure : std::false_type {};
template <class T>
struct can_reconfigure<T, std::void_t<decltype(std::declval<T &>().reconfigure(std::declval<const Parameters &>()))>>
    : std::true_type {};

template <class, class = void>
struct has_state : std::false_type {};
template <class T>
struct has_state<
    T, std::void_t<decltype(std::declval<const T &>().save()),
                   decltype(std::declval<T &>().load(std::declval<std::string_view>()))>> : std::true_type {};

template <class T, class = void>
struct state_version : std::integral_constant<std::uint32_t, 1> {};
template <class T>
struct state_version<T, std::void_t<decltype(T::state_version)>>
    : std::integral_constant<std::uint32_t, T::state_version> {};

template <class T, class = void>
struct thread_safe : std::false_type {};
template <class T>
struct thread_safe<T, std::void_t<decltype(T::thread_safe)>> : std::bool_constant<T::thread_safe> {};

template <class T>
stepwise_status create(
    const stepwise_factory *, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) noexcept {
  return guarded(error, [&] {
    auto made = new Instance<T>(Parameters(view(configuration->parameters)), configuration->host);
    *instance = reinterpret_cast<stepwise_instance *>(made);
  });
}

template <class T>
void destroy(stepwise_instance *instance) noexcept {
  delete whole<T>(instance);
}

template <class T>
stepwise_status start(stepwise_instance *instance, stepwise_error *error) noexcept {
  return guarded(error, [&] { part<T>(instance).start(whole<T>(instance)->host); });
}

template <class T>
stepwise_status reconfigure(stepwise_instance *instance, stepwise_text parameters, stepwise_error *error) noexcept {
  return guarded(error, [&] { part<T>(instance).reconfigure(Parameters(view(parameters))); });
}

template <class T>
stepwise_status save(stepwise_instance *instance, const stepwise_writer *writer, stepwise_error *error) noexcept {
  stepwise_status written = STEPWISE_OK;
  stepwise_status status = guarded(error, [&] {
    const std::string state = part<T>(instance).save();
    written = writer->write(writer, state.data(), state.size());
  });
  return status != STEPWISE_OK ? status : written;
}

template <class T>
stepwise_status load(
    stepwise_instance *instance, std::uint32_t, const stepwise_reader *reader, stepwise_error *error) noexcept {
  stepwise_status read = STEPWISE_OK;
  stepwise_status status = guarded(error, [&] {
    std::string state;
    char piece[4096];
    std::uint64_t size = 0;
    do {
      read = reader->read(reader, piece, sizeof piece, &size);
      if (read != STEPWISE_OK) return;
      state.append(piece, static_cast<std::size_t>(size));
    } while (size > 0);
    part<T>(instance).load(state);
  });
  if (status == STEPWISE_OK) return read;
  /* Bytes that `load` does not take are no state, whatever it has thrown. */
  return status == STEPWISE_ERROR ? STEPWISE_ERROR_STATE : status;
}

}  // namespace detail

/* The table that makes instances of T. */
template <class T>
stepwise_factory factory(std::uint32_t kind, stepwise_text id, const void *table) noexcept {
  stepwise_factory made = {};
  made.struct_size = sizeof made;
  made.kind = kind;
  made.id = id;
  made.concurrency =
      detail::thread_safe<T>::value ? STEPWISE_CONCURRENCY_THREAD_SAFE : STEPWISE_CONCURRENCY_SERIAL;
  made.state_version = detail::state_version<T>::value;
  made.table = table;
  made.create = detail::create<T>;
  made.destroy = detail::destroy<T>;
  if constexpr (detail::can_start<T>::value) made.init = detail::start<T>;
  if constexpr (detail::can_reconfigure<T>::value) made.reconfigure = detail::reconfigure<T>;
  if constexpr (detail::has_state<T>::value) {
    made.save = detail::save<T>;
    made.load = detail::load<T>;
  }
  return made;
}

}  // namespace stepwise

#endif
