/* odd.columns: takes it for granted that a column is a list of texts. */
#include "fault.h"

static stepwise_status describe(
    stepwise_instance *self, stepwise_reward_description *description, stepwise_error *error) {
  static const stepwise_text answer = {"answer", 6};
  description->required_columns = &answer;
  description->required_column_count = 1;
  return good_describe(self, description, error);
}

static double first(const stepwise_reward_item *item) {
  const stepwise_value *answers = stepwise_find_column(item->example, "answer")->data.list.items;
  return answers[0].data.text.size > 0;
}

SCORES(, first(item))
REWARD(.describe = describe)
