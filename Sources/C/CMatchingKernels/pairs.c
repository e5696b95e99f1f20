#include "CMatchingKernels.h"

#include <math.h>
#include <string.h>

/* Fused multiply-add would round differently from machine to machine, and these are results, not bounds. */
#pragma STDC FP_CONTRACT OFF

#define ALWAYS_INLINE static inline __attribute__((always_inline))

typedef double block __attribute__((vector_size(64)));
typedef int64_t block_mask __attribute__((vector_size(64)));

/* Candidates of up to this many peaks lie in blocks, and every query peak counts those below its window: without a branch
   that depends on the data that is sooner done than walking along both lists. */
enum { kLanes = 8, kShort = 64 };

/* log2 of x > 0 that is a normal number, right to some 1e-16: x = 2^e m with m around 1, and
   log m = 2 artanh((m - 1) / (m + 1)). */
ALWAYS_INLINE double log2_of(double x) {
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int64_t exponent = (bits - 0x3FE6A09E667F3BCDLL) >> 52;
    bits -= (int64_t)((uint64_t)exponent << 52);
    double m;
    memcpy(&m, &bits, sizeof m);
    const double s = (m - 1) / (m + 1);
    const double z = s * s;
    double p = 1.0 / 21;
    p = p * z + 1.0 / 19;
    p = p * z + 1.0 / 17;
    p = p * z + 1.0 / 15;
    p = p * z + 1.0 / 13;
    p = p * z + 1.0 / 11;
    p = p * z + 1.0 / 9;
    p = p * z + 1.0 / 7;
    p = p * z + 1.0 / 5;
    p = p * z + 1.0 / 3;
    return (double)exponent + 2.8853900817779268 * (s + s * (z * p));
}

typedef struct {
    const entropy_query *query;
    const float *weights;
    uint8_t *query_used;
    uint8_t *used;
    double *a, *b, *own;
    size_t count;
} pair_list;

/* Takes a pair unless its library weight is none that a builder writes, or the flags say no. */
ALWAYS_INLINE void take(pair_list *list, size_t i, size_t j, int marks, int free_only) {
    const double y = (double)list->weights[j];
    if (free_only && (list->query_used[i] | list->used[j])) return;
    if (!(y > 1e-30 && y <= 1.00001)) return;
    if (marks) list->query_used[i] = list->used[j] = 1;
    list->a[list->count] = list->query->weight[i];
    list->own[list->count] = list->query->own[i];
    list->b[list->count++] = y;
}

/* Pairs by ascending m/z, each peak once. */
ALWAYS_INLINE void pair_up(pair_list *list, const double *mz, size_t count, double shift, int marks, int free_only) {
    const entropy_query *q = list->query;
    size_t j = 0;
    if (count <= kShort) {
        block moved[kShort / kLanes];
        double *lanes = (double *)moved;
        const size_t blocks = (count + kLanes - 1) / kLanes;
        for (size_t k = 0; k < count; k++) lanes[k] = mz[k] + shift;
        for (size_t k = count; k < blocks * kLanes; k++) lanes[k] = (double)INFINITY;
        for (size_t i = 0; i < q->count; i++) {
            const double a = q->mz[i], half = q->half[i];
            block_mask below = {0};
            for (size_t k = 0; k < blocks; k++) below += moved[k] - a < -half;
            int64_t place = 0;
            for (int lane = 0; lane < kLanes; lane++) place -= below[lane];
            if ((size_t)place > j) j = (size_t)place;
            if (j >= count) break;
            if (lanes[j] - a <= half) take(list, i, j++, marks, free_only);
        }
        return;
    }
    for (size_t i = 0; i < q->count; i++) {
        const double a = q->mz[i], half = q->half[i];
        while (j < count && mz[j] + shift - a < -half) j++;
        if (j >= count) break;
        if (mz[j] + shift - a <= half) take(list, i, j++, marks, free_only);
    }
}

ALWAYS_INLINE double sum_pairs(const pair_list *list) {
    /* The terms lie apart so that their logarithms can be taken side by side; the sum has one order. */
    for (size_t i = 0; i < list->count; i++) {
        const double total = list->a[i] + list->b[i];
        list->own[i] = total * log2_of(total) - list->own[i] - list->b[i] * log2_of(list->b[i]);
    }
    double sum = 0;
    for (size_t i = 0; i < list->count; i++) sum += list->own[i];
    return sum;
}

ALWAYS_INLINE entropy_sum similarity(
    const entropy_query *query, const double *mz, const float *weights, size_t count, double shift, int matching,
    double *scratch, uint8_t *flags) {
    pair_list list = {query, weights, flags, flags + query->count, scratch, scratch + query->count,
                      scratch + 2 * query->count, 0};
    if (matching != 2 || shift == 0) {
        pair_up(&list, mz, count, matching == 1 ? shift : 0, 0, 0);
    } else {
        memset(flags, 0, query->count + count);
        pair_up(&list, mz, count, 0, 1, 0);
        pair_up(&list, mz, count, shift, 0, 1);
    }
    const entropy_sum result = {sum_pairs(&list), list.count};
    return result;
}

#define DEFINE(NAME, TARGET)                                                                                          \
    TARGET static entropy_sum sum_entropy_##NAME(                                                                     \
        const entropy_query *query, const double *mz, const float *weights, size_t count, double shift, int matching, \
        double *scratch, uint8_t *flags) {                                                                            \
        return similarity(query, mz, weights, count, shift, matching, scratch, flags);                                \
    }

DEFINE(portable, )
#if defined(__x86_64__)
DEFINE(avx2, __attribute__((target("avx2"))))
DEFINE(avx512, __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"), min_vector_width(512))))
#endif

entropy_sum sum_entropy_with(
    matching_instructions instructions, const entropy_query *query, const double *mz, const float *weights,
    size_t count, double shift, int matching, double *scratch, uint8_t *flags) {
#if defined(__x86_64__)
    if (instructions == matching_avx512) {
        return sum_entropy_avx512(query, mz, weights, count, shift, matching, scratch, flags);
    }
    if (instructions == matching_avx2) {
        return sum_entropy_avx2(query, mz, weights, count, shift, matching, scratch, flags);
    }
#else
    (void)instructions;
#endif
    return sum_entropy_portable(query, mz, weights, count, shift, matching, scratch, flags);
}

entropy_sum sum_entropy(
    const entropy_query *query, const double *mz, const float *weights, size_t count, double shift, int matching,
    double *scratch, uint8_t *flags) {
    return sum_entropy_with(
        matching_best_instructions(), query, mz, weights, count, shift, matching, scratch, flags);
}
