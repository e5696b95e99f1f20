#include "CMatchingKernels.h"
#include "approximate_log.h"

#include <float.h>
#include <stdatomic.h>

/* Postings whose values are computed before they are added: as many as stay in the first cache. */
enum { kBlock = 512, kGroup = 32 };

ALWAYS_INLINE void entropy_values(float a, float own, const float *weights, size_t count, float *values) {
    for (size_t i = 0; i < count; i++) {
        const float b = weights[i];
        const float value = 0.5f * (x_log2_x(a + b) - own - x_log2_x(b));
        values[i] = value > FLT_MIN ? value : FLT_MIN;
    }
}

ALWAYS_INLINE void product_values(float a, const float *weights, size_t count, float *values) {
    for (size_t i = 0; i < count; i++) {
        const float value = a * weights[i];
        values[i] = value > FLT_MIN ? value : FLT_MIN;
    }
}

ALWAYS_INLINE size_t collect(const float *totals, size_t count, float least, uint16_t *positions) {
    size_t found = 0;
    size_t i = 0;
    for (; i + kGroup <= count; i += kGroup) {
        int32_t any = 0;
        for (size_t j = 0; j < kGroup; j++) any |= totals[i + j] >= least;
        if (!any) continue;
        for (size_t j = i; j < i + kGroup; j++) {
            positions[found] = (uint16_t)j;
            found += totals[j] >= least;
        }
    }
    for (; i < count; i++) {
        positions[found] = (uint16_t)i;
        found += totals[i] >= least;
    }
    return found;
}

#define DEFINE_KERNELS(NAME, TARGET)                                                                                  \
    TARGET static void add_entropy_##NAME(                                                                            \
        float a, const float *weights, const uint16_t *spectra, size_t count, float *totals) {                        \
        const float own = x_log2_x(a);                                                                                \
        float values[kBlock];                                                                                         \
        for (size_t start = 0; start < count; start += kBlock) {                                                      \
            const size_t length = count - start < kBlock ? count - start : kBlock;                                    \
            entropy_values(a, own, weights + start, length, values);                                                  \
            for (size_t i = 0; i < length; i++) totals[spectra[start + i]] += values[i];                              \
        }                                                                                                             \
    }                                                                                                                 \
    TARGET static void add_product_##NAME(                                                                            \
        float a, const float *weights, const uint16_t *spectra, size_t count, float *totals) {                        \
        float values[kBlock];                                                                                         \
        for (size_t start = 0; start < count; start += kBlock) {                                                      \
            const size_t length = count - start < kBlock ? count - start : kBlock;                                    \
            product_values(a, weights + start, length, values);                                                       \
            for (size_t i = 0; i < length; i++) totals[spectra[start + i]] += values[i];                              \
        }                                                                                                             \
    }                                                                                                                 \
    TARGET static size_t collect_##NAME(const float *totals, size_t count, float least, uint16_t *positions) {        \
        return collect(totals, count, least, positions);                                                              \
    }

DEFINE_KERNELS(portable, )
#if defined(__x86_64__)
DEFINE_KERNELS(avx2, __attribute__((target("avx2,fma"))))
DEFINE_KERNELS(avx512, __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"), min_vector_width(512))))
#endif

static atomic_int most = matching_avx512;

void matching_use(matching_instructions at_most) { atomic_store_explicit(&most, at_most, memory_order_relaxed); }

matching_instructions matching_best_instructions(void) {
#if defined(__x86_64__)
    const int limit = atomic_load_explicit(&most, memory_order_relaxed);
    if (limit >= matching_avx512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl")) {
        return matching_avx512;
    }
    if (limit >= matching_avx2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return matching_avx2;
#endif
    return matching_portable;
}

#if defined(__x86_64__)
#define DISPATCH(INSTRUCTIONS, NAME, ...)                                                                             \
    switch (INSTRUCTIONS) {                                                                                           \
        case matching_avx512: return NAME##_avx512(__VA_ARGS__);                                                      \
        case matching_avx2: return NAME##_avx2(__VA_ARGS__);                                                          \
        default: return NAME##_portable(__VA_ARGS__);                                                                 \
    }
#else
#define DISPATCH(INSTRUCTIONS, NAME, ...) return (void)(INSTRUCTIONS), NAME##_portable(__VA_ARGS__);
#endif

void add_entropy_with(
    matching_instructions instructions, float a, const float *weights, const uint16_t *spectra, size_t count,
    float *totals) {
    DISPATCH(instructions, add_entropy, a, weights, spectra, count, totals)
}

void add_entropy(float a, const float *weights, const uint16_t *spectra, size_t count, float *totals) {
    add_entropy_with(matching_best_instructions(), a, weights, spectra, count, totals);
}

void add_product_with(
    matching_instructions instructions, float a, const float *weights, const uint16_t *spectra, size_t count,
    float *totals) {
    DISPATCH(instructions, add_product, a, weights, spectra, count, totals)
}

void add_product(float a, const float *weights, const uint16_t *spectra, size_t count, float *totals) {
    add_product_with(matching_best_instructions(), a, weights, spectra, count, totals);
}

size_t collect_at_least_with(
    matching_instructions instructions, const float *totals, size_t count, float least, uint16_t *positions) {
    DISPATCH(instructions, collect, totals, count, least, positions)
}

size_t collect_at_least(const float *totals, size_t count, float least, uint16_t *positions) {
    return collect_at_least_with(matching_best_instructions(), totals, count, least, positions);
}

/* Puts a total in place of the least of a heap whose root is the least. */
static void replace_least(float *values, uint16_t *positions, size_t count, float value, uint16_t position) {
    size_t place = 0;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= count) break;
        if (child + 1 < count && values[child + 1] < values[child]) child++;
        if (values[child] >= value) break;
        values[place] = values[child];
        positions[place] = positions[child];
        place = child;
    }
    values[place] = value;
    positions[place] = position;
}

size_t largest_totals(const float *totals, size_t count, size_t wanted, uint16_t *positions, float *values) {
    if (wanted == 0) return 0;
    size_t known = 0;
    for (size_t i = 0; i < wanted; i++) values[i] = 0;
    uint16_t found[kBlock];
    for (size_t start = 0; start < count; start += kBlock) {
        const size_t length = count - start < kBlock ? count - start : kBlock;
        const float least = values[0] > FLT_MIN ? values[0] : FLT_MIN;
        const size_t number = collect_at_least(totals + start, length, least, found);
        for (size_t i = 0; i < number; i++) {
            const float value = totals[start + found[i]];
            if (value <= values[0]) continue;
            replace_least(values, positions, wanted, value, (uint16_t)(start + found[i]));
            known++;
        }
    }
    if (known >= wanted) return wanted;
    /* Places that are still empty are in the heap's way: the others move to the front. */
    size_t kept = 0;
    for (size_t i = 0; i < wanted; i++) {
        if (values[i] <= 0) continue;
        values[kept] = values[i];
        positions[kept++] = positions[i];
    }
    return kept;
}
