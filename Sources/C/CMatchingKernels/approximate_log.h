#pragma once
#include <stdint.h>
#include <string.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* x log2 x for x > 0, with the logarithm right to 2.2e-6: x = 2^e m with m in [0.75, 1.5), and a polynomial of m - 1
   fitted to log2(m) for the least largest error. */
ALWAYS_INLINE float x_log2_x(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int32_t exponent = (bits - 0x3f400000) >> 23;
    bits -= (int32_t)((uint32_t)exponent << 23);
    float mantissa;
    memcpy(&mantissa, &bits, sizeof mantissa);
    const float t = mantissa - 1;
    float p = -0.14517517f;
    p = p * t + 0.29272382f;
    p = p * t - 0.37106931f;
    p = p * t + 0.48164585f;
    p = p * t - 0.72109455f;
    p = p * t + 1.44268155f;
    return x * ((float)exponent + p * t);
}
