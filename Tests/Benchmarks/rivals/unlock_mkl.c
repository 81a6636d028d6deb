/* Loaded before MKL (LD_PRELOAD), it lets MKL take the path of the processor's instruction set on every vendor's processor. */
int mkl_serv_intel_cpu_true(void) { return 1; }
int mkl_serv_intel_cpu(void) { return 1; }
