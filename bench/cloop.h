// adam_steps takes steps of Adam with bias corrections in alpha and eps, in the fused loop that a C compiler is given.
void adam_steps(int steps, long n, double *x, const double *g, double *m, double *v, double b1, double b2, double alpha, double eps);
