// Causal grouped-query attention over packed segments, forward.
//
// A segment may have a prefix: another segment, which all of its tokens see whole before they see
// their own. Its keys are then those of both, end to end. A task is a run of rows of one segment
// for one kv head: it goes over the keys it sees in chunks of CK_KC, packs a chunk once, and serves
// all query heads of the group with it, in blocks of CK_QB rows. Each row keeps the largest score and
// the sum of the exponentials so far; scores never leave the chunk. How the keys are cut depends on
// their place in the sequence alone, so a row's bits are the same whether its prefix stands in a
// segment of its own or before it in the same one.

typedef struct {
  const float *q, *k, *v, *o, *lse_in, *d_o;
  float *out, *lse, *dq, *dk, *dv;
  const int32_t *segments, *prefixes;
  int64_t segment_count, heads, kv_heads, dim;
  int64_t q_stride, kv_stride;  // forward: floats from row to row
  float scale;
  const int64_t *tasks;  // forward: first task of each segment, and the end
  int64_t task_rows;     // forward: rows of a task
} attention_job;

// The logits of 2^x are those of e^x times this.
static const float attention_log2e = 1.44269504f;

CK_INLINE int64_t segment_rows(const attention_job *job, int64_t segment) {
  return job->segments[segment + 1] - job->segments[segment];
}
CK_INLINE int64_t segment_prefix(const attention_job *job, int64_t segment) {
  return job->prefixes ? job->prefixes[segment] : -1;
}

// Floats that n columns take in panels k deep.
CK_INLINE int64_t panel_floats(int64_t n, int64_t k) { return ck_ceil_div(n, CK_NR) * CK_NR * k; }

// The keys of a segment: `split` of its prefix, then its own.
typedef struct {
  const float *prefix, *own;
  int64_t split, stride;
} key_rows;

CK_INLINE const float *key_row(const key_rows *keys, int64_t j) {
  return j < keys->split ? keys->prefix + j * keys->stride
                         : keys->own + (j - keys->split) * keys->stride;
}

// Panels of x^T for keys first ..< first + n; a panel of both kinds is put together first.
static void pack_keys(const key_rows *keys, int64_t first, int64_t n, int64_t dim, float *panels) {
  float joined[CK_NR * CK_KC];
  for (int64_t j = 0; j < n; j += CK_NR) {
    int64_t here = ck_min(CK_NR, n - j), from = first + j;
    if (from >= keys->split || from + here <= keys->split) {
      pack_panel_transposed(key_row(keys, from), keys->stride, dim, here, panels + j * dim);
    } else {
      for (int64_t r = 0; r < here; ++r)
        __builtin_memcpy(joined + r * dim, key_row(keys, from + r), sizeof(float) * (size_t)dim);
      pack_panel_transposed(joined, dim, dim, here, panels + j * dim);
    }
  }
}

// Panels of x (n, dim), times a factor.
static void pack_values(const float *x, int64_t stride, int64_t n, int64_t dim,
                        int64_t panel_stride, float factor, float *panels) {
  for (int64_t d = 0; d < dim; d += CK_NR, panels += panel_stride) {
    if (d + CK_NR <= dim) {
      for (int64_t i = 0; i < n; ++i)
#pragma clang loop unroll(full)
        for (int64_t w = 0; w < CK_NR; w += CK_W)
          v_store(panels + i * CK_NR + w, v_load(x + i * stride + d + w) * factor);
    } else {
      for (int64_t i = 0; i < n; ++i)
        for (int64_t w = 0; w < CK_NR; ++w)
          panels[i * CK_NR + w] = d + w < dim ? x[i * stride + d + w] * factor : 0;
    }
  }
}

// Asks for a row that will be needed soon: rows lie too far apart for the processor to see them
// coming.
CK_INLINE void ask_for_row(const float *x, int64_t dim) {
  for (int64_t d = 0; d < dim; d += 16) __builtin_prefetch(x + d);
}

