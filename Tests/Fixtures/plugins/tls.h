/* Forced into a fixture: a thread-local variable that its entry must keep. */
extern _Thread_local int fixture_thread_local;
__attribute__((used)) _Thread_local int fixture_thread_local = 1;
__attribute__((used)) static int *fixture_tls_address(void) { return &fixture_thread_local; }
