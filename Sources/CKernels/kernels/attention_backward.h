// Backward of attention. With P the probabilities: dV = P^T dO, dP = dO V^T, dS = P (dP - rowsum(dO O)),
// dQ = scale dS K, dK = scale dS^T Q; P is computed again from the forward's log-sum-exp.
//
// A unit is what reads the same keys: a segment with its own, or with a run of further segments whose
// prefix is the same. A task is one unit for some query heads of one kv head. It goes over chunks
// of keys and, inside, over blocks of queries, so that a chunk's keys and their gradients stay in
// cache. Where several tasks add to the same keys (the heads of a group apart, the completions of a
// prompt), all but the first write to memory of their own, which is added afterwards in one order.

typedef struct {
  int32_t first, last;     // segments
  int32_t prefix;          // or -1
  int64_t own, of_prefix;  // floats of `partials` where the parts' gradients of these keys begin
} attention_unit;

typedef struct {
  attention_job base;
  const attention_unit *units;
  int64_t unit_count, parts;
  float *partials;
} backward_job;

// Where gradients of a run of keys go: (n, dim) each.
typedef struct {
  float *dk, *dv;
  int64_t stride;
} key_gradients;

typedef struct {
  float *key_panels, *value_panels, *key_matrix;  // of a chunk
  float *block, *d_block, *q_panels, *do_panels;  // of a block of queries
  float *p, *ds, *dk, *dv;
  int64_t width;  // of dk and dv: dim in whole panels
  float *deltas;  // rowsum(dO O): rows of the unit from `row` on, `heads` of them from `head` on
  int64_t row, head, heads;
} backward_memory;

static void backward_block(const attention_job *job, const attention_view *view,
                           const backward_memory *m, int64_t row, int64_t h, bool adds) {
  int64_t dim = job->dim, q_stride = job->heads * dim, offset = row * q_stride + h * dim;
  const float *q = job->q + offset, *d_o = job->d_o + offset;
  const float *deltas = m->deltas + (row - m->row) * m->heads + h - m->head;
  int64_t rows = view->rows, seen = view_limit(view, rows - 1), panel = CK_NR * CK_QB;
  pack_queries(q, q_stride, rows, dim, job->scale * attention_log2e, m->block);
  pack_queries(d_o, q_stride, rows, dim, 1, m->d_block);
  pack_values(q, q_stride, rows, dim, panel, job->scale, m->q_panels);
  pack_values(d_o, q_stride, rows, dim, panel, 1, m->do_panels);
  attention_scores(view, m->block, m->key_panels, dim, m->p);
  attention_scores(view, m->d_block, m->value_panels, dim, m->ds);
  for (int64_t r = 0; r < rows; ++r) {
    float lse = job->lse_in[(row + r) * job->heads + h];
    float delta = deltas[r * m->heads];
    float *p = m->p + r * CK_KS, *ds = m->ds + r * CK_KS;
    int64_t limit = view_limit(view, r), j = 0;
    for (; j + CK_W <= limit; j += CK_W) {
      vf e = v_exp2(v_load(p + j) - lse);
      v_store(ds + j, e * (v_load(ds + j) - delta));
      v_store(p + j, e);
    }
    if (j < limit) {
      // Beyond the limit ds may be anything, also infinite: it is replaced, not multiplied by 0.
      vf e = v_keep(v_exp2(v_load(p + j) - lse), limit - j, 0);
      v_store(ds + j, v_keep(e * (v_load(ds + j) - delta), limit - j, 0));
      v_store(p + j, e);
      j += CK_W;
    }
    for (; j < seen; j += CK_W) {
      v_store(p + j, v_set(0));
      v_store(ds + j, v_set(0));
    }
  }
  attention_weighted(view, m->ds, 0, view->keys, m->key_matrix, CK_NR * CK_KC, dim,
                     job->dq + offset, q_stride, adds ? attention_ones : NULL);
  for (int64_t j = 0; j < seen;) {
    const attention_entry *entry = tile_of(seen - j);
    int64_t r = ck_max(0, j - view->diagonal);  // the first row that sees key j
    for (int64_t d = 0; d < dim; d += CK_NR) {
      int vectors = dim - d > CK_W;
      const float *b = m->do_panels + d / CK_NR * panel + r * CK_NR;
      entry->fn[1][vectors](m->p + r * CK_KS + j, b, rows - r, m->dv + j * m->width + d, m->width,
                            attention_ones);
      b = m->q_panels + d / CK_NR * panel + r * CK_NR;
      entry->fn[1][vectors](m->ds + r * CK_KS + j, b, rows - r, m->dk + j * m->width + d, m->width,
                            attention_ones);
    }
    j += entry->rows;
  }
}

