/* Tells the thread sanitizer what Swift's Mutex orders.
 *
 * The fast paths of Synchronization.Mutex are compiled into the program and seen. The slow ones, where a thread waits and the
 * kernel hands the mutex over, are in libswiftSynchronization, which no sanitizer looks into: everything behind a mutex that was
 * waited for is reported as a race. Linked into a program, these come before the library's, and say what happened. Names and
 * calling convention are Swift's own: made for Swift 6.3 on Linux; with another version that has other names, reports come back. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"

void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef SWIFT void Lock(uint32_t thread, SELF);
typedef SWIFT void Unlock(SELF);
typedef SWIFT bool TryLock(SELF);

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK);
SWIFT bool try_lock_slow(SELF) __asm__(TRY_LOCK);

SWIFT void lock_slow(uint32_t thread, SELF) {
    ((Lock *)dlsym(RTLD_NEXT, LOCK))(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT void unlock_slow(SELF) {
    __tsan_release(mutex);
    ((Unlock *)dlsym(RTLD_NEXT, UNLOCK))(mutex);
}

SWIFT bool try_lock_slow(SELF) {
    bool is_locked = ((TryLock *)dlsym(RTLD_NEXT, TRY_LOCK))(mutex);
    if (is_locked) __tsan_acquire(mutex);
    return is_locked;
}

/* In the programs too, because those that measure others start them with an environment of their own. A bus error is what a
 * mapped file that became shorter gives, which the readers answer. */
const char *__tsan_default_options(void) { return "history_size=4 handle_sigbus=0"; }

/* Array(unsafeUninitializedCapacity: 0) writes the count 0 into the one empty array of the standard library, which is 0. */
const char *__tsan_default_suppressions(void) { return "race:_swiftEmptyArrayStorage\n"; }
