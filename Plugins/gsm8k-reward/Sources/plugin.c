/* The reward `gsm8k`: 1 where a completion ends at the answer of its row, else 0.
 *
 * This file and ../Core need the plugin headers alone:
 *
 *     cc -std=c11 -O2 -shared -fPIC -fvisibility=hidden -I HEADERS -I Core/include Core/gsm8k.c Sources/plugin.c \
 *        -o libgsm8k-reward.so */
#include <math.h>

#include <stepwise/easy.h>

#include "gsm8k.h"

static double score(const stepwise_easy *easy, const stepwise_reward_item *item, int32_t *status) {
    const stepwise_value *answer = stepwise_find_column(item->example, "answer");
    stepwise_text mode = stepwise_json_member(easy->parameters, "mode");
    stepwise_text text = item->completion;
    double value;

    /* The host has seen to it that the column is there, but not to its type. */
    if (answer == NULL || answer->type != STEPWISE_VALUE_TEXT) {
        *status = STEPWISE_SCORE_ERROR;
        return 0;
    }
    value = gsm8k_score(
        text.size > 0 ? text.data : "", (size_t)text.size,
        answer->data.text.size > 0 ? answer->data.text.data : "", (size_t)answer->data.text.size,
        stepwise_text_equals(mode, "\"flexible\"") ? GSM8K_FLEXIBLE : GSM8K_STRICT);
    if (isnan(value)) {
        *status = STEPWISE_SCORE_ERROR;
        return 0;
    }
    return value;
}

STEPWISE_EASY_REWARD_COLUMN("org.stepwise.reward.gsm8k", "1.0.0", score, 0.0, 1.0, 1.0, "answer")
