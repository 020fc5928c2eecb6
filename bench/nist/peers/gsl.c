/* Fits NIST's nonlinear regressions by the GNU Scientific Library with analytic Jacobians.
 *
 * Usage: gsl SETTING REPEATS < problems, where SETTING is default, tuned, or values for the curve and its derivatives at the
 * start, point by point, in place of the estimate. The problems are, each: name, points,
 * predictors, parameters, start, then y and the predictors point by point. Each line of the output is the name, the
 * seconds of processor time of one fit (the mean over REPEATS), and the estimate, or none if it is not finite.
 */
#include <gsl/gsl_blas.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_version.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A curve returns its value at x and stores its derivatives by b in g. */
typedef double curve(double *g, const double *b, const double *x, int n);

static double saturation(double *g, const double *b, const double *x, int n) {
	g[0] = -expm1(-b[1] * x[0]);
	g[1] = b[0] * x[0] * exp(-b[1] * x[0]);
	return b[0] * g[0];
}
static double chwirut(double *g, const double *b, const double *x, int n) {
	double d = b[1] + b[2] * x[0], f = exp(-b[0] * x[0]) / d;
	g[0] = -x[0] * f;
	g[1] = -f / d;
	g[2] = -x[0] * f / d;
	return f;
}
static double lanczos(double *g, const double *b, const double *x, int n) {
	double f = 0;
	for (int k = 0; k < 6; k += 2) {
		g[k] = exp(-b[k + 1] * x[0]);
		g[k + 1] = -b[k] * x[0] * g[k];
		f += b[k] * g[k];
	}
	return f;
}
static double gauss(double *g, const double *b, const double *x, int n) {
	double f;
	g[0] = exp(-b[1] * x[0]);
	g[1] = -b[0] * x[0] * g[0];
	f = b[0] * g[0];
	for (int k = 2; k < 8; k += 3) {
		double u = (x[0] - b[k + 1]) / b[k + 2];
		g[k] = exp(-u * u);
		g[k + 1] = b[k] * g[k] * 2 * u / b[k + 2];
		g[k + 2] = g[k + 1] * u;
		f += b[k] * g[k];
	}
	return f;
}
static double danwood(double *g, const double *b, const double *x, int n) {
	g[0] = pow(x[0], b[1]);
	g[1] = b[0] * g[0] * log(x[0]);
	return b[0] * g[0];
}
static double misra1b(double *g, const double *b, const double *x, int n) {
	double q = 1 + b[1] * x[0] / 2;
	g[0] = 1 - 1 / (q * q);
	g[1] = b[0] * x[0] / (q * q * q);
	return b[0] * g[0];
}
static double misra1c(double *g, const double *b, const double *x, int n) {
	double q = 1 + 2 * b[1] * x[0], r = sqrt(q);
	g[0] = 1 - 1 / r;
	g[1] = b[0] * x[0] / (q * r);
	return b[0] * g[0];
}
static double misra1d(double *g, const double *b, const double *x, int n) {
	double q = 1 + b[1] * x[0];
	g[0] = b[1] * x[0] / q;
	g[1] = b[0] * x[0] / (q * q);
	return b[0] * g[0];
}
static double ratio(double *g, const double *b, const double *x, int n, int m) {
	double num = 0, den = 0, p = 1, f;
	for (int i = m - 1; i >= 0; i--) num = num * x[0] + b[i];
	for (int i = n - 1; i >= m; i--) den = (den + b[i]) * x[0];
	den++;
	f = num / den;
	for (int i = 0; i < m; i++, p *= x[0]) g[i] = p / den;
	p = x[0];
	for (int i = m; i < n; i++, p *= x[0]) g[i] = -f * p / den;
	return f;
}
static double kirby(double *g, const double *b, const double *x, int n) { return ratio(g, b, x, n, 3); }
static double cubic(double *g, const double *b, const double *x, int n) { return ratio(g, b, x, n, 4); }
static double nelson(double *g, const double *b, const double *x, int n) {
	double e = exp(-b[2] * x[1]);
	g[0] = 1;
	g[1] = -x[0] * e;
	g[2] = b[1] * x[0] * x[1] * e;
	return b[0] - b[1] * x[0] * e;
}
static double mgh17(double *g, const double *b, const double *x, int n) {
	g[0] = 1;
	g[1] = exp(-x[0] * b[3]);
	g[2] = exp(-x[0] * b[4]);
	g[3] = -x[0] * b[1] * g[1];
	g[4] = -x[0] * b[2] * g[2];
	return b[0] + b[1] * g[1] + b[2] * g[2];
}
static double roszman(double *g, const double *b, const double *x, int n) {
	double d = x[0] - b[3], q = M_PI * (d * d + b[2] * b[2]);
	g[0] = 1;
	g[1] = -x[0];
	g[2] = -d / q;
	g[3] = -b[2] / q;
	return b[0] - b[1] * x[0] - atan(b[2] / d) / M_PI;
}
static double enso(double *g, const double *b, const double *x, int n) {
	double w = 2 * M_PI * x[0], f;
	g[0] = 1;
	g[1] = cos(w / 12);
	g[2] = sin(w / 12);
	f = b[0] + b[1] * g[1] + b[2] * g[2];
	for (int k = 3; k < 9; k += 3) {
		double s = sin(w / b[k]), c = cos(w / b[k]);
		g[k] = (b[k + 1] * s - b[k + 2] * c) * w / (b[k] * b[k]);
		g[k + 1] = c;
		g[k + 2] = s;
		f += b[k + 1] * c + b[k + 2] * s;
	}
	return f;
}
static double mgh09(double *g, const double *b, const double *x, int n) {
	double t = x[0], num = t * t + t * b[1], den = t * t + t * b[2] + b[3], f = b[0] * num / den;
	g[0] = num / den;
	g[1] = b[0] * t / den;
	g[2] = -f * t / den;
	g[3] = -f / den;
	return f;
}
static double rat42(double *g, const double *b, const double *x, int n) {
	double e = exp(b[1] - b[2] * x[0]), q = 1 / (1 + 1 / e), f;
	g[0] = 1 / (1 + e);
	f = b[0] * g[0];
	g[1] = -f * q;
	g[2] = f * q * x[0];
	return f;
}
static double mgh10(double *g, const double *b, const double *x, int n) {
	double d = x[0] + b[2];
	g[0] = exp(b[1] / d);
	g[1] = b[0] * g[0] / d;
	g[2] = -g[1] * b[1] / d;
	return b[0] * g[0];
}
static double eckerle(double *g, const double *b, const double *x, int n) {
	double u = (x[0] - b[2]) / b[1], f;
	g[0] = exp(-u * u / 2) / b[1];
	f = b[0] * g[0];
	g[1] = f * (u * u - 1) / b[1];
	g[2] = f * u / b[1];
	return f;
}
static double rat43(double *g, const double *b, const double *x, int n) {
	double e = exp(b[1] - b[2] * x[0]), l = log1p(e), q = 1 / (1 + 1 / e), f;
	g[0] = exp(-l / b[3]);
	f = b[0] * g[0];
	g[1] = -f * q / b[3];
	g[2] = f * q * x[0] / b[3];
	g[3] = f * l / (b[3] * b[3]);
	return f;
}
static double bennett(double *g, const double *b, const double *x, int n) {
	double d = b[1] + x[0];
	g[0] = pow(d, -1 / b[2]);
	g[1] = -b[0] * g[0] / (b[2] * d);
	g[2] = b[0] * g[0] * log(d) / (b[2] * b[2]);
	return b[0] * g[0];
}

