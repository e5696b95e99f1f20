#define _GNU_SOURCE
#include "CMappedRegions.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define REGION_COUNT 256

/* `length` is 0 for a free slot. Lock-free, because the handler reads them. */
typedef struct {
    _Atomic uintptr_t start;
    _Atomic uintptr_t length;
    atomic_int faults;
} region;

static region regions[REGION_COUNT];
static pthread_mutex_t changes = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction previous;
static uintptr_t page_size;
static int is_installed;

static void on_bus_error(int number, siginfo_t *info, void *context) {
    const uintptr_t address = (uintptr_t)info->si_addr;
    for (int i = 0; i < REGION_COUNT; i++) {
        const uintptr_t length = atomic_load(&regions[i].length);
        const uintptr_t start = atomic_load(&regions[i].start);
        if (length == 0 || address < start || address - start >= length) continue;
        void *page = (void *)(address / page_size * page_size);
        /* Counted first: whoever reads the empty page must find the count. */
        atomic_fetch_add(&regions[i].faults, 1);
        if (mmap(page, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) break;
        return;
    }
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(number, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(number);
    } else {
        /* The faulting access is tried again on return, and ends the program as it always did. */
        signal(SIGBUS, SIG_DFL);
    }
}

static int install(void) {
    if (is_installed) return 1;
    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct sigaction action = {0};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGBUS, &action, &previous) != 0) return 0;
    is_installed = 1;
    return 1;
}

int mapped_region_watch(const void *start, size_t length) {
    int handle = -1;
    pthread_mutex_lock(&changes);
    if (length > 0 && install()) {
        for (int i = 0; i < REGION_COUNT && handle < 0; i++) {
            if (atomic_load(&regions[i].length) != 0) continue;
            atomic_store(&regions[i].faults, 0);
            atomic_store(&regions[i].start, (uintptr_t)start);
            /* Whole pages, as the kernel maps them. */
            atomic_store(&regions[i].length, (length + page_size - 1) / page_size * page_size);
            handle = i;
        }
    }
    pthread_mutex_unlock(&changes);
    return handle;
}

int mapped_region_faults(int handle) { return atomic_load(&regions[handle].faults); }

void mapped_region_populate(const void *start, size_t length) {
    if (length == 0) return;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t first = (uintptr_t)start / page * page;
    const size_t count = (uintptr_t)start + length - first;
    /* All of it is asked for before any of it is waited for. */
    madvise((void *)first, count, MADV_WILLNEED);
#ifdef MADV_POPULATE_READ
    if (madvise((void *)first, count, MADV_POPULATE_READ) == 0) return;
#endif
    /* A kernel before 5.14, or a page that cannot be had: whoever touches it is told. */
    for (uintptr_t p = first; p < first + count; p += page) (void)*(const volatile unsigned char *)p;
}

void mapped_region_forget(int handle) {
    pthread_mutex_lock(&changes);
    atomic_store(&regions[handle].length, 0);
    pthread_mutex_unlock(&changes);
}
