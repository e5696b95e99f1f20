#include "CSignalKernels.h"

/* Fused multiply-add would round differently from machine to machine, and waiting for the samples takes as long. */
#pragma STDC FP_CONTRACT OFF

#define ALWAYS_INLINE static inline __attribute__((always_inline))

typedef double double_block __attribute__((vector_size(64)));
typedef double double_block_anywhere __attribute__((vector_size(64), aligned(8)));
typedef float float_block __attribute__((vector_size(32)));
typedef float float_block_anywhere __attribute__((vector_size(32), aligned(4)));

enum { kLanes = 8, kColumns = kWaveletColumns, kLevels = kWaveletLargestShift + 1 };

/* Samples of one phase of a signal that is thinned by 2^shift, with zeros on both sides. */
static inline size_t phase_length(size_t count, unsigned shift) { return (count >> shift) + 1 + 2 * kColumns; }

static inline ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

size_t wavelet_scratch(size_t count) {
    size_t length = 0;
    for (unsigned shift = 0; shift < kLevels; shift++) length += phase_length(count, shift) << shift;
    return length;
}

/* Where the samples at an offset from neighbouring columns lie, from those at offset 0. */
#define SAMPLES_AT(offset) (((offset) & (((ptrdiff_t)1 << shift) - 1)) * length + ((offset) >> shift))

#if defined(__clang__)
#define NOT_UNROLLED _Pragma("clang loop unroll(disable)")
#else
#define NOT_UNROLLED
#endif

/* The thinning is a constant in each of the loops. */
#define AT_SHIFT(FUNCTION, ...)                                                                                       \
    switch (shift) {                                                                                                  \
    case 0: passes += FUNCTION(0, phases[0], final, __VA_ARGS__); break;                                              \
    case 1: passes += FUNCTION(1, phases[1], final, __VA_ARGS__); break;                                              \
    case 2: passes += FUNCTION(2, phases[2], final, __VA_ARGS__); break;                                              \
    case 3: passes += FUNCTION(3, phases[3], final, __VA_ARGS__); break;                                              \
    default: passes += FUNCTION(4, phases[4], final, __VA_ARGS__); break;                                             \
    }

#define BLOCK_AT(SCALAR, p) (*(SCALAR##_block_anywhere *)(p))
#define CONSTANT_BLOCK_AT(SCALAR, p) (*(const SCALAR##_block_anywhere *)(p))

/* Four blocks of eight columns at a time: their sums are independent, so that additions need not wait for each other.
   Every column takes its terms in ascending order, whatever the width of the machine's vectors. Where only every s-th
   column is wanted, the signal lies apart in s phases, so that the samples of neighbouring columns are neighbours. */
