#include "CSignalKernels.h"

/* A maximum is written always and counted when it is one: which values are, no branch predictor can learn. */
#define DEFINE_LOCAL_MAXIMA(SCALAR)                                                                                   \
    size_t local_maxima_##SCALAR(const SCALAR *values, size_t count, SCALAR threshold, int32_t *positions) {          \
        if (count == 0) return 0;                                                                                     \
        if (count == 1) {                                                                                             \
            positions[0] = 0;                                                                                         \
            return values[0] >= threshold;                                                                            \
        }                                                                                                             \
        size_t found = 0;                                                                                             \
        positions[found] = 0;                                                                                         \
        found += (size_t)((values[0] >= threshold) & (values[0] >= values[1]));                                       \
        for (size_t i = 1; i + 1 < count; i++) {                                                                      \
            positions[found] = (int32_t)i;                                                                            \
            const SCALAR value = values[i];                                                                           \
            found += (size_t)((value >= threshold) & (value > values[i - 1]) & (value >= values[i + 1]));             \
        }                                                                                                             \
        positions[found] = (int32_t)(count - 1);                                                                      \
        found += (size_t)((values[count - 1] >= threshold) & (values[count - 1] > values[count - 2]));                \
        return found;                                                                                                 \
    }

DEFINE_LOCAL_MAXIMA(double)
DEFINE_LOCAL_MAXIMA(float)

static inline double smaller(double a, double b) { return a < b ? a : b; }
static inline double larger(double a, double b) { return a < b ? b : a; }

/* Quickselect with the median of three as pivot: no randomness, so that the cost is the same in every run. Partition
   after Lomuto, with a swap always and a step when the value belongs to the front. */
double order_statistic_double(double *values, size_t count, size_t rank) {
    size_t low = 0;
    size_t end = count;
    while (end - low > 1) {
        const double a = values[low], b = values[low + (end - low) / 2], c = values[end - 1];
        const double pivot = larger(smaller(a, b), smaller(larger(a, b), c));
        size_t below = low;
        for (size_t i = low; i < end; i++) {
            const double value = values[i];
            values[i] = values[below];
            values[below] = value;
            below += (size_t)(value < pivot);
        }
        if (rank < below) {
            end = below;
            continue;
        }
        size_t upTo = below;
        for (size_t i = below; i < end; i++) {
            const double value = values[i];
            values[i] = values[upTo];
            values[upTo] = value;
            upTo += (size_t)(value <= pivot);
        }
        if (rank < upTo) return pivot;
        low = upTo;
    }
    return values[low];
}
