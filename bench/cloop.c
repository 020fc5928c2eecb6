#include <math.h>
#include "cloop.h"

void adam_steps(int steps, long n, double *restrict x, const double *restrict g, double *restrict m, double *restrict v,
                double b1, double b2, double alpha, double eps) {
  for (int k = 0; k < steps; k++) {
    for (long i = 0; i < n; i++) {
      m[i] = b1 * m[i] + (1 - b1) * g[i];
      v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
      x[i] -= alpha * m[i] / (sqrt(v[i]) + eps);
    }
  }
}
