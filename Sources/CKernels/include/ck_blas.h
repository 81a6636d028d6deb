// The one way to a vendor's GEMM: OpenBLAS, opened with dlopen and called through its C interface.
#ifndef CK_BLAS_H
#define CK_BLAS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ck_blas ck_blas;

/// Opens `library` (for example "libopenblas.so.0"), single-threaded whatever the environment says:
/// for the time of the dlopen OPENBLAS_NUM_THREADS is 1 and OPENBLAS_CORETYPE is `core_type`, or
/// absent when that is NULL; both are restored afterwards. NULL with a message in `error` (always
/// terminated) when the library or a symbol is missing. The library stays loaded:
/// it keeps state.
/// Not safe beside another thread that reads or writes the environment: call it at start-up.
ck_blas *ck_blas_open(const char *library, const char *core_type, char *error, size_t error_bytes);

/// Frees the handle, not the library. NULL does nothing.
void ck_blas_free(ck_blas *blas);

/// For example "OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY Cooperlake MAX_THREADS=64".
const char *ck_blas_config(const ck_blas *blas);
/// For example "Cooperlake".
const char *ck_blas_core(const ck_blas *blas);

#ifdef __cplusplus
}
#endif
#endif
