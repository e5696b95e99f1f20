#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    base64_ok = 0,
    /* A byte that is neither of the alphabet, nor ASCII whitespace, nor correct padding. */
    base64_invalid_byte = 1,
    /* The text ends inside a group of four characters. */
    base64_incomplete_group = 2,
    /* The text decodes to more bytes than the output can hold. */
    base64_output_full = 3,
} base64_status;

typedef struct {
    /* Bytes written to the output. */
    size_t written;
    /* Where in the input decoding stopped: the offending byte, or the length of the input when all is well. */
    size_t position;
    base64_status status;
} base64_result;

/* Decodes RFC 4648 section 4 base64 with mandatory padding. Space, tab, CR, LF, VT and FF are skipped wherever they
   stand. Unused bits of the last group are not required to be zero. Never writes outside output[0 ..< capacity], and
   may write scratch bytes between `written` and `capacity`. 32 spare bytes of capacity keep the fast loop to the end. */
base64_result base64_decode(const char *input, size_t length, uint8_t *output, size_t capacity);

/* The same by the portable path only: the reference for tests. */
base64_result base64_decode_portable(const char *input, size_t length, uint8_t *output, size_t capacity);

/* Whether base64_decode uses AVX2 on this machine. */
int base64_uses_avx2(void);

/* Characters that base64_encode writes for `length` bytes: 4 for each started group of 3. */
static inline size_t base64_encoded_length(size_t length) { return (length + 2) / 3 * 4; }

/* Encodes with padding and without line breaks; writes base64_encoded_length(length) characters. */
void base64_encode(const uint8_t *input, size_t length, char *output);

/* First occurrence of the needle, or NULL. A GNU extension that Swift's Glibc module does not show. */
const void *bytes_find(const void *haystack, size_t length, const void *needle, size_t needle_length);

#ifdef __cplusplus
}
#endif
