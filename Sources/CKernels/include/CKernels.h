#ifndef CKERNELS_H
#define CKERNELS_H

#include "ck_blas.h"
#include "ck_kernels.h"
#include "ck_memory.h"
#include "ck_pool.h"

#endif
