#define _GNU_SOURCE
#include "CMachine.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { MAX_THREADS = 256, CHAINS = 12 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A kernel does `count` rounds on `memory` and returns something that depends on all of them. */
typedef float (*kernel)(const float *memory, size_t count);

typedef struct {
    kernel run;
    const float *memory;
    size_t count;
    pthread_barrier_t *start;
    double began, ended;
    float result;
} worker;

static void *work(void *argument) {
    worker *w = argument;
    pthread_barrier_wait(w->start);
    w->began = now();
    w->result = w->run(w->memory, w->count);
    w->ended = now();
    return NULL;
}

static volatile float sink;

/* Seconds from the first start to the last end of `threads` threads; 0 on failure. */
static double together(int threads, kernel run, const float *memory, size_t stride, size_t count) {
    worker workers[MAX_THREADS];
    pthread_t ids[MAX_THREADS];
    pthread_barrier_t start;
    int started = 1;
    double first, last;

    pthread_barrier_init(&start, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++)
        workers[i] = (worker){run, memory ? memory + (size_t)i * stride : NULL, count, &start, 0, 0, 0};
    while (started < threads && pthread_create(&ids[started], NULL, work, &workers[started]) == 0) started++;
    /* Threads that wait for one that was never made would wait for ever. */
    if (started < threads) abort();
    work(&workers[0]);
    for (int i = 1; i < threads; i++) pthread_join(ids[i], NULL);
    pthread_barrier_destroy(&start);
    first = workers[0].began;
    last = workers[0].ended;
    for (int i = 0; i < threads; i++) {
        if (workers[i].began < first) first = workers[i].began;
        if (workers[i].ended > last) last = workers[i].ended;
        sink = workers[i].result;
    }
    return last - first;
}

/* The best rate of about ten runs that together take `seconds`; a round is worth `value`. */
static double best_rate(
    int threads, double seconds, kernel run, const float *memory, size_t stride, size_t count, int fixed, double value) {
    double best = 0, until;

    if (threads < 1) return 0;
    if (threads > MAX_THREADS) threads = MAX_THREADS;
    until = now() + seconds;
    do {
        double took = together(threads, run, memory, stride, count);
        double rate = took > 0 ? value * (double)count * threads / took : 0;
        if (rate > best) best = rate;
        if (!fixed && took < seconds / 20) count *= 2;
    } while (now() < until);
    return best;
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

/* Twelve independent chains cover the latency of two multiply-adds per cycle. The empty statement
 * keeps a chain from being folded away. */
#if defined(__x86_64__)
__attribute__((target("avx512f"))) static float fma_512(const float *memory, size_t count) {
    __m512 a[CHAINS], x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(1e-4f);
    (void)memory;
    for (int i = 0; i < CHAINS; i++) a[i] = _mm512_set1_ps((float)i);
    for (size_t k = 0; k < count; k++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm512_fmadd_ps(a[i], x, y);
            __asm__ volatile("" : "+v"(a[i]));
        }
    }
    for (int i = 1; i < CHAINS; i++) a[0] = _mm512_add_ps(a[0], a[i]);
    return _mm512_reduce_add_ps(a[0]);
}

__attribute__((target("avx2,fma"))) static float fma_256(const float *memory, size_t count) {
    __m256 a[CHAINS], x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(1e-4f);
    (void)memory;
    for (int i = 0; i < CHAINS; i++) a[i] = _mm256_set1_ps((float)i);
    for (size_t k = 0; k < count; k++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm256_fmadd_ps(a[i], x, y);
            __asm__ volatile("" : "+x"(a[i]));
        }
    }
    for (int i = 1; i < CHAINS; i++) a[0] = _mm256_add_ps(a[0], a[i]);
    return _mm256_cvtss_f32(a[0]);
}

__attribute__((target("avx512f,avx512bf16"))) static float dot_bf16(const float *memory, size_t count) {
    __m512 a[CHAINS];
    __m512bh x = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(0.5f));
    __m512bh y = _mm512_cvtne2ps_pbh(_mm512_set1_ps(1e-4f), _mm512_set1_ps(1e-4f));
    (void)memory;
    for (int i = 0; i < CHAINS; i++) a[i] = _mm512_set1_ps((float)i);
    for (size_t k = 0; k < count; k++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm512_dpbf16_ps(a[i], x, y);
            __asm__ volatile("" : "+v"(a[i]));
        }
    }
    for (int i = 1; i < CHAINS; i++) a[0] = _mm512_add_ps(a[0], a[i]);
    return _mm512_reduce_add_ps(a[0]);
}
#endif

typedef float four __attribute__((vector_size(16), aligned(4)));

