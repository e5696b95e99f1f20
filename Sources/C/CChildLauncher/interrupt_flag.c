#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "child_launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static _Atomic int raised_signal = 0;
static _Atomic int write_end = -1;
static _Atomic int read_end = -1;

static const int handled[] = {SIGINT, SIGTERM, SIGHUP};

static void on_signal(int signal_number) {
    int saved = errno;
    interrupt_flag_raise(signal_number);
    errno = saved;
}

static int install_handlers(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigfillset(&action.sa_mask);
    // SA_RESETHAND: a second Ctrl-C ends the program whatever it is waiting for. No SA_RESTART: waits must wake up.
    action.sa_flags = SA_RESETHAND;
    for (unsigned i = 0; i < sizeof handled / sizeof handled[0]; i++) {
        struct sigaction current;
        if (sigaction(handled[i], NULL, &current) != 0) return -1;
        // Under nohup SIGHUP is ignored, and stays so.
        if (current.sa_handler == SIG_IGN) continue;
        if (sigaction(handled[i], &action, NULL) != 0) return -1;
    }
    // A parent may have started this program from a thread that blocks signals, and the mask is inherited.
    sigset_t wanted;
    sigemptyset(&wanted);
    for (unsigned i = 0; i < sizeof handled / sizeof handled[0]; i++) sigaddset(&wanted, handled[i]);
    return pthread_sigmask(SIG_UNBLOCK, &wanted, NULL) == 0 ? 0 : -1;
}

int interrupt_flag_install(void) {
    if (atomic_load(&read_end) < 0) {
        int ends[2];
        if (pipe(ends) != 0) return -1;
        for (int i = 0; i < 2; i++) {
            fcntl(ends[i], F_SETFD, FD_CLOEXEC);
            fcntl(ends[i], F_SETFL, O_NONBLOCK);
        }
        int expected = -1;
        if (atomic_compare_exchange_strong(&read_end, &expected, ends[0])) {
            atomic_store(&write_end, ends[1]);
        } else {
            close(ends[0]);
            close(ends[1]);
        }
    }
    return install_handlers();
}

int interrupt_flag_signal(void) { return atomic_load(&raised_signal); }

int interrupt_flag_descriptor(void) { return atomic_load(&read_end); }

void interrupt_flag_raise(int signal_number) {
    int expected = 0;
    if (!atomic_compare_exchange_strong(&raised_signal, &expected, signal_number)) return;
    // The byte stays in the pipe until the reset, so every waiter sees it.
    int descriptor = atomic_load(&write_end);
    char byte = 1;
    if (descriptor >= 0 && write(descriptor, &byte, 1) < 0) return;
}

void interrupt_flag_reset(void) {
    int descriptor = atomic_load(&read_end);
    char bytes[16];
    while (descriptor >= 0 && read(descriptor, bytes, sizeof bytes) > 0) {}
    atomic_store(&raised_signal, 0);
    if (descriptor >= 0) install_handlers();
}
