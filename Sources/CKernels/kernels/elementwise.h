// Memory-bound work on flat arrays, and the row copies behind embeddings.

typedef struct {
  const float *a, *b;
  float *out;
  float scale;
  int64_t count;
} flat_job;

// The half-open range of a task.
CK_INLINE int64_t flat_begin(int64_t task) { return task * CK_GRAIN; }
CK_INLINE int64_t flat_end(int64_t task, int64_t count) {
  return ck_min(count, (task + 1) * CK_GRAIN);
}
static void flat_run(ck_pool *pool, ck_task fn, void *job, int64_t count) {
  ck_parallel_for(pool, ck_ceil_div(count, CK_GRAIN), fn, job);
}

static void add_task(void *context, int64_t task) {
  const flat_job *job = context;
  int64_t i = flat_begin(task), end = flat_end(task, job->count);
  vf scale = v_set(job->scale);
  for (; i + CK_W <= end; i += CK_W)
    v_store(job->out + i, v_load(job->a + i) + scale * v_load(job->b + i));
  for (; i < end; ++i) job->out[i] = job->a[i] + job->scale * job->b[i];
}

static void add(ck_pool *pool, const float *a, const float *b, float scale, float *out,
                int64_t count) {
  flat_job job = {.a = a, .b = b, .out = out, .scale = scale, .count = count};
  flat_run(pool, add_task, &job, count);
}

static void scale_task(void *context, int64_t task) {
  const flat_job *job = context;
  for (int64_t i = flat_begin(task), end = flat_end(task, job->count); i < end; ++i)
    job->out[i] *= job->scale;
}

static void scale(ck_pool *pool, float *x, float scale, int64_t count) {
  flat_job job = {.out = x, .scale = scale, .count = count};
  flat_run(pool, scale_task, &job, count);
}

static void fill_task(void *context, int64_t task) {
  const flat_job *job = context;
  for (int64_t i = flat_begin(task), end = flat_end(task, job->count); i < end; ++i)
    job->out[i] = job->scale;
}

static void fill(ck_pool *pool, float *x, float value, int64_t count) {
  flat_job job = {.out = x, .scale = value, .count = count};
  flat_run(pool, fill_task, &job, count);
}

static void copy_task(void *context, int64_t task) {
  const flat_job *job = context;
  int64_t i = flat_begin(task), end = flat_end(task, job->count);
  __builtin_memcpy(job->out + i, job->a + i, sizeof(float) * (size_t)(end - i));
}

static void copy(ck_pool *pool, const float *x, float *out, int64_t count) {
  flat_job job = {.a = x, .out = out, .count = count};
  flat_run(pool, copy_task, &job, count);
}

typedef struct {
  const float *x;
  const int32_t *rows;
  float *out;
  int64_t count, width, part;
} rows_job;

static void gather_task(void *context, int64_t task) {
  const rows_job *job = context;
  int64_t end = ck_min(job->count, (task + 1) * job->part);
  for (int64_t i = task * job->part; i < end; ++i)
    __builtin_memcpy(job->out + i * job->width, job->x + job->rows[i] * job->width,
                     sizeof(float) * (size_t)job->width);
}

static void gather_rows(ck_pool *pool, const float *table, const int32_t *rows, float *out,
                        int64_t count, int64_t width) {
  rows_job job = {.x = table, .rows = rows, .out = out, .count = count, .width = width,
                  .part = ck_rows_per_task(width)};
  ck_parallel_for(pool, ck_ceil_div(count, job.part), gather_task, &job);
}

// A task owns some columns of the table and adds all rows to them, in order: rows that occur twice
// are summed in the same order whoever runs the task.
static void scatter_task(void *context, int64_t task) {
  const rows_job *job = context;
  int64_t begin = task * job->part, end = ck_min(job->width, begin + job->part);
  for (int64_t i = 0; i < job->count; ++i) {
    const float *x = job->x + i * job->width;
    float *out = job->out + job->rows[i] * job->width;
    for (int64_t j = begin; j < end; ++j) out[j] += x[j];
  }
}

