/* What the system can do at all: a bare loop of send() over loopback, to 500 connections in turn,
 * on one core; a reader on another takes what comes. */
#include "load.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS 500

static void stay_on(int core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    sched_setaffinity(0, sizeof cores, &cores);
}

static void connect_pair(int listener, struct sockaddr_in *where, int pair[2]) {
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(pair[0], (struct sockaddr *)where, sizeof *where))
        fail("bare", "cannot connect");
    pair[1] = accept(listener, NULL, NULL);
}

static void read_all(int readers[]) {
    static char buffer[1 << 16];
    int epoll = epoll_create1(0);
    for (int i = 0; i < CONNECTIONS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = readers[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, readers[i], &event);
    }
    for (;;) {
        struct epoll_event events[256];
        int n = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < n; i++)
            if (read(events[i].data.fd, buffer, sizeof buffer) <= 0)
                exit(0);
    }
}

void bare(int bytes, double seconds) {
    int senders[CONNECTIONS], readers[CONNECTIONS];
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof where;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&where, size) || listen(listener, CONNECTIONS))
        fail("bare", "cannot listen");
    getsockname(listener, (struct sockaddr *)&where, &size);
    for (int i = 0; i < CONNECTIONS; i++) {
        int pair[2];
        connect_pair(listener, &where, pair);
        senders[i] = pair[0];
        readers[i] = pair[1];
    }
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    pid_t reader = fork();
    if (!reader) {
        stay_on(cores - 1);
        read_all(readers);
    }
    stay_on(0);
    static char message[1 << 16];
    uint64_t began = now_ns(), calls = 0, end = began + (uint64_t)(seconds * SECOND);
    while (now_ns() < end)
        for (int i = 0; i < CONNECTIONS; i++, calls++)
            if (send(senders[i], message, (size_t)bytes, 0) < 0)
                fail("bare", "cannot send");
    printf("{\"calls_s\":%.0f}\n", (double)calls * SECOND / (double)(now_ns() - began));
    kill(reader, SIGKILL);
    waitpid(reader, NULL, 0);
}