/* Any processor: vectors of four, contracted to multiply-adds where there are such. */
static float fma_128(const float *memory, size_t count) {
    four a[CHAINS], x = {0.999f, 0.999f, 0.999f, 0.999f}, y = {1e-4f, 1e-4f, 1e-4f, 1e-4f};
    (void)memory;
    for (int i = 0; i < CHAINS; i++) a[i] = y * (float)i;
    for (size_t k = 0; k < count; k++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < CHAINS; i++) {
#pragma clang fp contract(fast)
            a[i] = a[i] * x + y;
#if defined(__x86_64__)
            __asm__ volatile("" : "+x"(a[i]));
#elif defined(__aarch64__)
            __asm__ volatile("" : "+w"(a[i]));
#endif
        }
    }
    for (int i = 1; i < CHAINS; i++) a[0] += a[i];
    return a[0][0];
}

double machine_fma_gflops(int threads, double seconds) {
    kernel run = fma_128;
    double lanes = 4;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        run = fma_512;
        lanes = 16;
    } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        run = fma_256;
        lanes = 8;
    }
#endif
    return best_rate(threads, seconds, run, NULL, 0, 1 << 16, 0, 2 * lanes * CHAINS) * 1e-9;
}

double machine_bf16_gflops(int threads, double seconds) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bf16"))
        return best_rate(threads, seconds, dot_bf16, NULL, 0, 1 << 16, 0, 64.0 * CHAINS) * 1e-9;
#endif
    (void)threads;
    (void)seconds;
    return 0;
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* A round is 512 bytes of a thread's share, read in some streams side by side, with or without a prefetch some floats ahead:
 * which way is fastest depends on the processor and on its neighbours, so all are tried. */
enum { LINE = 16, ROUND = 128 };

#if defined(__x86_64__)
__attribute__((target("avx512f"), always_inline)) static inline float read_lines(
    const float *memory, size_t count, int streams, int lines, int ahead) {
    __m512 s[8];
    size_t stride = count * ROUND / (size_t)streams;
    for (int i = 0; i < 8; i++) s[i] = _mm512_setzero_ps();
    for (size_t k = 0; k + (size_t)(lines * LINE) <= stride; k += (size_t)(lines * LINE))
        for (int i = 0; i < streams; i++)
            for (int j = 0; j < lines; j++) {
                const float *from = memory + (size_t)i * stride + k + (size_t)(j * LINE);
                if (ahead > 0) _mm_prefetch((const char *)(from + ahead), _MM_HINT_T0);
                s[(i + j) & 7] = _mm512_add_ps(s[(i + j) & 7], _mm512_loadu_ps(from));
            }
    for (int i = 1; i < 8; i++) s[0] = _mm512_add_ps(s[0], s[i]);
    return _mm512_reduce_add_ps(s[0]);
}

__attribute__((target("avx512f"))) static float read_plain(const float *memory, size_t count) {
    return read_lines(memory, count, 4, 1, 0);
}
__attribute__((target("avx512f"))) static float read_two(const float *memory, size_t count) {
    return read_lines(memory, count, 2, 4, 64 * LINE);
}
__attribute__((target("avx512f"))) static float read_four(const float *memory, size_t count) {
    return read_lines(memory, count, 4, 2, 64 * LINE);
}
#endif

/* Any processor: four streams. */
static float read_128(const float *memory, size_t count) {
    four s[4] = {{0}};
    size_t stride = count * ROUND / 4;
    for (size_t k = 0; k < stride; k += 4)
        for (int i = 0; i < 4; i++) s[i] += *(const four *)(memory + (size_t)i * stride + k);
    return s[0][0] + s[1][0] + s[2][0] + s[3][0];
}

double machine_read_gbs(int threads, size_t bytes, double seconds) {
    kernel ways[3] = {read_128};
    int tried = 1;
    size_t share, count;
    float *memory;
    double best = 0;

    if (threads < 1 || threads > MAX_THREADS) return 0;
    memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 0;
#ifdef MADV_HUGEPAGE
    madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    for (size_t i = 0; i < bytes / sizeof(float); i++) memory[i] = 1;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        ways[0] = read_plain;
        ways[1] = read_two;
        ways[2] = read_four;
        tried = 3;
    }
#endif
    share = bytes / sizeof(float) / (size_t)threads;
    count = share / ROUND;
    for (int way = 0; way < tried && count > 0; way++) {
        double rate =
            best_rate(threads, seconds / tried, ways[way], memory, share, count, 1, sizeof(float) * ROUND) * 1e-9;
        if (rate > best) best = rate;
    }
    munmap(memory, bytes);
    return best;
}