// Everything that segments first ..< last, heads h ..< h + count, do with the keys of `source`: their
// own (causal), or those of their prefix. `adds` to dq what an earlier call put there.
static void backward_keys(const attention_job *job, const backward_memory *m, int64_t source,
                          int64_t first, int64_t last, int64_t h, int64_t count, bool adds,
                          key_gradients out) {
  int64_t dim = job->dim, group = job->heads / job->kv_heads, stride = job->kv_heads * dim;
  int64_t start = job->segments[source], n = segment_rows(job, source);
  for (int64_t c = 0; c < n; c += CK_KC) {
    int64_t here = ck_min(CK_KC, n - c);
    int64_t offset = (start + c) * stride + h / group * dim;
    key_rows keys = {NULL, job->k + offset, 0, stride}, values = {NULL, job->v + offset, 0, stride};
    pack_keys(&keys, 0, here, dim, m->key_panels);
    pack_keys(&values, 0, here, dim, m->value_panels);
    pack_values(job->k + offset, stride, here, dim, CK_NR * CK_KC, job->scale,
                m->key_matrix);
    for (int64_t i = 0; i < here * m->width; ++i) m->dk[i] = m->dv[i] = 0;
    for (int64_t s = first; s < last; ++s)
      for (int64_t g = h; g < h + count; ++g)
        for (int64_t i = 0; i < segment_rows(job, s); i += CK_QB) {
          int64_t rows = ck_min(CK_QB, segment_rows(job, s) - i);
          attention_view view = {rows, here, s == source ? i - c : here};
          if (view_limit(&view, rows - 1) > 0)
            backward_block(job, &view, m, job->segments[s] + i, g, adds || c > 0);
        }
    for (int64_t i = 0; i < here; ++i) {
      __builtin_memcpy(out.dk + (c + i) * out.stride, m->dk + i * m->width,
                       sizeof(float) * (size_t)dim);
      __builtin_memcpy(out.dv + (c + i) * out.stride, m->dv + i * m->width,
                       sizeof(float) * (size_t)dim);
    }
  }
}

// Part `index` of gradients of n keys that begin at `base` floats of the partials.
CK_INLINE key_gradients partial_at(const backward_job *job, int64_t base, int64_t n,
                                   int64_t index) {
  float *dk = job->partials + base + index * 2 * n * job->base.dim;
  return (key_gradients){dk, dk + n * job->base.dim, job->base.dim};
}

static void attention_backward_task(void *context, int64_t task) {
  const backward_job *backward = context;
  const attention_job *job = &backward->base;
  int64_t dim = job->dim, group = job->heads / job->kv_heads, parts = backward->parts;
  int64_t part = task % parts, kv = task / parts % job->kv_heads;
  const attention_unit *unit = &backward->units[task / parts / job->kv_heads];
  int64_t heads = group / parts, h = kv * group + part * heads;
  int64_t kv_stride = job->kv_heads * dim, q_stride = job->heads * dim;
  int64_t row = job->segments[unit->first], all = job->segments[unit->last] - row;

  backward_memory m = {.width = ck_ceil_div(dim, CK_NR) * CK_NR, .row = row, .head = h,
                       .heads = heads};
  int64_t chunk = CK_KC * m.width, rows = CK_QB * CK_KS, panels = CK_QB * m.width;
  float *memory =
      ck_scratch(CK_SCRATCH_TASK,
                 sizeof(float) * (size_t)(5 * chunk + 4 * rows + 2 * panels + all * heads));
  float **slots[] = {&m.key_panels, &m.value_panels, &m.key_matrix, &m.dk, &m.dv, &m.block,
                     &m.d_block, &m.p, &m.ds, &m.q_panels, &m.do_panels};
  for (int i = 0; i < 11; ++i) {
    *slots[i] = memory;
    memory += i < 5 ? chunk : i < 9 ? rows : panels;
  }
  m.deltas = memory;
  for (int64_t r = 0; r < all; ++r)
    for (int64_t g = 0; g < heads; ++g) {
      int64_t at = (row + r) * q_stride + (h + g) * dim;
      ask_for_row(job->d_o + at + 8 * q_stride, dim);
      ask_for_row(job->o + at + 8 * q_stride, dim);
      m.deltas[r * heads + g] = row_dot(job->d_o + at, job->o + at, dim);
    }

  if (unit->prefix >= 0) {
    int64_t n = segment_rows(job, unit->prefix);
    backward_keys(job, &m, unit->prefix, unit->first, unit->last, h, heads, false,
                  partial_at(backward, unit->of_prefix, n, kv * parts + part));
  }
  for (int64_t s = unit->first, base = unit->own; s < unit->last; ++s) {
    int64_t n = segment_rows(job, s), offset = job->segments[s] * kv_stride + kv * dim;
    key_gradients out = {job->dk + offset, job->dv + offset, kv_stride};
    if (part > 0) out = partial_at(backward, base, n, kv * (parts - 1) + part - 1);
    base += (parts - 1) * job->kv_heads * 2 * n * dim;
    bool adds = unit->prefix >= 0 && segment_rows(job, unit->prefix) > 0;
    backward_keys(job, &m, s, s, s + 1, h, heads, adds, out);
  }
}