static const struct {
	const char *name;
	curve *f;
} curves[] = {
	{"Misra1a", saturation}, {"BoxBOD", saturation}, {"Chwirut1", chwirut}, {"Chwirut2", chwirut},
	{"Lanczos1", lanczos}, {"Lanczos2", lanczos}, {"Lanczos3", lanczos}, {"Gauss1", gauss}, {"Gauss2", gauss},
	{"Gauss3", gauss}, {"DanWood", danwood}, {"Misra1b", misra1b}, {"Misra1c", misra1c}, {"Misra1d", misra1d},
	{"Kirby2", kirby}, {"Hahn1", cubic}, {"Thurber", cubic}, {"Nelson", nelson}, {"MGH17", mgh17},
	{"Roszman1", roszman}, {"ENSO", enso}, {"MGH09", mgh09}, {"Rat42", rat42}, {"MGH10", mgh10},
	{"Eckerle4", eckerle}, {"Rat43", rat43}, {"Bennett5", bennett},
};

typedef struct {
	curve *f;
	int points, predictors, parameters;
	double *start, *y, *x;
} problem;

static int residuals(const gsl_vector *b, void *data, gsl_vector *r) {
	const problem *p = data;
	double g[16];
	for (int i = 0; i < p->points; i++)
		gsl_vector_set(r, i, p->f(g, b->data, p->x + i * p->predictors, p->parameters) - p->y[i]);
	return GSL_SUCCESS;
}

