#include "CMatchingKernels.h"

#include <math.h>
#include <string.h>

/* Fused multiply-add would round differently from machine to machine, and these are results, not bounds. */
#pragma STDC FP_CONTRACT OFF

#define ALWAYS_INLINE static inline __attribute__((always_inline))

typedef double block __attribute__((vector_size(64)));
typedef int64_t block_mask __attribute__((vector_size(64)));

/* In spectra of up to kShort peaks every query peak counts those below its window: without a branch that depends on the data
   that is sooner done than walking along both lists. */
enum { kLanes = 8, kShort = 64 };

/* x log2 x for x > 0, normal numbers, right to some 1e-16: x = 2^e m with m around 1, and
   log m = 2 artanh((m - 1) / (m + 1)). By pointer: vectors of this width have no common way into a function. */
ALWAYS_INLINE void to_x_log2_x(block *x) {
    block_mask bits;
    memcpy(&bits, x, sizeof bits);
    const block_mask exponent = (bits - 0x3FE6A09E667F3BCDLL) >> 52;
    bits -= exponent << 52;
    block m;
    memcpy(&m, &bits, sizeof m);
    const block s = (m - 1.0) / (m + 1.0);
    const block z = s * s;
    block p = z * (1.0 / 21) + 1.0 / 19;
    p = p * z + 1.0 / 17;
    p = p * z + 1.0 / 15;
    p = p * z + 1.0 / 13;
    p = p * z + 1.0 / 11;
    p = p * z + 1.0 / 9;
    p = p * z + 1.0 / 7;
    p = p * z + 1.0 / 5;
    p = p * z + 1.0 / 3;
    *x *= __builtin_convertvector(exponent, block) + 2.8853900817779268 * (s + s * (z * p));
}

typedef struct {
    const entropy_query *query;
    const float *weights;
    uint8_t *query_used;
    uint8_t *used;
    double *a, *b, *own;
    size_t count;
} pair_list;

/* Takes a pair unless it is none, its library weight is none that a builder writes, or the flags say no. What is taken is
   written always and counted when it is: which pairs are, no branch predictor can learn. */
ALWAYS_INLINE void take(pair_list *list, size_t i, size_t j, int is_pair, int marks, int free_only) {
    const double y = (double)list->weights[j];
    int taken = is_pair & (y > 1e-30) & (y <= 1.00001);
    if (free_only) taken &= !(list->query_used[i] | list->used[j]);
    if (marks) {
        list->query_used[i] |= (uint8_t)taken;
        list->used[j] |= (uint8_t)taken;
    }
    list->a[list->count] = list->query->weight[i];
    list->own[list->count] = list->query->own[i];
    list->b[list->count] = y;
    list->count += (size_t)taken;
}

/* For eight query peaks at a time, how many peaks lie below their windows. */
ALWAYS_INLINE void count_below(const entropy_query *q, const double *moved, size_t count, int64_t *places) {
    for (size_t i = 0; i < q->count; i += kLanes) {
        block a, low;
        memcpy(&a, q->mz + i, sizeof a);
        memcpy(&low, q->half + i, sizeof low);
        low = -low;
        block_mask below = {0};
        for (size_t k = 0; k < count; k++) below -= moved[k] - a < low;
        memcpy(places + i, &below, sizeof below);
    }
}

/* Short spectra without flags: pairs first, then what they weigh, eight at a time. Returns 0 where two query peaks want the
   same peak, which wide relative windows allow. */
