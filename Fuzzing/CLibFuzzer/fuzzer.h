#pragma once
#include <stddef.h>
#include <stdint.h>
/* libFuzzer's own mutations: changes data in place and returns its new size, at most capacity. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity);