#define DEFINE_ROWS(SCALAR)                                                                                           \
    ALWAYS_INLINE void SCALAR##_phases(const SCALAR *signal, size_t count, unsigned shift, SCALAR *phases) {          \
        const size_t length = phase_length(count, shift);                                                             \
        const size_t step = (size_t)1 << shift;                                                                       \
        for (size_t phase = 0; phase < step; phase++) {                                                               \
            SCALAR *p = phases + phase * length;                                                                      \
            for (size_t i = 0; i < kColumns; i++) p[i] = 0;                                                           \
            size_t place = kColumns;                                                                                  \
            for (size_t i = phase; i < count; i += step) p[place++] = signal[i];                                      \
            for (; place < length; place++) p[place] = 0;                                                             \
        }                                                                                                             \
    }                                                                                                                 \
                                                                                                                      \
    /* One row; `shift` is a constant where this is expanded. */                                                      \
    ALWAYS_INLINE size_t SCALAR##_row(                                                                                \
        const unsigned shift, const SCALAR *phases, ptrdiff_t final, const SCALAR *kernel, ptrdiff_t reach,           \
        SCALAR *out) {                                                                                                \
        const ptrdiff_t length = (ptrdiff_t)phase_length((size_t)final + 1, shift);                                   \
        const ptrdiff_t wanted = (final >> shift) + 1;                                                                \
        ptrdiff_t block = 0;                                                                                          \
        for (; block < wanted; block += kColumns) {                                                                   \
            const ptrdiff_t column = block << shift;                                                                  \
            const ptrdiff_t end = column + ((ptrdiff_t)(kColumns - 1) << shift);                                      \
            const ptrdiff_t first = -least(reach, least(final, end));                                                 \
            const ptrdiff_t last = least(reach, final - column);                                                      \
            const SCALAR *base = phases + kColumns + block;                                                           \
            SCALAR##_block a = {0}, b = {0}, c = {0}, d = {0};                                                        \
            for (ptrdiff_t offset = first; offset <= last; offset++) {                                                \
                const SCALAR weight = kernel[offset];                                                                 \
                /* The samples at this offset from the columns of the block. */                                       \
                const SCALAR *p = base + SAMPLES_AT(offset);                                                          \
                a += weight * CONSTANT_BLOCK_AT(SCALAR, p);                                                           \
                b += weight * CONSTANT_BLOCK_AT(SCALAR, p + kLanes);                                                  \
                c += weight * CONSTANT_BLOCK_AT(SCALAR, p + 2 * kLanes);                                              \
                d += weight * CONSTANT_BLOCK_AT(SCALAR, p + 3 * kLanes);                                              \
            }                                                                                                         \
            BLOCK_AT(SCALAR, out + block) = a;                                                                        \
            BLOCK_AT(SCALAR, out + block + kLanes) = b;                                                               \
            BLOCK_AT(SCALAR, out + block + 2 * kLanes) = c;                                                           \
            BLOCK_AT(SCALAR, out + block + 3 * kLanes) = d;                                                           \
        }                                                                                                             \
        return (size_t)(block / kColumns);                                                                            \
    }                                                                                                                 \
                                                                                                                      \
    /* The same with one block of eight columns at a time. */                                                         \
    ALWAYS_INLINE size_t SCALAR##_narrow_row(                                                                         \
        const unsigned shift, const SCALAR *phases, ptrdiff_t final, const SCALAR *kernel, ptrdiff_t reach,           \
        SCALAR *out) {                                                                                                \
        const ptrdiff_t length = (ptrdiff_t)phase_length((size_t)final + 1, shift);                                   \
        const ptrdiff_t wanted = (final >> shift) + 1;                                                                \
        ptrdiff_t block = 0;                                                                                          \
        for (; block < wanted; block += kLanes) {                                                                     \
            const ptrdiff_t column = block << shift;                                                                  \
            const ptrdiff_t end = column + ((ptrdiff_t)(kLanes - 1) << shift);                                        \
            const ptrdiff_t first = -least(reach, least(final, end));                                                 \
            const ptrdiff_t last = least(reach, final - column);                                                      \
            const SCALAR *base = phases + kColumns + block;                                                           \
            SCALAR##_block a = {0};                                                                                   \
            NOT_UNROLLED                                                                                              \
            for (ptrdiff_t offset = first; offset <= last; offset++) {                                                \
                a += kernel[offset] * CONSTANT_BLOCK_AT(SCALAR, base + SAMPLES_AT(offset));                           \
            }                                                                                                         \
            BLOCK_AT(SCALAR, out + block) = a;                                                                        \
        }                                                                                                             \
        return (size_t)(block / kLanes);                                                                              \
    }                                                                                                                 \
                                                                                                                      \
    /* Two rows that are thinned alike, the second kernel reaching as far as the first one or further: what both have a\
       weight for is loaded once. */                                                                                  \
    ALWAYS_INLINE size_t SCALAR##_two_rows(                                                                           \
        const unsigned shift, const SCALAR *phases, ptrdiff_t final, const SCALAR *kernel, ptrdiff_t reach,           \
        SCALAR *out, const SCALAR *kernel2, ptrdiff_t reach2, SCALAR *out2) {                                         \
        const ptrdiff_t length = (ptrdiff_t)phase_length((size_t)final + 1, shift);                                   \
        const ptrdiff_t wanted = (final >> shift) + 1;                                                                \
        ptrdiff_t block = 0;                                                                                          \
        for (; block < wanted; block += kColumns) {                                                                   \
            const ptrdiff_t column = block << shift;                                                                  \
            const ptrdiff_t end = column + ((ptrdiff_t)(kColumns - 1) << shift);                                      \
            const ptrdiff_t furthest = least(final, end);                                                             \
            const ptrdiff_t first = -least(reach, furthest), last = least(reach, final - column);                     \
            const ptrdiff_t first2 = -least(reach2, furthest), last2 = least(reach2, final - column);                 \
            const SCALAR *base = phases + kColumns + block;                                                           \
            SCALAR##_block a = {0}, b = {0}, c = {0}, d = {0};                                                        \
            SCALAR##_block a2 = {0}, b2 = {0}, c2 = {0}, d2 = {0};                                                    \
            for (ptrdiff_t offset = first2; offset < first; offset++) {                                               \
                const SCALAR weight2 = kernel2[offset];                                                               \
                const SCALAR *p = base + SAMPLES_AT(offset);                                                          \
                a2 += weight2 * CONSTANT_BLOCK_AT(SCALAR, p);                                                         \
                b2 += weight2 * CONSTANT_BLOCK_AT(SCALAR, p + kLanes);                                                \
                c2 += weight2 * CONSTANT_BLOCK_AT(SCALAR, p + 2 * kLanes);                                            \
                d2 += weight2 * CONSTANT_BLOCK_AT(SCALAR, p + 3 * kLanes);                                            \
            }                                                                                                         \
            for (ptrdiff_t offset = first; offset <= last; offset++) {                                                \
                const SCALAR weight = kernel[offset], weight2 = kernel2[offset];                                      \
                const SCALAR *p = base + SAMPLES_AT(offset);                                                          \
                const SCALAR##_block s = CONSTANT_BLOCK_AT(SCALAR, p);                                                \
                const SCALAR##_block t = CONSTANT_BLOCK_AT(SCALAR, p + kLanes);                                       \
                const SCALAR##_block u = CONSTANT_BLOCK_AT(SCALAR, p + 2 * kLanes);                                   \
                const SCALAR##_block v = CONSTANT_BLOCK_AT(SCALAR, p + 3 * kLanes);                                   \
                a += weight * s;                                                                                      \
                b += weight * t;                                                                                      \
                c += weight * u;                                                                                      \
                d += weight * v;                                                                                      \
                a2 += weight2 * s;                                                                                    \
                b2 += weight2 * t;                                                                                    \
                c2 += weight2 * u;                                                                                    \
                d2 += weight2 * v;                                                                                    \
            }                                                                                                         \
            for (ptrdiff_t offset = last + 1; offset <= last2; offset++) {                                            \
                const SCALAR weight2 = kernel2[offset];                                                               \
                const SCALAR *p = base + SAMPLES_AT(offset);                                                          \
                a2 += weight2 * CONSTANT_BLOCK_AT(SCALAR, p);                                                         \
                b2 += weight2 * CONSTANT_BLOCK_AT(SCALAR, p + kLanes);                                                \
                c2 += weight2 * CONSTANT_BLOCK_AT(SCALAR, p + 2 * kLanes);                                            \
                d2 += weight2 * CONSTANT_BLOCK_AT(SCALAR, p + 3 * kLanes);                                            \
            }                                                                                                         \
            BLOCK_AT(SCALAR, out + block) = a;                                                                        \
            BLOCK_AT(SCALAR, out + block + kLanes) = b;                                                               \
            BLOCK_AT(SCALAR, out + block + 2 * kLanes) = c;                                                           \
            BLOCK_AT(SCALAR, out + block + 3 * kLanes) = d;                                                           \
            BLOCK_AT(SCALAR, out2 + block) = a2;                                                                      \
            BLOCK_AT(SCALAR, out2 + block + kLanes) = b2;                                                             \
            BLOCK_AT(SCALAR, out2 + block + 2 * kLanes) = c2;                                                         \
            BLOCK_AT(SCALAR, out2 + block + 3 * kLanes) = d2;                                                         \
        }                                                                                                             \
        return (size_t)(block / kColumns);                                                                            \
    }                                                                                                                 \
                                                                                                                      \
    /* Of a row that could not be thinned enough before, the wanted columns. */                                       \
    ALWAYS_INLINE void SCALAR##_thin(SCALAR *row, ptrdiff_t final, unsigned wanted, unsigned done) {                  \
        if (wanted == done) return;                                                                                   \
        for (ptrdiff_t i = 1; i <= final >> wanted; i++) row[i] = row[i << (wanted - done)];                          \
    }                                                                                                                 \
                                                                                                                      \
                                                                                                                      \
    ALWAYS_INLINE size_t SCALAR##_rows(                                                                               \
        const SCALAR *signal, size_t count, const SCALAR *kernels, const wavelet_row *rows, size_t row_count,         \
        int is_unrolled, int is_paired, SCALAR *scratch, SCALAR *out, size_t stride) {                                \
        const ptrdiff_t final = (ptrdiff_t)count - 1;                                                                 \
        /* A signal that fits one block is no faster to thin before than after. */                                    \
        unsigned enough = 0;                                                                                          \
        while (enough < kWaveletLargestShift && final >> enough >= kColumns) enough++;                                \
        size_t passes = 0;                                                                                            \
        SCALAR *phases[kLevels] = {0};                                                                                \
        for (size_t row = 0; row < row_count; row++) {                                                                \
            const wavelet_row *this = rows + row;                                                                     \
            const SCALAR *kernel = kernels + this->middle;                                                            \
            const ptrdiff_t reach = this->reach;                                                                      \
            const unsigned shift = this->shift < enough ? this->shift : enough;                                       \
            if (phases[shift] == 0) {                                                                                 \
                phases[shift] = scratch;                                                                              \
                scratch += phase_length(count, shift) << shift;                                                       \
                SCALAR##_phases(signal, count, shift, phases[shift]);                                                 \
            }                                                                                                         \
            SCALAR *to = out + row * stride;                                                                          \
            const wavelet_row *next = this + 1;                                                                       \
            if (is_paired && row + 1 < row_count && next->reach >= reach                                              \
                && (next->shift < enough ? next->shift : enough) == shift) {                                          \
                AT_SHIFT(                                                                                             \
                    SCALAR##_two_rows, kernel, reach, to, kernels + next->middle, (ptrdiff_t)next->reach,             \
                    to + stride)                                                                                      \
                SCALAR##_thin(to + stride, final, next->shift, shift);                                                \
                row++;                                                                                                \
            } else if (is_unrolled) {                                                                                 \
                AT_SHIFT(SCALAR##_row, kernel, reach, to)                                                             \
            } else {                                                                                                  \
                AT_SHIFT(SCALAR##_narrow_row, kernel, reach, to)                                                      \
            }                                                                                                         \
            SCALAR##_thin(to, final, this->shift, shift);                                                             \
        }                                                                                                             \
        return passes;                                                                                                \
    }

#define ROWS_PARAMETERS(SCALAR)                                                                                       \
    const SCALAR *signal, size_t count, const SCALAR *kernels, const wavelet_row *rows, size_t row_count,             \
        SCALAR *scratch, SCALAR *out, size_t stride

#define ROWS_ARGUMENTS signal, count, kernels, rows, row_count, scratch, out, stride
#define ROWS_BY(IS_UNROLLED, IS_PAIRED)                                                                               \
    signal, count, kernels, rows, row_count, IS_UNROLLED, IS_PAIRED, scratch, out, stride

/* The manner is a constant in each of them, so that those that are not asked for cost nothing. */
#define DEFINE_MANNERS(SCALAR, NAME, TARGET)                                                                          \
    TARGET static size_t SCALAR##_rows_##NAME(ROWS_PARAMETERS(SCALAR)) { return SCALAR##_rows(ROWS_BY(1, 0)); }       \
    TARGET static size_t SCALAR##_narrow_rows_##NAME(ROWS_PARAMETERS(SCALAR)) {                                       \
        return SCALAR##_rows(ROWS_BY(0, 0));                                                                          \
    }                                                                                                                 \
    TARGET static size_t SCALAR##_paired_rows_##NAME(ROWS_PARAMETERS(SCALAR)) {                                       \
        return SCALAR##_rows(ROWS_BY(1, 1));                                                                          \
    }

