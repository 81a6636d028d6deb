// What the machine can do at most: the limits that benchmarks are compared with.
#ifndef CMACHINE_H
#define CMACHINE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// FP32 multiply-adds from registers, in GFLOP/s of `threads` threads together: the best of some
/// runs that take about `seconds` in all. 0 where threads cannot be started.
double machine_fma_gflops(int threads, double seconds);

/// The same for pairs of BF16 products added to FP32; 0 where the processor has no such instruction.
double machine_bf16_gflops(int threads, double seconds);

/// Reading of `bytes` of memory that the threads share out, in GB/s. Far above the last cache's size
/// it is the RAM's rate, below it the cache's. 0 where there is no memory or no threads.
double machine_read_gbs(int threads, size_t bytes, double seconds);

#ifdef __cplusplus
}
#endif
#endif
