/* The reward `gsm8k`: 1 where a completion ends at the answer of its row, else 0.
 *
 * This file and ../Core need the plugin headers alone:
 *
 *     cc -std=c11 -O2 -shared -fPIC -fvisibility=hidden -I HEADERS -I Core/include Core/gsm8k.c Sources/plugin.c \
 *        -o libgsm8k-reward.so */
#include <math.h>
#include <stdlib.h>

#include <stepwise/easy.h>

#include "gsm8k.h"

static gsm8k_mode mode_of(const stepwise_easy *easy) {
    stepwise_text mode = stepwise_json_member(easy->parameters, "mode");
    return stepwise_text_equals(mode, "\"flexible\"") ? GSM8K_FLEXIBLE : GSM8K_STRICT;
}

/* Where a text starts; never NULL. */
static const char *start_of(stepwise_text text) {
    return text.size > 0 ? text.data : "";
}

static double score(const stepwise_easy *easy, const stepwise_reward_item *item, int32_t *status) {
    const stepwise_value *answer = stepwise_find_column(item->example, "answer");
    stepwise_text text = item->completion, gold;
    double value;

    /* The host has seen to it that the column is there, but not to its type. */
    if (answer == NULL || answer->type != STEPWISE_VALUE_TEXT) {
        *status = STEPWISE_SCORE_ERROR;
        return 0;
    }
    gold = answer->data.text;
    value = gsm8k_score(start_of(text), (size_t)text.size, start_of(gold), (size_t)gold.size, mode_of(easy));
    if (isnan(value)) {
        *status = STEPWISE_SCORE_ERROR;
        return 0;
    }
    return value;
}

/* The number that a completion ends at, in its normal form; the row's own plays no part. */
static stepwise_status answer(
    const stepwise_easy *easy, const stepwise_reward_item *item, const stepwise_answer_sink *sink, uint64_t index) {
    stepwise_text text = item->completion;
    gsm8k_mode mode = mode_of(easy);
    gsm8k_span span;
    char few[64];
    char *normal = few;
    stepwise_text found;

    if (!gsm8k_find_answer(start_of(text), (size_t)text.size, mode, &span)) return STEPWISE_OK;
    /* Nobody asks a question whose answer has so many digits, but a model may give one. */
    if (span.length >= sizeof few) normal = malloc(span.length + 1);
    if (normal == NULL) return STEPWISE_ERROR_MEMORY;
    found.data = normal;
    found.size = gsm8k_normalise(span, mode, normal);
    if (found.size > 0) sink->set(sink, index, found);
    if (normal != few) free(normal);
    return STEPWISE_OK;
}

STEPWISE_EASY_REWARD_ANSWERS("org.stepwise.reward.gsm8k", "1.0.0", score, answer, 0.0, 1.0, 1.0, "answer")