ALWAYS_INLINE int pair_up_short(pair_list *list, const double *mz, size_t count, double shift) {
    const entropy_query *q = list->query;
    double moved[kShort + 1];
    int64_t places[kShort];
    uint8_t rows[kShort + kLanes], columns[kShort + kLanes];
    for (size_t k = 0; k < count; k++) moved[k] = mz[k] + shift;
    moved[count] = (double)INFINITY;
    count_below(q, moved, count, places);
    size_t pairs = 0;
    int64_t next = 0;
    int is_contested = 0;
    for (size_t i = 0; i < q->count; i++) {
        const int64_t place = places[i];
        const int is_pair = moved[place] - q->mz[i] <= q->half[i];
        is_contested |= is_pair & (place < next);
        rows[pairs] = (uint8_t)i;
        columns[pairs] = (uint8_t)place;
        pairs += (size_t)is_pair;
        next = is_pair ? place + 1 : next;
    }
    if (is_contested) return 0;
    size_t taken = 0;
    for (size_t k = 0; k < pairs; k++) {
        const double y = (double)list->weights[columns[k]];
        list->a[taken] = q->weight[rows[k]];
        list->own[taken] = q->own[rows[k]];
        list->b[taken] = y;
        taken += (y > 1e-30) & (y <= 1.00001);
    }
    list->count = taken;
    return 1;
}

/* Pairs by ascending m/z, each peak once. */
ALWAYS_INLINE void pair_up(pair_list *list, const double *mz, size_t count, double shift, int marks, int free_only) {
    const entropy_query *q = list->query;
    const size_t before = list->count;
    if (count <= kShort && q->count <= kShort) {
        double moved[kShort + 1];
        int64_t places[kShort];
        for (size_t k = 0; k < count; k++) moved[k] = mz[k] + shift;
        moved[count] = (double)INFINITY;
        count_below(q, moved, count, places);
        size_t next = 0;
        int is_contested = 0;
        for (size_t i = 0; i < q->count; i++) {
            const size_t place = (size_t)places[i];
            const int is_pair = moved[place] - q->mz[i] <= q->half[i];
            is_contested |= is_pair & (place < next);
            take(list, i, place < count ? place : count - 1, is_pair, marks, free_only);
            next = is_pair ? place + 1 : next;
        }
        /* Two query peaks that want the same one, which wide relative windows allow: the walk below decides. */
        if (!is_contested) return;
        list->count = before;
        if (marks) memset(list->query_used, 0, q->count + count);
    }
    size_t j = 0;
    for (size_t i = 0; i < q->count; i++) {
        const double a = q->mz[i], half = q->half[i];
        while (j < count && mz[j] + shift - a < -half) j++;
        if (j >= count) break;
        const int is_pair = mz[j] + shift - a <= half;
        take(list, i, j, is_pair, marks, free_only);
        j += (size_t)is_pair;
    }
}

ALWAYS_INLINE double sum_pairs(pair_list *list) {
    /* Pairs that give nothing fill the last block: 2 log2 2 - 2 - 0. */
    const size_t blocks = (list->count + kLanes - 1) / kLanes;
    for (size_t i = list->count; i < blocks * kLanes; i++) {
        list->a[i] = list->b[i] = 1;
        list->own[i] = 2;
    }
    block sums = {0};
    for (size_t k = 0; k < blocks; k++) {
        block a, b, own;
        memcpy(&a, list->a + k * kLanes, sizeof a);
        memcpy(&b, list->b + k * kLanes, sizeof b);
        memcpy(&own, list->own + k * kLanes, sizeof own);
        a += b;
        to_x_log2_x(&a);
        to_x_log2_x(&b);
        sums += a - own - b;
    }
    double sum = 0;
    for (int lane = 0; lane < kLanes; lane++) sum += sums[lane];
    return sum;
}

ALWAYS_INLINE entropy_sum similarity(
    const entropy_query *query, const double *mz, const float *weights, size_t count, double shift, int matching,
    double *scratch, uint8_t *flags) {
    const size_t room = query->count + kLanes;
    pair_list list = {query, weights, flags, flags + query->count, scratch, scratch + room, scratch + 2 * room, 0};
    if (count == 0) return (entropy_sum){0, 0};
    const int is_short = count <= kShort && query->count <= kShort;
    const int one_way = matching != 2 || shift == 0;
    if (one_way && is_short && pair_up_short(&list, mz, count, matching == 1 ? shift : 0)) {
        const entropy_sum result = {sum_pairs(&list), list.count};
        return result;
    }
    if (one_way) {
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
