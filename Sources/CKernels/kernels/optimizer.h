// Whole-buffer reductions and the AdamW update.

typedef struct {
  const float *x, *y;
  double *partial;
  int64_t count;
} reduce_job;

// FP32 products are exact in FP64, so the only rounding is that of the sum, in one fixed order.
static void dot_task(void *context, int64_t task) {
  const reduce_job *job = context;
  int64_t i = flat_begin(task), end = flat_end(task, job->count);
  vd s0 = 0, s1 = 0;
  for (; i + 2 * CK_W <= end; i += 2 * CK_W) {
    s0 += __builtin_convertvector(v_load(job->x + i), vd) *
          __builtin_convertvector(v_load(job->y + i), vd);
    s1 += __builtin_convertvector(v_load(job->x + i + CK_W), vd) *
          __builtin_convertvector(v_load(job->y + i + CK_W), vd);
  }
  s0 += s1;
  double total = vd_sum(&s0);
  for (; i < end; ++i) total += (double)job->x[i] * (double)job->y[i];
  job->partial[task] = total;
}

static double dot(ck_pool *pool, const float *x, const float *y, int64_t count) {
  int64_t tasks = ck_ceil_div(count, CK_GRAIN);
  reduce_job job = {.x = x, .y = y, .count = count};
  job.partial = ck_scratch(CK_SCRATCH_SHARED, sizeof(double) * (size_t)ck_max(1, tasks));
  ck_parallel_for(pool, tasks, dot_task, &job);
  double total = 0;
  for (int64_t task = 0; task < tasks; ++task) total += job.partial[task];
  return total;
}

static double sum_squares(ck_pool *pool, const float *x, int64_t count) {
  return dot(pool, x, x, count);
}

typedef struct {
  float *p, *m, *v;
  const float *g;
  int64_t count;
  ck_adamw_options o;
} adamw_job;

// As torch: p *= 1 - lr wd; m, v; p -= lr / bc1 * m / (sqrt(v) / sqrt(bc2) + eps). The constants are
// formed in FP64 first: 1 - 0.999f would be off by 5e-5.
static void adamw_task(void *context, int64_t task) {
  const adamw_job *job = context;
  ck_adamw_options o = job->o;
  float decay = (float)(1 - o.lr * o.weight_decay), step = (float)(o.lr / o.bias_correction1);
  float root = (float)__builtin_sqrt(o.bias_correction2), eps = (float)o.eps;
  float keep1 = (float)(1 - o.beta1), beta2 = (float)o.beta2, keep2 = (float)(1 - o.beta2);
  float grad_scale = (float)o.grad_scale;
  int64_t end = flat_end(task, job->count);
  for (int64_t i = flat_begin(task); i < end; i += CK_W) {
    int64_t n = end - i;
    bool whole = n >= CK_W;
    vf g = (whole ? v_load(job->g + i) : v_load_n(job->g + i, n, 0)) * grad_scale;
    vf m = whole ? v_load(job->m + i) : v_load_n(job->m + i, n, 0);
    vf v = whole ? v_load(job->v + i) : v_load_n(job->v + i, n, 0);
    vf p = whole ? v_load(job->p + i) : v_load_n(job->p + i, n, 0);
    m = m + keep1 * (g - m);
    v = beta2 * v + keep2 * g * g;
    p = p * decay - step * (m / (__builtin_elementwise_sqrt(v) / root + eps));
    if (whole) {
      v_store(job->m + i, m);
      v_store(job->v + i, v);
      v_store(job->p + i, p);
    } else {
      v_store_n(job->m + i, m, n);
      v_store_n(job->v + i, v, n);
      v_store_n(job->p + i, p, n);
    }
  }
}

static void adamw(ck_pool *pool, float *p, const float *g, float *m, float *v, int64_t count,
                  ck_adamw_options options) {
  adamw_job job = {.p = p, .m = m, .v = v, .g = g, .count = count, .o = options};
  flat_run(pool, adamw_task, &job, count);
}