// Rows of a left operand, times a factor; asks for those of the next block.
static void pack_queries(const float *x, int64_t stride, int64_t rows, int64_t dim, float factor,
                         float *block) {
  for (int64_t r = 0; r < rows; ++r) {
    ask_for_row(x + (r + CK_QB) * stride, dim);
    int64_t d = 0;
    for (; d + CK_W <= dim; d += CK_W)
      v_store(block + r * CK_KS + d, v_load(x + r * stride + d) * factor);
    for (; d < dim; ++d) block[r * CK_KS + d] = x[r * stride + d] * factor;
  }
}

// Turns a chunk's scores into 2^(s - max), 0 where a row does not see. max and sums (a vector per
// row) go on from earlier chunks; factors (rows) receive what earlier sums are worth now.
static void attention_softmax(const attention_view *view, float *scores, float *max, vf *sums,
                              float *factors) {
  int64_t seen = view_limit(view, view->rows - 1);
  for (int64_t r = 0; r < view->rows; ++r) {
    float *s = scores + r * CK_KS;
    int64_t limit = view_limit(view, r), whole = limit - limit % CK_W, j = 0;
    vf largest = v_set(max[r]);
    for (; j < whole; j += CK_W) largest = v_larger(v_load(s + j), largest);
    if (j < limit) largest = v_larger(v_keep(v_load(s + j), limit - j, -__builtin_inff()), largest);
    factors[r] = v_largest(largest);
  }
  // The first chunk has nothing to rescale: its factors are 2^-inf.
  for (int64_t r = 0; r < view->rows; r += CK_W) {
    vf now = v_load(factors + r), before = v_load(max + r);
    v_store(max + r, now);
    v_store(factors + r, v_exp2(before - now));
  }
  for (int64_t r = 0; r < view->rows; ++r) {
    float *s = scores + r * CK_KS;
    int64_t limit = view_limit(view, r), j = 0;
    vf total = sums[r] * factors[r];
    float largest = max[r];
    for (; j + CK_W <= limit; j += CK_W) {
      vf e = v_exp2(v_load(s + j) - largest);
      total += e;
      v_store(s + j, e);
    }
    if (j < limit) {
      vf e = v_keep(v_exp2(v_load(s + j) - largest), limit - j, 0);
      total += e;
      v_store(s + j, e);
      j += CK_W;
    }
    for (; j < seen; j += CK_W) v_store(s + j, v_set(0));
    sums[r] = total;
  }
}

