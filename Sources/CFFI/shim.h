/* libffi's types are mutable globals, which Swift 6 does not let anybody touch: getters for those of the closed set. */
#ifndef STEPWISE_CFFI_SHIM_H
#define STEPWISE_CFFI_SHIM_H

#include <ffi.h>

static inline ffi_type *stepwise_ffi_void(void) { return &ffi_type_void; }
static inline ffi_type *stepwise_ffi_bool(void) { return &ffi_type_uint8; }
static inline ffi_type *stepwise_ffi_int32(void) { return &ffi_type_sint32; }
static inline ffi_type *stepwise_ffi_int64(void) { return &ffi_type_sint64; }
static inline ffi_type *stepwise_ffi_uint64(void) { return &ffi_type_uint64; }
static inline ffi_type *stepwise_ffi_float(void) { return &ffi_type_float; }
static inline ffi_type *stepwise_ffi_double(void) { return &ffi_type_double; }
static inline ffi_type *stepwise_ffi_pointer(void) { return &ffi_type_pointer; }

/* Swift has no type for a pointer to a function of unknown type; dlsym gives a void pointer. */
static inline void stepwise_ffi_call(ffi_cif *cif, void *function, void *result, void **arguments) {
  ffi_call(cif, FFI_FN(function), result, arguments);
}

#endif
