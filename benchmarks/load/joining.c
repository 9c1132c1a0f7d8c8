/* Clients that connect and join as fast as the server lets them, so many at once. */

#include <stdio.h>
#include <stdlib.h>

#include "load.h"

static struct histogram times;
static int opened, joined, entering, failed;
/* Those that have to try once more. */
static int *again, n_again;

void on_joined(struct connection *c, uint64_t now) {
    joined++;
    entering--;
    note(&times, now - c->began);
}

void on_lost(struct connection *c, enum state before) {
    if (before == JOINED)
        return;
    again[n_again++] = (int)(c - connections);
    failed++;
    entering--;
}

static int next_one(void) { return n_again ? again[--n_again] : opened++; }

/* Until there are ``total`` connections, with at most ``at_once`` on their way, and no longer than
 * so many seconds. One that fails tries again, until as many have failed as there should be. */
void join(int total, int at_once, double seconds) {
    forget(&times);
    uint64_t began = now_ns(), deadline = began + (uint64_t)(seconds * SECOND);
    int before = joined;
    failed = 0;
    if (total > n_connections)
        total = n_connections;
    again = realloc(again, sizeof *again * (size_t)n_connections);
    while (joined < total && failed <= total && now_ns() < deadline) {
        while ((n_again || opened < total) && entering < at_once && failed <= total) {
            entering++;
            open_connection(next_one());
        }
        serve(deadline);
    }
    double took = (double)(now_ns() - began) / SECOND;
    printf("{\"joined\":%d,\"failed\":%d,\"unfinished\":%d,\"seconds\":%.4f,\"rate\":%.1f,",
           joined, failed, entering, took, (joined - before) / took);
    print_percentiles(&times);
    printf(",\"odd\":\"%s\"}\n", odd);
}
