// Row-wise softmax work: log-probabilities of targets with their backward, plain softmax.

CK_INLINE float row_max(const float *x, int64_t count) {
  vf best = v_set(-__builtin_inff());
  int64_t i = 0;
  for (; i + CK_W <= count; i += CK_W) best = v_max(best, v_load(x + i));
  if (i < count) best = v_max(best, v_load_n(x + i, count - i, -__builtin_inff()));
  return v_maximum(best);
}

typedef struct {
  const float *x;
  float *logits;
  const int32_t *targets;
  const float *grad, *lse_in;
  float *lse, *log_probs, *entropy;
  uint8_t *is_argmax;
  float inverse_temperature;
  int64_t rows, vocab, part;
} softmax_job;

// Sum of e^z and of z e^z with z = (x - max) * inverse_temperature <= 0. Summed in blocks of 4096
// in FP32, over blocks in FP64: a vocabulary of 150,000 loses nothing.
static void row_exp_sums(const float *x, int64_t count, float max, float inverse_temperature,
                         bool weighted, double *sum, double *weighted_sum) {
  double total = 0, total_weighted = 0;
  for (int64_t start = 0; start < count; start += 4096) {
    int64_t end = ck_min(count, start + 4096), i = start;
    vf s = v_set(0), w = v_set(0);
    for (; i < end; i += CK_W) {
      vf v = i + CK_W <= end ? v_load(x + i) : v_load_n(x + i, end - i, -__builtin_inff());
      vf z = (v - max) * inverse_temperature;
      vf e = v_exp(z);
      s += e;
      // -inf * 0 would be NaN: the floor's exponential is 0 already.
      if (weighted) w += v_max(z, v_set(-1e30f)) * e;
    }
    total += (double)v_sum(s);
    if (weighted) total_weighted += (double)v_sum(w);
  }
  *sum = total;
  *weighted_sum = total_weighted;
}

static void log_prob_forward_task(void *context, int64_t task) {
  const softmax_job *job = context;
  int64_t end = ck_min(job->rows, (task + 1) * job->part);
  for (int64_t r = task * job->part; r < end; ++r) {
    const float *x = job->x + r * job->vocab;
    int32_t target = job->targets[r];
    float max = row_max(x, job->vocab);
    double sum, weighted;
    row_exp_sums(x, job->vocab, max, job->inverse_temperature, job->entropy != NULL, &sum,
                 &weighted);
    double log_sum = __builtin_log(sum);
    job->lse[r] = (float)((double)max * (double)job->inverse_temperature + log_sum);
    job->log_probs[r] =
        (float)((double)(x[target] - max) * (double)job->inverse_temperature - log_sum);
    if (job->entropy) job->entropy[r] = (float)(log_sum - weighted / sum);
    if (job->is_argmax) {
      bool best = x[target] == max;
      for (int64_t i = 0; best && i < target; ++i) best = x[i] != max;
      job->is_argmax[r] = best;
    }
  }
}

static void log_prob_forward(ck_pool *pool, const float *logits, const int32_t *targets,
                             float inverse_temperature, float *lse, float *log_probs,
                             float *entropy, uint8_t *is_argmax, int64_t rows, int64_t vocab) {
  softmax_job job = {.x = logits, .targets = targets, .lse = lse, .log_probs = log_probs,
                     .entropy = entropy, .is_argmax = is_argmax, .rows = rows, .vocab = vocab,
                     .inverse_temperature = inverse_temperature, .part = ck_rows_per_task(vocab)};
  ck_parallel_for(pool, ck_ceil_div(rows, job.part), log_prob_forward_task, &job);
}

static void log_prob_backward_task(void *context, int64_t task) {
  const softmax_job *job = context;
  int64_t end = ck_min(job->rows, (task + 1) * job->part);
  for (int64_t r = task * job->part; r < end; ++r) {
    float *x = job->logits + r * job->vocab;
    float inverse_temperature = job->inverse_temperature;
    float lse = job->lse_in[r], g = job->grad[r] * inverse_temperature;
    int64_t i = 0;
    if (g == 0) {  // a masked row
      for (; i < job->vocab; ++i) x[i] = 0;
      continue;
    }
    for (; i + CK_W <= job->vocab; i += CK_W)
      v_store(x + i, -g * v_exp(v_load(x + i) * inverse_temperature - lse));
    if (i < job->vocab) {
      vf v = v_load_n(x + i, job->vocab - i, 0);
      v_store_n(x + i, -g * v_exp(v * inverse_temperature - lse), job->vocab - i);
    }
    x[job->targets[r]] += g;
  }
}

static void log_prob_backward(ck_pool *pool, float *logits, const int32_t *targets,
                              float inverse_temperature, const float *lse, const float *grad,
                              int64_t rows, int64_t vocab) {
  softmax_job job = {.logits = logits, .targets = targets, .lse_in = lse, .grad = grad,
                     .rows = rows, .vocab = vocab, .inverse_temperature = inverse_temperature,
                     .part = ck_rows_per_task(vocab)};
  ck_parallel_for(pool, ck_ceil_div(rows, job.part), log_prob_backward_task, &job);
}

static void softmax_rows_task(void *context, int64_t task) {
  const softmax_job *job = context;
  int64_t end = ck_min(job->rows, (task + 1) * job->part);
  for (int64_t r = task * job->part; r < end; ++r) {
    float *x = job->logits + r * job->vocab;
    float max = row_max(x, job->vocab);
    double total = 0;
    for (int64_t i = 0; i < job->vocab; i += CK_W) {
      int64_t n = job->vocab - i;
      vf v = n >= CK_W ? v_load(x + i) : v_load_n(x + i, n, -__builtin_inff());
      vf e = v_exp((v - max) * job->inverse_temperature);
      total += (double)v_sum(e);
      if (n >= CK_W)
        v_store(x + i, e);
      else
        v_store_n(x + i, e, n);
    }
    float inverse = (float)(1 / total);
    for (int64_t i = 0; i < job->vocab; ++i) x[i] *= inverse;
  }
}

static void softmax_rows(ck_pool *pool, float *x, float inverse_temperature, int64_t rows,
                         int64_t vocab) {
  softmax_job job = {.logits = x, .rows = rows, .vocab = vocab,
                     .inverse_temperature = inverse_temperature, .part = ck_rows_per_task(vocab)};
  ck_parallel_for(pool, ck_ceil_div(rows, job.part), softmax_rows_task, &job);
}
