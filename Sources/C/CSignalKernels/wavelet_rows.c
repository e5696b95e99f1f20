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
    ALWAYS_INLINE void SCALAR##_row(                                                                                  \
        const SCALAR *phases, ptrdiff_t final, const SCALAR *kernel, ptrdiff_t reach, unsigned shift, SCALAR *out) {  \
        const ptrdiff_t length = (ptrdiff_t)phase_length((size_t)final + 1, shift);                                   \
        const ptrdiff_t wanted = (final >> shift) + 1;                                                                \
        for (ptrdiff_t block = 0; block < wanted; block += kColumns) {                                                \
            const ptrdiff_t column = block << shift;                                                                  \
            const ptrdiff_t end = column + ((ptrdiff_t)(kColumns - 1) << shift);                                      \
            const ptrdiff_t first = -least(reach, least(final, end));                                                 \
            const ptrdiff_t last = least(reach, final - column);                                                      \
            const SCALAR *base = phases + kColumns + block;                                                           \
            SCALAR##_block a = {0}, b = {0}, c = {0}, d = {0};                                                        \
            for (ptrdiff_t offset = first; offset <= last; offset++) {                                                \
                const SCALAR weight = kernel[offset];                                                                 \
                /* The samples at this offset from the columns of the block. */                                       \
                const SCALAR *p =                                                                                     \
                    base + (offset & (((ptrdiff_t)1 << shift) - 1)) * length + (offset >> shift);                     \
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
    }                                                                                                                 \
                                                                                                                      \
    ALWAYS_INLINE void SCALAR##_rows(                                                                                 \
        const SCALAR *signal, size_t count, const SCALAR *kernels, const wavelet_row *rows, size_t row_count,         \
        SCALAR *scratch, SCALAR *out, size_t stride) {                                                                \
        const ptrdiff_t final = (ptrdiff_t)count - 1;                                                                 \
        /* A signal that fits one block is no faster to thin before than after. */                                    \
        unsigned enough = 0;                                                                                          \
        while (enough < kWaveletLargestShift && final >> enough >= kColumns) enough++;                                \
        SCALAR *phases[kLevels] = {0};                                                                                \
        for (size_t row = 0; row < row_count; row++) {                                                                \
            const SCALAR *kernel = kernels + rows[row].middle;                                                        \
            const ptrdiff_t reach = rows[row].reach;                                                                  \
            const unsigned shift = rows[row].shift < enough ? rows[row].shift : enough;                               \
            if (phases[shift] == 0) {                                                                                 \
                phases[shift] = scratch;                                                                              \
                scratch += phase_length(count, shift) << shift;                                                       \
                SCALAR##_phases(signal, count, shift, phases[shift]);                                                 \
            }                                                                                                         \
            SCALAR *to = out + row * stride;                                                                          \
            switch (shift) {                                                                                          \
            case 0: SCALAR##_row(phases[0], final, kernel, reach, 0, to); break;                                      \
            case 1: SCALAR##_row(phases[1], final, kernel, reach, 1, to); break;                                      \
            case 2: SCALAR##_row(phases[2], final, kernel, reach, 2, to); break;                                      \
            case 3: SCALAR##_row(phases[3], final, kernel, reach, 3, to); break;                                      \
            default: SCALAR##_row(phases[4], final, kernel, reach, 4, to); break;                                     \
            }                                                                                                         \
            const unsigned rest = rows[row].shift - shift;                                                            \
            if (rest > 0) {                                                                                           \
                for (ptrdiff_t i = 1; i <= final >> rows[row].shift; i++) to[i] = to[i << rest];                      \
            }                                                                                                         \
        }                                                                                                             \
    }

#define ROWS_PARAMETERS(SCALAR)                                                                                       \
    const SCALAR *signal, size_t count, const SCALAR *kernels, const wavelet_row *rows, size_t row_count,             \
        SCALAR *scratch, SCALAR *out, size_t stride

#define ROWS_ARGUMENTS signal, count, kernels, rows, row_count, scratch, out, stride

#if defined(__x86_64__)
#define DEFINE_TARGETS(SCALAR)                                                                                        \
    __attribute__((target("avx512f,avx512dq,avx512vl"))) static void SCALAR##_rows_avx512(ROWS_PARAMETERS(SCALAR)) {  \
        SCALAR##_rows(ROWS_ARGUMENTS);                                                                                \
    }                                                                                                                 \
    __attribute__((target("avx2"))) static void SCALAR##_rows_avx2(ROWS_PARAMETERS(SCALAR)) {                         \
        SCALAR##_rows(ROWS_ARGUMENTS);                                                                                \
    }
#define DISPATCH(SCALAR)                                                                                              \
    switch (instructions) {                                                                                           \
    case signal_avx512: SCALAR##_rows_avx512(ROWS_ARGUMENTS); return;                                                 \
    case signal_avx2: SCALAR##_rows_avx2(ROWS_ARGUMENTS); return;                                                     \
    case signal_portable: break;                                                                                      \
    }
#else
#define DEFINE_TARGETS(SCALAR)
#define DISPATCH(SCALAR) (void)instructions;
#endif

#define DEFINE_ENTRIES(SCALAR)                                                                                        \
    void wavelet_rows_##SCALAR##_with(signal_instructions instructions, ROWS_PARAMETERS(SCALAR)) {                    \
        DISPATCH(SCALAR)                                                                                              \
        SCALAR##_rows(ROWS_ARGUMENTS);                                                                                \
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

signal_instructions signal_best_instructions(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) return signal_avx512;
    if (__builtin_cpu_supports("avx2")) return signal_avx2;
#endif
    return signal_portable;
}
