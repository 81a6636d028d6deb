/* Stepwise plugins in C++17: one class and one line make a plugin. A convenience, not part of the ABI.
 *
 *     #include <stepwise/plugin.hpp>
 *
 *     struct Short {
 *       explicit Short(const stepwise::Parameters &parameters) : limit(parameters.integer("limit", 200)) {}
 *       stepwise::RewardDeclaration declaration() const { return {0, 1}; }
 *       stepwise::Score score(const stepwise::RewardItem &item) const {
 *         return item.completion.size() <= static_cast<std::size_t>(limit) ? 1.0 : 0.0;
 *       }
 *       std::int64_t limit;
 *     };
 *     STEPWISE_REWARD(Short, "org.example.reward.short", "1.0.0")
 *
 *     c++ -std=c++17 -O2 -shared -fPIC -fvisibility=hidden -fno-gnu-unique -I INCLUDE short.cpp -o libshort.so
 *
 * No exception leaves the plugin: each function that the host calls is noexcept and turns what is thrown into a status and a
 * message. Throw stepwise::Failure to choose the status; any std::exception does.
 *
 * -fno-gnu-unique matters: g++ marks static variables of templates and inline functions as one for the whole process, so that a
 * plugin that is loaded again would go on with those of its older self.
 *
 * What a class may have beside what its kind asks for (reward.hpp, dataset.hpp, strategy.hpp):
 *
 *     static constexpr bool thread_safe = true;            several calls at once on one instance
 *     void start(const stepwise::Host &host);              files, threads and long work belong here, not in the constructor
 *     void reconfigure(const stepwise::Parameters &);      new values of changeable parameters, between steps
 *     std::string save() const;                            the state, the same bytes for the same state,
 *     void load(std::string_view state);                   and back; throws for anything else
 *     static constexpr std::uint32_t state_version = 1;    raise it with the format */
#ifndef STEPWISE_PLUGIN_HPP
#define STEPWISE_PLUGIN_HPP

#include "cpp/dataset.hpp"
#include "cpp/reward.hpp"
#include "cpp/strategy.hpp"

/* Defines the plugin: the class, its id (also the component's), its version. Once in a library. */
#define STEPWISE_REWARD(CLASS, ID, VERSION) STEPWISE_COMPONENT(CLASS, ID, VERSION, STEPWISE_KIND_REWARD, reward)
#define STEPWISE_DATASET(CLASS, ID, VERSION) STEPWISE_COMPONENT(CLASS, ID, VERSION, STEPWISE_KIND_DATASET, dataset)
#define STEPWISE_STRATEGY(CLASS, ID, VERSION) STEPWISE_COMPONENT(CLASS, ID, VERSION, STEPWISE_KIND_STRATEGY, strategy)

/* What the three above have in common; not for use by itself. */
#define STEPWISE_COMPONENT(CLASS, ID, VERSION, KIND, NAME)                                                          \
  namespace {                                                                                                       \
  const stepwise_##NAME stepwise_this_table = stepwise::NAME##_table<CLASS>();                                      \
  const stepwise_factory stepwise_this_factory =                                                                    \
      stepwise::factory<CLASS>(KIND, {ID, sizeof(ID) - 1}, &stepwise_this_table);                                   \
  const stepwise_plugin stepwise_this_plugin = {                                                                    \
      STEPWISE_PLUGIN_MAGIC,                                                                                        \
      STEPWISE_ABI_MAJOR,                                                                                           \
      STEPWISE_ABI_MINOR,                                                                                           \
      0,                                                                                                            \
      sizeof(stepwise_plugin),                                                                                      \
      {ID, sizeof(ID) - 1},                                                                                         \
      {VERSION, sizeof(VERSION) - 1},                                                                               \
      {"C++ headers 1.0", sizeof("C++ headers 1.0") - 1},                                                           \
      &stepwise_this_factory,                                                                                       \
      1,                                                                                                            \
      sizeof(stepwise_factory)};                                                                                    \
  }                                                                                                                 \
  extern "C" STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) { return &stepwise_this_plugin; }

#endif
