#include "ck_blas.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Sets or (value NULL) removes a variable and returns a copy of its old value, or NULL.
static char *replace_variable(const char *name, const char *value) {
  const char *old = getenv(name);
  char *copy = old ? strdup(old) : NULL;
  if (value)
    setenv(name, value, 1);
  else
    unsetenv(name);
  return copy;
}

static void restore_variable(const char *name, char *value) {
  if (value)
    setenv(name, value, 1);
  else
    unsetenv(name);
  free(value);
}

ck_blas *ck_blas_open(const char *library, const char *core_type, char *error,
                      size_t error_bytes) {
  char *threads = replace_variable("OPENBLAS_NUM_THREADS", "1");
  char *core = replace_variable("OPENBLAS_CORETYPE", core_type);
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  restore_variable("OPENBLAS_NUM_THREADS", threads);
  restore_variable("OPENBLAS_CORETYPE", core);
  if (!handle) {
    const char *reason = dlerror();
    snprintf(error, error_bytes, "%s", reason ? reason : "dlopen failed");
    return NULL;
  }
  ck_sgemm sgemm = (ck_sgemm)dlsym(handle, "cblas_sgemm");
  char *(*config)(void) = (char *(*)(void))dlsym(handle, "openblas_get_config");
  char *(*core_name)(void) = (char *(*)(void))dlsym(handle, "openblas_get_corename");
  void (*set_threads)(int) = (void (*)(int))dlsym(handle, "openblas_set_num_threads");
  if (!sgemm || !config || !core_name || !set_threads) {
    snprintf(error, error_bytes,
             "%s lacks cblas_sgemm, openblas_get_config, openblas_get_corename or "
             "openblas_set_num_threads",
             library);
    return NULL;
  }
  // Had somebody opened it before us, with threads, the variable above came too late.
  set_threads(1);
  ck_blas *blas = malloc(sizeof *blas);
  if (!blas) {
    snprintf(error, error_bytes, "out of memory");
    return NULL;
  }
  blas->sgemm = sgemm;
  blas->config = config();
  blas->core = core_name();
  return blas;
}

const char *ck_blas_config(const ck_blas *blas) { return blas->config; }
const char *ck_blas_core(const ck_blas *blas) { return blas->core; }

void ck_blas_free(ck_blas *blas) { free(blas); }