static void attention_forward_task(void *context, int64_t task) {
  const attention_job *job = context;
  int64_t dim = job->dim, group = job->heads / job->kv_heads;
  int64_t kv = task % job->kv_heads, part = task / job->kv_heads, segment = 0;
  for (int64_t last = job->segment_count; last - segment > 1;) {
    int64_t middle = (segment + last) / 2;
    if (job->tasks[middle] <= part) segment = middle; else last = middle;
  }
  int64_t start = job->segments[segment], n = segment_rows(job, segment);
  // Late rows see most: they go first, so that threads finish together.
  int64_t index = job->tasks[segment + 1] - 1 - part;
  int64_t first = index * job->task_rows, count = ck_min(job->task_rows, n - first);
  int64_t kv_stride = job->kv_stride, q_stride = job->q_stride, out_stride = job->heads * dim;
  int64_t prefix = segment_prefix(job, segment);
  int64_t prefix_start = prefix >= 0 ? job->segments[prefix] : 0;
  int64_t split = prefix >= 0 ? segment_rows(job, prefix) : 0;
  key_rows keys = {job->k + prefix_start * kv_stride + kv * dim,
                   job->k + start * kv_stride + kv * dim, split, kv_stride};
  key_rows values = {job->v + prefix_start * kv_stride + kv * dim,
                     job->v + start * kv_stride + kv * dim, split, kv_stride};

  int64_t blocks = ck_ceil_div(count, CK_QB), room = ck_ceil_div(CK_QB, CK_W) * CK_W;
  int64_t state = group * blocks * room;
  int64_t chunk_floats = panel_floats(CK_KC, dim), value_stride = CK_NR * CK_KC;
  float *memory = ck_scratch(
      CK_SCRATCH_TASK, sizeof(float) * (size_t)(chunk_floats + panel_floats(dim, CK_KC) +
                                                2 * CK_QB * CK_KS + room + state * (CK_W + 1)));
  float *key_panels = memory, *value_panels = key_panels + chunk_floats;
  float *block = value_panels + panel_floats(dim, CK_KC), *scores = block + CK_QB * CK_KS;
  vf *sums = (vf *)(void *)(scores + CK_QB * CK_KS);
  float *max = (float *)(sums + state), *factors = max + state;
  for (int64_t i = 0; i < state; ++i) {
    sums[i] = v_set(0);
    max[i] = -__builtin_inff();
  }

  int64_t all = split + first + count;
  for (int64_t c = 0; c < all; c += CK_KC) {
    int64_t here = ck_min(CK_KC, all - c), border = ck_max(0, ck_min(here, split - c));
    pack_keys(&keys, c, here, dim, key_panels);
    if (border > 0)
      pack_values(key_row(&values, c), kv_stride, border, dim, value_stride, 1, value_panels);
    if (border < here)
      pack_values(key_row(&values, c + border), kv_stride, here - border, dim, value_stride, 1,
                  value_panels + border * CK_NR);
    for (int64_t g = 0; g < group; ++g) {
      int64_t h = kv * group + g;
      for (int64_t b = 0; b < blocks; ++b) {
        int64_t i = first + b * CK_QB;
        attention_view view = {ck_min(CK_QB, first + count - i), here, split + i - c};
        if (view_limit(&view, view.rows - 1) <= 0) continue;
        int64_t at = (g * blocks + b) * room;
        pack_queries(job->q + (start + i) * q_stride + h * dim, q_stride, view.rows, dim,
                     job->scale * attention_log2e, block);
        float *out = job->out + (start + i) * out_stride + h * dim;
        for (int64_t r = 0; r < view.rows; ++r) ask_for_row(out + r * out_stride, dim);
        attention_scores(&view, block, key_panels, dim, scores);
        attention_softmax(&view, scores, max + at, sums + at, factors);
        const float *from = c > 0 ? factors : NULL;
        attention_weighted(&view, scores, 0, here, value_panels, value_stride, dim, out, out_stride,
                           from);
      }
    }
  }
  for (int64_t g = 0; g < group; ++g)
    for (int64_t i = 0; i < count; ++i) {
      int64_t at = (g * blocks + i / CK_QB) * room + i % CK_QB, h = kv * group + g;
      float sum = v_sum(sums[at]), inverse = 1.0f / sum;
      float *out = job->out + (start + first + i) * out_stride + h * dim;
      int64_t d = 0;
      for (; d + CK_W <= dim; d += CK_W) v_store(out + d, v_load(out + d) * inverse);
      for (; d < dim; ++d) out[d] *= inverse;
      if (job->lse)
        job->lse[(start + first + i) * job->heads + h] =
            max[at] + (float)(__builtin_log((double)sum) * 1.4426950408889634);
    }
}

static void attention_forward(ck_pool *pool, const float *q, int64_t q_stride, const float *k,
                              const float *v, int64_t kv_stride, float *o, float *lse, const int32_t *segments,
                              const int32_t *prefixes, int64_t segment_count, int64_t heads,
                              int64_t kv_heads, int64_t dim, float scale) {
  int64_t *tasks = ck_scratch(CK_SCRATCH_SHARED, sizeof(int64_t) * (size_t)(segment_count + 1));
  attention_job job = {.q = q, .k = k, .v = v, .out = o, .lse = lse, .segments = segments,
                       .prefixes = prefixes, .segment_count = segment_count, .heads = heads,
                       .kv_heads = kv_heads, .dim = dim, .q_stride = q_stride,
                       .kv_stride = kv_stride, .scale = scale, .tasks = tasks};
  // 512 rows and heads in all: a chunk's packing is then a small part of its use.
  job.task_rows = ck_ceil_div(ck_ceil_div(512 * kv_heads, heads), CK_QB) * CK_QB;
  tasks[0] = 0;
  for (int64_t s = 0; s < segment_count; ++s)
    tasks[s + 1] = tasks[s] + ck_ceil_div(segment_rows(&job, s), job.task_rows);
  ck_parallel_for(pool, tasks[segment_count] * kv_heads, attention_forward_task, &job);
}
