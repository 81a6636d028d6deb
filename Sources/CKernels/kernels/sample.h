// Drawing tokens. Order of the filters, as in transformers: repetition penalty, temperature, top-k,
// top-p, min-p; then the inverse of the cumulative distribution in the order of the vocabulary.

typedef struct {
  const float *logits;
  const ck_sampling *options;
  const float *uniform;
  const int32_t *seen;
  const int64_t *seen_starts;
  int32_t *tokens;
  float *log_probs;
  int64_t vocab;
} sample_job;

// The k-th largest (k >= 1) of count values; `work` is scrambled. Hoare's selection.
static float select_largest(float *work, int64_t count, int64_t k) {
  int64_t low = 0, high = count - 1, target = k - 1;
  while (low < high) {
    float pivot = work[low + (high - low) / 2];
    int64_t i = low, j = high;
    while (i <= j) {
      while (work[i] > pivot) ++i;
      while (work[j] < pivot) --j;
      if (i <= j) {
        float t = work[i];
        work[i++] = work[j];
        work[j--] = t;
      }
    }
    if (target <= j)
      high = j;
    else if (target >= i)
      low = i;
    else
      return work[target];
  }
  return work[target];
}

// The smallest probability that top-p keeps: descending, values are kept until their sum reaches
// top_p * total. Halves the candidates as a selection does instead of sorting them: O(count).
static float top_p_threshold(float *work, int64_t count, double wanted) {
  int64_t low = 0, high = count;  // the threshold lies in work[low ..< high]
  double above = 0;               // sum of everything before low, all larger
  while (high - low > 1) {
    float pivot = work[low + (high - low) / 2];
    int64_t larger = low, equal_end = low;  // [low, larger) > pivot, [larger, equal_end) == pivot
    double sum = 0, equal = 0;
    for (int64_t i = low; i < high; ++i) {
      float value = work[i];
      if (value > pivot) {
        work[i] = work[equal_end];
        work[equal_end++] = work[larger];
        work[larger++] = value;
        sum += (double)value;
      } else if (value == pivot) {
        work[i] = work[equal_end];
        work[equal_end++] = value;
        equal += (double)value;
      }
    }
    if (above + sum >= wanted && larger > low) {
      high = larger;
    } else if (above + sum + equal >= wanted || equal_end == high) {
      return pivot;
    } else {
      above += sum + equal;
      low = equal_end;
    }
  }
  return work[low];
}

static void sample_task(void *context, int64_t r) {
  const sample_job *job = context;
  int64_t vocab = job->vocab;
  const float *logits = job->logits + r * vocab;
  ck_sampling options = job->options[r];
  bool greedy = options.temperature == 0;
  float inverse_temperature = greedy ? 1 : 1 / options.temperature;
  float *p = ck_scratch(CK_SCRATCH_TASK, sizeof(float) * 2 * (size_t)vocab);
  float *work = p + vocab;

  float raw_max = row_max(logits, vocab);
  double raw_sum, unused;
  row_exp_sums(logits, vocab, raw_max, inverse_temperature, false, &raw_sum, &unused);

  const float *x = logits;
  float max = raw_max;
  bool penalised = options.repetition_penalty != 1 && job->seen;
  if (penalised) {
    __builtin_memcpy(p, logits, sizeof(float) * (size_t)vocab);
    // A token seen twice is penalised once: the value comes from the untouched logits.
    for (int64_t i = job->seen_starts[r]; i < job->seen_starts[r + 1]; ++i) {
      int32_t token = job->seen[i];
      float value = logits[token];
      p[token] = value > 0 ? value / options.repetition_penalty : value * options.repetition_penalty;
    }
    x = p;
    max = row_max(p, vocab);
  }

  int64_t token = -1;
  if (greedy) {
    for (token = 0; token + 1 < vocab && x[token] != max; ++token) {
    }
  } else {
    float lowest_logit = -__builtin_inff();
    if (options.top_k > 0 && options.top_k < vocab) {
      __builtin_memcpy(work, x, sizeof(float) * (size_t)vocab);
      lowest_logit = select_largest(work, vocab, options.top_k);
    }
    double total = 0;
    for (int64_t i = 0; i < vocab; i += CK_W) {
      int64_t n = vocab - i;
      vf v = n >= CK_W ? v_load(x + i) : v_load_n(x + i, n, -__builtin_inff());
      vf e = v_exp((v - max) * inverse_temperature);
      vi keep = v >= v_set(lowest_logit);
      e = __builtin_bit_cast(vf, __builtin_bit_cast(vi, e) & keep);
      total += (double)v_sum(e);
      if (n >= CK_W)
        v_store(p + i, e);
      else
        v_store_n(p + i, e, n);
    }
    float threshold = 0;
    if (options.top_p < 1) {
      int64_t count = 0;
      for (int64_t i = 0; i < vocab; ++i)
        if (p[i] > 0) work[count++] = p[i];
      threshold = top_p_threshold(work, count, (double)options.top_p * total);
    }
    if (options.min_p > threshold) threshold = options.min_p;  // the largest p is e^0 = 1
    if (threshold > 0) {
      total = 0;
      for (int64_t i = 0; i < vocab; ++i) {
        if (p[i] < threshold) p[i] = 0;
        total += (double)p[i];
      }
    }
    double goal = (double)job->uniform[r] * total, sum = 0;
    for (int64_t i = 0; i < vocab; ++i) {
      if (p[i] <= 0) continue;
      token = i;  // the last candidate, should rounding leave goal above the sum
      sum += (double)p[i];
      if (sum > goal) break;
    }
    if (token < 0) token = 0;  // only NaN logits leave no candidate
  }
  job->tokens[r] = (int32_t)token;
  job->log_probs[r] = (float)((double)(logits[token] - raw_max) * (double)inverse_temperature -
                              __builtin_log(raw_sum));
}

static void sample(ck_pool *pool, const float *logits, const ck_sampling *options,
                   const float *uniform, const int32_t *seen, const int64_t *seen_starts,
                   int32_t *tokens, float *log_probs, int64_t rows, int64_t vocab) {
  sample_job job = {.logits = logits, .options = options, .uniform = uniform, .seen = seen,
                    .seen_starts = seen_starts, .tokens = tokens, .log_probs = log_probs,
                    .vocab = vocab};
  ck_parallel_for(pool, rows, sample_task, &job);
}
