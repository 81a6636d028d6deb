// RMSNorm and rotary embedding, and the column sums behind bias gradients.

typedef struct {
  const float *x, *w, *dy, *inverse_in, *added;
  float *y, *inverse, *dx, *partial;
  int64_t rows, width, part;
  float eps;
  bool accumulate;
} norm_job;

CK_INLINE float row_dot(const float *a, const float *b, int64_t width) {
  vf s0 = v_set(0), s1 = v_set(0);
  int64_t i = 0;
  for (; i + 2 * CK_W <= width; i += 2 * CK_W) {
    s0 += v_load(a + i) * v_load(b + i);
    s1 += v_load(a + i + CK_W) * v_load(b + i + CK_W);
  }
  for (; i + CK_W <= width; i += CK_W) s0 += v_load(a + i) * v_load(b + i);
  float total = v_sum(s0 + s1);
  for (; i < width; ++i) total += a[i] * b[i];
  return total;
}

// y = x / rms(x) * w, and 1 / rms(x). y may be x.
CK_INLINE float rms_row(const float *x, const float *w, float *y, int64_t width, float eps) {
  float inverse = 1.0f / __builtin_sqrtf(row_dot(x, x, width) / (float)width + eps);
  int64_t i = 0;
  for (; i + CK_W <= width; i += CK_W) v_store(y + i, v_load(x + i) * inverse * v_load(w + i));
  for (; i < width; ++i) y[i] = x[i] * inverse * w[i];
  return inverse;
}

static void rms_forward_task(void *context, int64_t task) {
  const norm_job *job = context;
  int64_t end = ck_min(job->rows, (task + 1) * job->part), width = job->width;
  for (int64_t r = task * job->part; r < end; ++r) {
    if (job->added) {  // the residual stream takes the block's result first
      float *sum = (float *)job->x + r * width;
      const float *added = job->added + r * width;
      int64_t i = 0;
      for (; i + CK_W <= width; i += CK_W) v_store(sum + i, v_load(sum + i) + v_load(added + i));
      for (; i < width; ++i) sum[i] += added[i];
    }
    float inverse = rms_row(job->x + r * width, job->w, job->y + r * width, width, job->eps);
    if (job->inverse) job->inverse[r] = inverse;
  }
}

static void rms_forward(ck_pool *pool, const float *x, const float *w, float *y, float *inverse,
                        int64_t rows, int64_t width, float eps) {
  norm_job job = {.x = x, .w = w, .y = y, .inverse = inverse, .rows = rows, .width = width,
                  .eps = eps, .part = ck_rows_per_task(width)};
  ck_parallel_for(pool, ck_ceil_div(rows, job.part), rms_forward_task, &job);
}

static void add_rms_forward(ck_pool *pool, float *x, const float *added, const float *w, float *y,
                            int64_t rows, int64_t width, float eps) {
  norm_job job = {.x = x, .added = added, .w = w, .y = y, .rows = rows, .width = width, .eps = eps,
                  .part = ck_rows_per_task(2 * width)};
  ck_parallel_for(pool, ck_ceil_div(rows, job.part), rms_forward_task, &job);
}

// With n = 1 / rms: dx = n (w dy - x n^2 mean(w dy x)), dw = sum over rows of dy x n.
static void rms_backward_task(void *context, int64_t task) {
  const norm_job *job = context;
  int64_t end = ck_min(job->rows, (task + 1) * job->part), width = job->width;
  float *dw = job->partial ? job->partial + task * width : NULL;
  if (dw)
    for (int64_t i = 0; i < width; ++i) dw[i] = 0;
  for (int64_t r = task * job->part; r < end; ++r) {
    const float *x = job->x + r * width, *dy = job->dy + r * width;
    float *dx = job->dx + r * width;
    float n = job->inverse_in[r];
    vf sum = v_set(0);
    int64_t i = 0;
    for (; i + CK_W <= width; i += CK_W)
      sum += v_load(x + i) * v_load(dy + i) * v_load(job->w + i);
    float total = v_sum(sum);
    for (; i < width; ++i) total += x[i] * dy[i] * job->w[i];
    float k = total * n * n / (float)width;
    i = 0;
    for (; i + CK_W <= width; i += CK_W) {
      vf xv = v_load(x + i), dyv = v_load(dy + i);
      vf d = (dyv * v_load(job->w + i) - xv * k) * n;
      if (job->accumulate) d += v_load(dx + i);
      v_store(dx + i, d);
      if (dw) v_store(dw + i, v_load(dw + i) + dyv * xv * n);
    }
    for (; i < width; ++i) {
      float d = (dy[i] * job->w[i] - x[i] * k) * n;
      dx[i] = job->accumulate ? dx[i] + d : d;
      if (dw) dw[i] += dy[i] * x[i] * n;
    }
  }
}

