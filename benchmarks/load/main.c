/* load DIALECT CONNECTIONS [COMMAND...]: does one command after another, from its arguments or,
 * without any, from the lines of standard input, until that ends. Each prints a line of JSON.
 *
 *     join TOTAL AT_ONCE SECONDS                   have so many connections in their rooms
 *     talk SENDERS WINDOW WARM_UP SECONDS RATE     RATE 0: closed loop, WINDOW in flight each
 *     drop                                         reset all connections at once
 *     wait SECONDS                                 stay connected, and answer pings
 *
 * Between two commands connections are served as well.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define EVENTS 256
#define STANDARD_INPUT UINT32_MAX

static bool input_is_ready;

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

void fail(const char *what, const char *detail) {
    fprintf(stderr, "load: %s: %s\n", what, detail);
    exit(1);
}

/* Wait for something to happen, no longer than until then, and see to it. */
void serve(uint64_t until) {
    struct epoll_event events[EVENTS];
    uint64_t now = now_ns(), left = until > now ? until - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left / SECOND), .tv_nsec = (long)(left % SECOND)};
    int n = epoll_pwait2(epoll, events, EVENTS, &timeout, NULL);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u32 == STANDARD_INPUT)
            input_is_ready = true;
        else
            on_ready(&connections[events[i].data.u32], events[i].events);
    }
}

static void drop(void) {
    int dropped = 0;
    uint64_t began = now_ns();
    for (int i = 0; i < n_connections; i++)
        if (connections[i].state != UNUSED && connections[i].state != LOST) {
            close_hard(&connections[i]);
            dropped++;
        }
    printf("{\"dropped\":%d,\"seconds\":%.4f}\n", dropped, (double)(now_ns() - began) / SECOND);
}

static void wait_for(double seconds) {
    uint64_t end = now_ns() + (uint64_t)(seconds * SECOND);
    while (now_ns() < end)
        serve(end);
    printf("{\"waited\":%.1f}\n", seconds);
}

static void carry_out(const char *command) {
    int total, at_once;
    double warm_up, seconds, rate;
    if (sscanf(command, "join %d %d %lf", &total, &at_once, &seconds) == 3)
        join(total, at_once, seconds);
    else if (sscanf(command, "talk %d %d %lf %lf %lf", &total, &at_once, &warm_up, &seconds,
                    &rate) == 5)
        talk(total, at_once, warm_up, seconds, rate);
    else if (sscanf(command, "wait %lf", &seconds) == 1)
        wait_for(seconds);
    else if (!strncmp(command, "drop", 4))
        drop();
    else
        fail("no such command", command);
    fflush(stdout);
}

/* Returns false at the end of standard input. Whoever writes sends one command and then waits. */
static bool next_command(char *command, size_t capacity) {
    input_is_ready = false;
    while (!input_is_ready)
        serve(now_ns() + SECOND);
    ssize_t n = read(STDIN_FILENO, command, capacity - 1);
    if (n <= 0)
        return false;
    command[n] = 0;
    return true;
}

static void follow_standard_input(void) {
    char command[256];
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = STANDARD_INPUT};
    for (;;) {
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event))
            fail("cannot wait for standard input", strerror(errno));
        if (!next_command(command, sizeof command))
            return;
        /* A command in progress is not disturbed by the next. */
        epoll_ctl(epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
        carry_out(command);
    }
}

static void allow_many_sockets(void) {
    struct rlimit limit = {.rlim_cur = 65536, .rlim_max = 65536};
    if (setrlimit(RLIMIT_NOFILE, &limit)) {
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int count, char **arguments) {
    if (count == 3 && !strcmp(arguments[1], "bare")) {
        bare(atoi(arguments[2]), 2.0);
        return 0;
    }
    if (count < 3)
        fail("usage", "load DIALECT CONNECTIONS [COMMAND...], or load bare BYTES");
    read_dialect(arguments[1]);
    n_connections = atoi(arguments[2]);
    connections = calloc((size_t)n_connections, sizeof *connections);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (n_connections < dialect.n_rooms || !connections || epoll < 0)
        fail("there must be a connection for each room", arguments[2]);
    allow_many_sockets();
    for (int i = 3; i < count; i++)
        carry_out(arguments[i]);
    if (count == 3)
        follow_standard_input();
    for (int i = 0; i < n_connections; i++)
        if (connections[i].state != UNUSED && connections[i].state != LOST)
            close_hard(&connections[i]);
    return 0;
}