static int jacobian(const gsl_vector *b, void *data, gsl_matrix *j) {
	const problem *p = data;
	for (int i = 0; i < p->points; i++)
		p->f(gsl_matrix_ptr(j, i, 0), b->data, p->x + i * p->predictors, p->parameters);
	return GSL_SUCCESS;
}

/* solve stores the estimate in b. Its status does not matter: "no progress" at a minimum is the end of digits. */
static void solve(problem *p, int tuned, double *b) {
	gsl_multifit_nlinear_parameters s = gsl_multifit_nlinear_default_parameters();
	gsl_multifit_nlinear_fdf fdf = {residuals, jacobian, NULL, p->points, p->parameters, p};
	double tolerance = 1e-8;
	int limit = 100, info;
	if (tuned) {
		s.trs = gsl_multifit_nlinear_trs_lmaccel;
		s.scale = gsl_multifit_nlinear_scale_levenberg;
		tolerance = 1e-12;
		limit = 1000;
	}
	gsl_multifit_nlinear_workspace *w = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &s, p->points, p->parameters);
	gsl_vector_view start = gsl_vector_view_array(p->start, p->parameters);
	gsl_multifit_nlinear_init(&start.vector, &fdf, w);
	gsl_multifit_nlinear_driver(limit, tolerance, tuned ? 0 : tolerance, 0, NULL, NULL, &info, w);
	memcpy(b, gsl_multifit_nlinear_position(w)->data, p->parameters * sizeof *b);
	gsl_multifit_nlinear_free(w);
}

int main(int argc, char **argv) {
	if (argc != 3) {
		fprintf(stderr, "usage: gsl default|tuned REPEATS < problems\n");
		return 2;
	}
	int tuned = !strcmp(argv[1], "tuned"), repeats = atoi(argv[2]);
	char name[64];
	problem p;
	gsl_set_error_handler_off();
	printf("version %s\n", GSL_VERSION);
	while (scanf("%63s %d %d %d", name, &p.points, &p.predictors, &p.parameters) == 4) {
		double b[16];
		p.f = NULL;
		for (size_t k = 0; k < sizeof curves / sizeof *curves; k++)
			if (!strcmp(curves[k].name, name)) p.f = curves[k].f;
		p.start = malloc(p.parameters * sizeof(double));
		p.y = malloc(p.points * sizeof(double));
		p.x = malloc(p.points * p.predictors * sizeof(double));
		for (int i = 0; i < p.parameters; i++)
			if (scanf("%lf", p.start + i) != 1) return 3;
		for (int i = 0; i < p.points; i++) {
			if (scanf("%lf", p.y + i) != 1) return 3;
			for (int k = 0; k < p.predictors; k++)
				if (scanf("%lf", p.x + i * p.predictors + k) != 1) return 3;
		}
		if (!p.f) return 4;
		if (!strcmp(argv[1], "values")) {
			printf("%s 0", name);
			for (int i = 0; i < p.points; i++) {
				printf(" %.17g", p.f(b, p.start, p.x + i * p.predictors, p.parameters));
				for (int k = 0; k < p.parameters; k++) printf(" %.17g", b[k]);
			}
			printf("\n");
			continue;
		}
		struct timespec from, to;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		for (int k = 0; k < repeats; k++) solve(&p, tuned, b);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		printf("%s %.9g", name, ((to.tv_sec - from.tv_sec) + 1e-9 * (to.tv_nsec - from.tv_nsec)) / repeats);
		int finite = 1;
		for (int i = 0; i < p.parameters; i++) finite = finite && isfinite(b[i]);
		for (int i = 0; finite && i < p.parameters; i++) printf(" %.17g", b[i]);
		printf("\n");
		free(p.start);
		free(p.y);
		free(p.x);
	}
	return 0;
}