// out adds `count` partial rows, in their order.
static void add_partials(const float *partial, int64_t count, int64_t width, float *out) {
  for (int64_t p = 0; p < count; ++p)
    for (int64_t i = 0; i < width; ++i) out[i] += partial[p * width + i];
}

// Tasks of a reduction over rows: at most 64 partial sums.
static int64_t reduction_part(int64_t rows, int64_t width) {
  return ck_max(ck_ceil_div(rows, 64), ck_rows_per_task(width));
}

static void rms_backward(ck_pool *pool, const float *x, const float *w, const float *inverse,
                         const float *dy, float *dx, float *dw, int64_t rows, int64_t width,
                         bool accumulate) {
  norm_job job = {.x = x, .w = w, .inverse_in = inverse, .dy = dy, .dx = dx, .rows = rows,
                  .width = width, .accumulate = accumulate, .part = reduction_part(rows, width)};
  int64_t tasks = ck_ceil_div(rows, job.part);
  if (dw) job.partial = ck_scratch(CK_SCRATCH_SHARED, sizeof(float) * (size_t)(tasks * width));
  ck_parallel_for(pool, tasks, rms_backward_task, &job);
  if (dw) add_partials(job.partial, tasks, width, dw);
}

static void column_sum_task(void *context, int64_t task) {
  const norm_job *job = context;
  int64_t end = ck_min(job->rows, (task + 1) * job->part), width = job->width;
  float *sums = job->partial + task * width;
  for (int64_t i = 0; i < width; ++i) sums[i] = 0;
  for (int64_t r = task * job->part; r < end; ++r)
    for (int64_t i = 0; i < width; ++i) sums[i] += job->x[r * width + i];
}

static void column_sum(ck_pool *pool, const float *x, float *out, int64_t rows, int64_t width) {
  norm_job job = {.x = x, .rows = rows, .width = width, .part = reduction_part(rows, width)};
  int64_t tasks = ck_ceil_div(rows, job.part);
  job.partial = ck_scratch(CK_SCRATCH_SHARED, sizeof(float) * (size_t)(tasks * width));
  ck_parallel_for(pool, tasks, column_sum_task, &job);
  add_partials(job.partial, tasks, width, out);
}

typedef struct {
  const float *x, *cos, *sin;
  float *y;
  const int32_t *positions;
  int64_t tokens, heads, dim, part;
  bool inverse;
} rope_job;

// One head: (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin), x2 half a head behind x1 ("rotate_half").
CK_INLINE void rope_head(const float *x, float *y, const float *cos, const float *sin, int64_t half,
                         float sign) {
  int64_t i = 0;
  for (; i + CK_W <= half; i += CK_W) {
    vf c = v_load(cos + i), s = v_load(sin + i) * sign;
    vf x1 = v_load(x + i), x2 = v_load(x + half + i);
    v_store(y + i, x1 * c - x2 * s);
    v_store(y + half + i, x2 * c + x1 * s);
  }
  for (; i < half; ++i) {
    float c = cos[i], s = sin[i] * sign, x1 = x[i], x2 = x[half + i];
    y[i] = x1 * c - x2 * s;
    y[half + i] = x2 * c + x1 * s;
  }
}

static void rope_task(void *context, int64_t task) {
  const rope_job *job = context;
  int64_t end = ck_min(job->tokens, (task + 1) * job->part), half = job->dim / 2;
  for (int64_t t = task * job->part; t < end; ++t)
    for (int64_t h = 0; h < job->heads; ++h) {
      int64_t at = (t * job->heads + h) * job->dim;
      rope_head(job->x + at, job->y + at, job->cos + job->positions[t] * half,
                job->sin + job->positions[t] * half, half, job->inverse ? -1 : 1);
    }
}

static void rope(ck_pool *pool, const float *x, float *y, const int32_t *positions,
                 const float *cos, const float *sin, int64_t tokens, int64_t heads, int64_t dim,
                 bool inverse) {
  rope_job job = {.x = x, .y = y, .positions = positions, .cos = cos, .sin = sin,
                  .tokens = tokens, .heads = heads, .dim = dim, .inverse = inverse,
                  .part = ck_rows_per_task(heads * dim)};
  ck_parallel_for(pool, ck_ceil_div(tokens, job.part), rope_task, &job);
}