static void scatter_add_rows(ck_pool *pool, const float *x, const int32_t *rows, float *table,
                             int64_t count, int64_t width) {
  rows_job job = {.x = x, .rows = rows, .out = table, .count = count, .width = width, .part = 64};
  ck_parallel_for(pool, ck_ceil_div(width, job.part), scatter_task, &job);
}

typedef struct {
  const float *gate, *up, *dy;
  float *out, *dgate, *dup;
  int64_t count;
} swiglu_job;

CK_INLINE vf v_sigmoid(vf x) { return 1.0f / (1.0f + v_exp(-x)); }

static void swiglu_forward_task(void *context, int64_t task) {
  const swiglu_job *job = context;
  int64_t i = flat_begin(task), end = flat_end(task, job->count);
  for (; i + CK_W <= end; i += CK_W) {
    vf gate = v_load(job->gate + i);
    v_store(job->out + i, gate * v_sigmoid(gate) * v_load(job->up + i));
  }
  if (i < end) {
    vf gate = v_load_n(job->gate + i, end - i, 0), up = v_load_n(job->up + i, end - i, 0);
    v_store_n(job->out + i, gate * v_sigmoid(gate) * up, end - i);
  }
}

static void swiglu_forward(ck_pool *pool, const float *gate, const float *up, float *y,
                           int64_t count) {
  swiglu_job job = {.gate = gate, .up = up, .out = y, .count = count};
  flat_run(pool, swiglu_forward_task, &job, count);
}

// Rows that hold gate and up side by side.
static void swiglu_rows_task(void *context, int64_t task) {
  const rows_job *job = context;
  int64_t end = ck_min(job->count, (task + 1) * job->part);
  for (int64_t r = task * job->part; r < end; ++r) {
    swiglu_job row = {.gate = job->x + 2 * r * job->width, .up = job->x + (2 * r + 1) * job->width,
                      .out = job->out + r * job->width, .count = job->width};
    for (int64_t part = 0; part * CK_GRAIN < job->width; ++part) swiglu_forward_task(&row, part);
  }
}

static void swiglu_rows(ck_pool *pool, const float *gate_up, float *y, int64_t rows,
                        int64_t width) {
  rows_job job = {.x = gate_up, .out = y, .count = rows, .width = width,
                  .part = ck_rows_per_task(4 * width)};
  ck_parallel_for(pool, ck_ceil_div(rows, job.part), swiglu_rows_task, &job);
}

CK_INLINE void swiglu_gradients(vf gate, vf up, vf dy, vf *dgate, vf *dup) {
  vf s = v_sigmoid(gate);
  vf silu = gate * s;
  *dgate = dy * up * (s + silu * (1.0f - s));
  *dup = dy * silu;
}

static void swiglu_backward_task(void *context, int64_t task) {
  const swiglu_job *job = context;
  int64_t i = flat_begin(task), end = flat_end(task, job->count);
  vf dgate, dup;
  for (; i + CK_W <= end; i += CK_W) {
    swiglu_gradients(v_load(job->gate + i), v_load(job->up + i), v_load(job->dy + i), &dgate, &dup);
    v_store(job->dgate + i, dgate);
    v_store(job->dup + i, dup);
  }
  if (i < end) {
    int64_t n = end - i;
    swiglu_gradients(v_load_n(job->gate + i, n, 0), v_load_n(job->up + i, n, 0),
                     v_load_n(job->dy + i, n, 0), &dgate, &dup);
    v_store_n(job->dgate + i, dgate, n);
    v_store_n(job->dup + i, dup, n);
  }
}

static void swiglu_backward(ck_pool *pool, const float *gate, const float *up, const float *dy,
                            float *dgate, float *dup, int64_t count) {
  swiglu_job job = {.gate = gate, .up = up, .dy = dy, .dgate = dgate, .dup = dup, .count = count};
  flat_run(pool, swiglu_backward_task, &job, count);
}