#if defined(__x86_64__)
#define DEFINE_TARGETS(SCALAR)                                                                                        \
    DEFINE_MANNERS(SCALAR, portable, )                                                                                \
    DEFINE_MANNERS(SCALAR, avx2, __attribute__((target("avx2"))))                                                     \
    DEFINE_MANNERS(SCALAR, avx512, __attribute__((target("avx512f,avx512dq,avx512vl"))))
#define DISPATCH(NAME)                                                                                                \
    switch (instructions) {                                                                                           \
    case signal_avx512: return NAME##_avx512(ROWS_ARGUMENTS);                                                         \
    case signal_avx2: return NAME##_avx2(ROWS_ARGUMENTS);                                                             \
    default: return NAME##_portable(ROWS_ARGUMENTS);                                                                  \
    }
#else
#define DEFINE_TARGETS(SCALAR) DEFINE_MANNERS(SCALAR, portable, )
#define DISPATCH(NAME)                                                                                                \
    (void)instructions;                                                                                               \
    return NAME##_portable(ROWS_ARGUMENTS);
#endif

#define DEFINE_ENTRIES(SCALAR)                                                                                        \
    size_t wavelet_rows_##SCALAR##_by(                                                                                \
        wavelet_manner manner, signal_instructions instructions, ROWS_PARAMETERS(SCALAR)) {                           \
        if (manner == wavelet_narrow) {                                                                               \
            DISPATCH(SCALAR##_narrow_rows)                                                                            \
        } else if (manner == wavelet_paired) {                                                                        \
            DISPATCH(SCALAR##_paired_rows)                                                                            \
        } else {                                                                                                      \
            DISPATCH(SCALAR##_rows)                                                                                   \
        }                                                                                                             \
    }                                                                                                                 \
    void wavelet_rows_##SCALAR##_with(signal_instructions instructions, ROWS_PARAMETERS(SCALAR)) {                    \
        wavelet_rows_##SCALAR##_by(wavelet_wide, instructions, ROWS_ARGUMENTS);                                       \
    }                                                                                                                 \
    void wavelet_rows_##SCALAR(ROWS_PARAMETERS(SCALAR)) {                                                             \
        wavelet_rows_##SCALAR##_with(signal_best_instructions(), ROWS_ARGUMENTS);                                     \
    }

DEFINE_ROWS(double)
DEFINE_ROWS(float)
DEFINE_TARGETS(double)
DEFINE_TARGETS(float)
DEFINE_ENTRIES(double)
DEFINE_ENTRIES(float)
