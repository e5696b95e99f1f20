#define _GNU_SOURCE
#include "CBase64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const uint8_t *input, size_t length, char *output) {
    size_t i = 0;
    for (; i + 3 <= length; i += 3) {
        const uint32_t group = (uint32_t)input[i] << 16 | (uint32_t)input[i + 1] << 8 | input[i + 2];
        *output++ = alphabet[group >> 18];
        *output++ = alphabet[group >> 12 & 63];
        *output++ = alphabet[group >> 6 & 63];
        *output++ = alphabet[group & 63];
    }
    const size_t rest = length - i;
    if (rest == 0) return;
    const uint32_t group = (uint32_t)input[i] << 16 | (rest == 2 ? (uint32_t)input[i + 1] << 8 : 0);
    *output++ = alphabet[group >> 18];
    *output++ = alphabet[group >> 12 & 63];
    *output++ = rest == 2 ? alphabet[group >> 6 & 63] : '=';
    *output++ = '=';
}

const void *bytes_find(const void *haystack, size_t length, const void *needle, size_t needle_length) {
    return memmem(haystack, length, needle, needle_length);
}