static void add_gradients(key_gradients to, key_gradients from, int64_t n, int64_t dim) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t d = 0; d < dim; ++d) {
      to.dk[i * to.stride + d] += from.dk[i * from.stride + d];
      to.dv[i * to.stride + d] += from.dv[i * from.stride + d];
    }
}

// Adds what stands apart for one unit's own keys, and for those that it is the prefix of.
static void backward_sum_task(void *context, int64_t task) {
  const backward_job *backward = context;
  const attention_job *job = &backward->base;
  int64_t dim = job->dim, kv = task % job->kv_heads, kv_stride = job->kv_heads * dim;
  int64_t parts = backward->parts;
  const attention_unit *unit = &backward->units[task / job->kv_heads];
  for (int64_t s = unit->first, base = unit->own; s < unit->last; ++s) {
    int64_t n = segment_rows(job, s), offset = job->segments[s] * kv_stride + kv * dim;
    key_gradients out = {job->dk + offset, job->dv + offset, kv_stride};
    for (int64_t part = 1; part < parts; ++part)
      add_gradients(out, partial_at(backward, base, n, kv * (parts - 1) + part - 1), n, dim);
    base += (parts - 1) * job->kv_heads * 2 * n * dim;
    if (unit->prefix >= 0) continue;
    for (int64_t u = 0; u < backward->unit_count; ++u) {
      const attention_unit *user = &backward->units[u];
      if (user->prefix != s) continue;
      for (int64_t part = 0; part < parts; ++part)
        add_gradients(out, partial_at(backward, user->of_prefix, n, kv * parts + part), n, dim);
    }
  }
}

// Cuts the segments into units; returns how many there are. Neighbours with the same prefix share a
// unit until they have 256 rows and twice the prefix's: their gradients of it then take less
// memory than their own.
static int64_t backward_units(const attention_job *job, attention_unit *units) {
  int64_t count = 0, rows = 0;
  for (int32_t s = 0; s < job->segment_count; ++s) {
    int32_t prefix = (int32_t)segment_prefix(job, s);
    int64_t n = segment_rows(job, s);
    attention_unit *open = count > 0 ? &units[count - 1] : NULL;
    bool joins = open && prefix >= 0 && open->prefix == prefix;
    if (joins && rows < 256 + 2 * segment_rows(job, prefix)) {
      open->last = s + 1;
      rows += n;
    } else {
      units[count++] = (attention_unit){.first = s, .last = s + 1, .prefix = prefix};
      rows = n;
    }
  }
  return count;
}

static void attention_backward(ck_pool *pool, const float *q, const float *k, const float *v,
                               const float *o, const float *lse, const float *d_o, float *dq,
                               float *dk, float *dv, const int32_t *segments,
                               const int32_t *prefixes, int64_t segment_count, int64_t heads,
                               int64_t kv_heads, int64_t dim, float scale) {
  attention_job job = {.q = q, .k = k, .v = v, .o = o, .lse_in = lse, .d_o = d_o, .dq = dq,
                       .dk = dk, .dv = dv, .segments = segments, .prefixes = prefixes,
                       .segment_count = segment_count, .heads = heads, .kv_heads = kv_heads,
                       .dim = dim, .scale = scale};
  // Units first, then the partials: one buffer, since a slot has only one.
  size_t unit_bytes = sizeof(attention_unit) * (size_t)segment_count;
  attention_unit *units = ck_scratch(CK_SCRATCH_SHARED, unit_bytes);
  int64_t count = backward_units(&job, units);
  // Heads of a group work apart only where there is little else to share out.
  int64_t parts = count * kv_heads < 32 ? heads / kv_heads : 1;
  int64_t floats = 0;
  bool shares = parts > 1;
  int64_t unit_floats = ck_ceil_div((int64_t)unit_bytes, 64) * 16;
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1) {
      units = ck_scratch(CK_SCRATCH_SHARED, sizeof(float) * (size_t)(unit_floats + floats));
      backward_units(&job, units);
      floats = 0;
    }
    for (int64_t u = 0; u < count; ++u) {
      attention_unit *unit = &units[u];
      unit->own = floats;
      int64_t rows = segments[unit->last] - segments[unit->first];
      floats += (parts - 1) * kv_heads * 2 * rows * dim;
      unit->of_prefix = floats;
      if (unit->prefix < 0) continue;
      floats += parts * kv_heads * 2 * segment_rows(&job, unit->prefix) * dim;
      shares = true;
    }
  }
  backward_job backward = {job, units, count, parts, (float *)(void *)units + unit_floats};
  ck_parallel_for(pool, count * kv_heads * parts, attention_backward_task, &backward);
  if (shares) ck_parallel_for(pool, count * kv_heads, backward_sum_task, &backward);
}
