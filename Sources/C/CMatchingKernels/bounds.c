#include "CMatchingKernels.h"
#include "approximate_log.h"

/* Peaks whose values are computed before they are added up. */
enum { kRun = 512, kGroup = 16 };

ALWAYS_INLINE int32_t bin_of(double mz) {
    double place = mz * kBinsPerDalton;
    place = place < kBoundBins - 1 ? place : kBoundBins - 1;
    place = place > 0 ? place : 0;
    return (int32_t)place;
}

/* Wider than the window by what the sum and the product round away. */
ALWAYS_INLINE int32_t first_bin(const entropy_query *query, size_t i) {
    return bin_of((query->mz[i] - query->half[i]) * (1 - 1e-12) - 1e-9);
}

ALWAYS_INLINE int32_t last_bin(const entropy_query *query, size_t i) {
    return bin_of((query->mz[i] + query->half[i]) * (1 + 1e-12) + 1e-9);
}

int mark_windows(const entropy_query *query, float *bins) {
    size_t marked = 0;
    for (size_t i = 0; i < query->count; i++) marked += (size_t)(last_bin(query, i) - first_bin(query, i)) + 1;
    if (marked > kMostMarks) return 0;
    for (size_t i = 0; i < query->count; i++) {
        const float weight = (float)query->weight[i];
        const int32_t last = last_bin(query, i);
        for (int32_t bin = first_bin(query, i); bin <= last; bin++) {
            bins[bin] = bins[bin] > weight ? bins[bin] : weight;
        }
    }
    return 1;
}

void unmark_windows(const entropy_query *query, float *bins) {
    for (size_t i = 0; i < query->count; i++) {
        const int32_t first = first_bin(query, i);
        memset(bins + first, 0, sizeof *bins * (size_t)(last_bin(query, i) - first + 1));
    }
}

/* A weight that no builder writes matches nothing, and one of 0 gives nothing with any other. By `matching` a peak is looked
   for where it is, moved by `shift`, or in both places. */
ALWAYS_INLINE void values_of(
    const float *bins, const double *mz, const float *weights, size_t count, double shift, int matching,
    float *values) {
    float marks[kRun], own[kRun];
    if (matching == 2) {
        for (size_t i = 0; i < count; i++) {
            const float here = bins[bin_of(mz[i])];
            const float there = bins[bin_of(mz[i] + shift)];
            marks[i] = here > there ? here : there;
        }
    } else {
        for (size_t i = 0; i < count; i++) marks[i] = bins[bin_of(mz[i] + shift)];
    }
    for (size_t i = 0; i < count; i++) own[i] = weights[i];
    /* Whole groups: what is left over would be done one by one. */
    const size_t groups = (count + kGroup - 1) / kGroup;
    for (size_t i = count; i < groups * kGroup; i++) own[i] = marks[i] = 0;
    for (size_t group = 0; group < groups; group++) {
        for (size_t i = group * kGroup; i < (group + 1) * kGroup; i++) {
            const float a = marks[i];
            const float b = own[i];
            const float value = x_log2_x(a + b) - x_log2_x(a) - x_log2_x(b);
            const int counts = (a > 0) & (b > 0) & (b <= 1.00001f);
            values[i] = counts ? 0.5f * value : 0;
        }
    }
}

typedef float lanes __attribute__((vector_size(32)));
typedef int32_t lane_mask __attribute__((vector_size(32)));

/* Reads up to 7 values behind the last. */
ALWAYS_INLINE float sum_of(const float *values, size_t count) {
    lane_mask left = (lane_mask){0, -1, -2, -3, -4, -5, -6, -7} + (int32_t)count;
    lanes sums = {0};
    for (size_t i = 0; i < count; i += 8, left -= 8) {
        lane_mask bits;
        memcpy(&bits, values + i, sizeof bits);
        bits &= left > 0;
        lanes part;
        memcpy(&part, &bits, sizeof part);
        sums += part;
    }
    return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

ALWAYS_INLINE void bounds(
    const float *bins, const double *mz, const float *weights, const uint32_t *offset, size_t spectra,
    double shift, int matching, float *totals) {
    float values[kRun + 8];
    for (size_t s = 0; s < spectra; s++) totals[s] = 0;
    size_t spectrum = 0;
    for (size_t start = offset[0]; start < offset[spectra];) {
        const size_t left = offset[spectra] - start;
        const size_t end = start + (left < kRun ? left : kRun);
        values_of(bins, mz + start, weights + start, end - start, shift, matching, values);
        while (spectrum < spectra) {
            const size_t from = offset[spectrum] > start ? offset[spectrum] : start;
            const size_t to = offset[spectrum + 1] < end ? offset[spectrum + 1] : end;
            if (from < to) totals[spectrum] += sum_of(values + (from - start), to - from);
            if (offset[spectrum + 1] > end) break;
            spectrum++;
        }
        start = end;
    }
}

#define DEFINE(NAME, TARGET)                                                                                          \
    TARGET static void bounds_##NAME(                                                                                 \
        const float *bins, const double *mz, const float *weights, const uint32_t *offset, size_t spectra,            \
        double shift, int matching, float *totals) {                                                                                              \
        bounds(bins, mz, weights, offset, spectra, shift, matching, totals);                                                           \
    }

DEFINE(portable, )
#if defined(__x86_64__)
DEFINE(avx2, __attribute__((target("avx2,fma"))))
DEFINE(avx512, __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"), min_vector_width(512))))
#endif

void bound_spectra_with(
    matching_instructions instructions, const float *bins, const double *mz, const float *weights,
    const uint32_t *offset, size_t spectra,
    double shift, int matching, float *totals) {
#if defined(__x86_64__)
    if (instructions == matching_avx512) return bounds_avx512(bins, mz, weights, offset, spectra, shift, matching, totals);
    if (instructions == matching_avx2) return bounds_avx2(bins, mz, weights, offset, spectra, shift, matching, totals);
#else
    (void)instructions;
#endif
    bounds_portable(bins, mz, weights, offset, spectra, shift, matching, totals);
}

void bound_spectra(
    const float *bins, const double *mz, const float *weights, const uint32_t *offset, size_t spectra,
    double shift, int matching, float *totals) {
    bound_spectra_with(matching_best_instructions(), bins, mz, weights, offset, spectra, shift, matching, totals);
}
