/* Senders that talk, and the account of what everybody heard.
 *
 * A text carries a mark: who said it, the how-manieth of theirs it is, and when. Closed loop: a
 * sender says the next one when it hears its own. Fixed rate: it says it when it is due, whatever
 * was heard, and the time in the mark is when it was due, so that a late one is not flattered.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load.h"

/* "@@", sender: 4 hexadecimal digits, counter: 8, time: 16; and something to make it a sentence. */
#define MARK 30
#define FORM "@@%04x%08x%016llx, he said."
/* Seconds for the last ones to arrive. */
#define PATIENCE 5

static struct histogram latencies;
static bool talking, measuring;
static int window;
static uint64_t *said_in, *sum_of; /* by room */
static uint64_t said, expected, heard, refused, deliveries, answered, bytes;

int members_of(uint32_t room) {
    int members = 0;
    for (int i = (int)room; i < n_connections; i += dialect.n_rooms)
        members += connections[i].state == JOINED;
    return members;
}

static uint64_t hash(uint32_t sender, uint32_t counter) {
    uint64_t x = ((uint64_t)sender << 32 | counter) * 0x9e3779b97f4a7c15ull;
    return (x ^ x >> 29) * 0xbf58476d1ce4e5b9ull;
}

static void say(struct connection *c, uint64_t at) {
    char text[64], frame[4096];
    uint32_t sender = (uint32_t)(c - connections);
    snprintf(text, sizeof text, FORM, sender, ++c->said, (unsigned long long)at);
    size_t length = fill_in(frame, sizeof frame, dialect.say, dialect.tokens[c->person],
                            dialect.rooms[c->room], text);
    said_in[c->room]++;
    sum_of[c->room] += hash(sender, c->said);
    said++;
    c->in_flight++;
    send_text(c, frame, length);
}

static uint64_t hexadecimal(const char *digits, int n) {
    uint64_t value = 0;
    for (int i = 0; i < n; i++)
        value = value << 4 | (uint64_t)(digits[i] <= '9' ? digits[i] - '0' : digits[i] - 'a' + 10);
    return value;
}

/* Where the mark is; mostly it is where the last one was. */
static const char *find_mark(const char *text, size_t length) {
    static size_t last;
    if (last + MARK <= length && text[last] == '@' && text[last + 1] == '@')
        return text + last;
    const char *found = memmem(text, length, "@@", 2);
    if (!found || (size_t)(found - text) + MARK > length)
        return NULL;
    last = (size_t)(found - text);
    return found;
}

static void go_on(struct connection *c) {
    if (c->in_flight)
        c->in_flight--;
    while (talking && c->in_flight < (uint32_t)window)
        say(c, now_ns());
}

void on_text(struct connection *c, const char *text, size_t length, uint64_t now) {
    if (dialect.refused && starts(text, length, dialect.refused)) {
        keep_odd(text, length);
        refused++;
        said_in[c->room]--; /* which one it was is not known: sums no longer tell */
        go_on(c);
    }
    const char *mark = starts(text, length, dialect.heard) ? find_mark(text, length) : NULL;
    if (!mark)
        return;
    uint32_t sender = (uint32_t)hexadecimal(mark + 2, 4);
    uint64_t sent = hexadecimal(mark + 14, 16);
    c->heard++;
    c->sum += hash(sender, (uint32_t)hexadecimal(mark + 6, 8));
    heard++;
    bool own = sender == (uint32_t)(c - connections);
    if (measuring) {
        deliveries++;
        answered += own;
        bytes += length;
        note(&latencies, now > sent ? now - sent : 0);
    }
    if (own)
        go_on(c);
}

/* Spread over the rooms, and in each evenly over the order in which its members came: servers
 * often serve the first one first. */
static struct connection *sender(int i, int senders) {
    int rooms = senders < dialect.n_rooms ? senders : dialect.n_rooms;
    int in_room = senders / rooms, members = n_connections / dialect.n_rooms;
    int member = (2 * (i / rooms) + 1) * members / (2 * in_room);
    return &connections[member % members * dialect.n_rooms + i % rooms];
}

static void prepare(void) {
    said_in = realloc(said_in, sizeof *said_in * (size_t)dialect.n_rooms);
    sum_of = realloc(sum_of, sizeof *sum_of * (size_t)dialect.n_rooms);
    memset(said_in, 0, sizeof *said_in * (size_t)dialect.n_rooms);
    memset(sum_of, 0, sizeof *sum_of * (size_t)dialect.n_rooms);
    for (int i = 0; i < n_connections; i++)
        connections[i].heard = connections[i].sum = connections[i].in_flight = 0;
    said = heard = refused = deliveries = answered = bytes = 0;
    forget(&latencies);
}

static double own_cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void talk_until(uint64_t end, int senders, double rate, uint64_t began, uint64_t *due) {
    for (uint64_t now; (now = now_ns()) < end;) {
        uint64_t next = end;
        while (rate > 0 && (next = began + (uint64_t)((double)*due * SECOND / rate)) <= now)
            say(sender((int)(*due % (uint64_t)senders), senders), next), (*due)++;
        serve(next < end ? next : end);
    }
}

static void tell(const char *what) {
    printf("{\"at\":\"%s\"}\n", what);
    fflush(stdout);
}

static void wait_for_the_last(void) {
    expected = 0;
    for (int room = 0; room < dialect.n_rooms; room++)
        expected += said_in[room] * (uint64_t)members_of((uint32_t)room);
    uint64_t deadline = now_ns() + PATIENCE * SECOND;
    while (heard < expected && now_ns() < deadline)
        serve(deadline);
}

static void report(double seconds, double cpu) {
    uint64_t missing = 0, doubled = 0, mixed = 0, lost = 0;
    for (int i = 0; i < n_connections; i++) {
        struct connection *c = &connections[i];
        uint64_t due = said_in[c->room];
        lost += c->state == LOST;
        if (c->state != JOINED)
            continue;
        missing += due > c->heard ? due - c->heard : 0;
        doubled += c->heard > due ? c->heard - due : 0;
        mixed += !refused && c->heard == due && c->sum != sum_of[c->room];
    }
    printf("{\"at\":\"done\",\"seconds\":%.4f,\"said\":%llu,\"messages\":%llu,"
           "\"deliveries\":%llu,\"missing\":%llu,\"doubled\":%llu,\"mixed\":%llu,\"lost\":%llu,"
           "\"refused\":%llu,\"odd\":\"%s\","
           "\"frame\":%.0f,\"cpu\":%.4f,",
           seconds, (unsigned long long)said, (unsigned long long)answered,
           (unsigned long long)deliveries, (unsigned long long)missing,
           (unsigned long long)doubled, (unsigned long long)mixed, (unsigned long long)lost,
           (unsigned long long)refused, refused ? odd : "",
           deliveries ? (double)bytes / (double)deliveries : 0, cpu / seconds);
    print_percentiles(&latencies);
    printf("}\n");
}

/* ``rate`` is messages a second of all senders together; 0 means closed loop, with ``at_once``
 * messages of each sender in flight. Two seconds' worth of lines are printed: "start" and "end" of
 * what is measured, and what came out. */
void talk(int senders, int at_once, double warm_up, double seconds, double rate) {
    prepare();
    window = rate > 0 ? 0 : at_once;
    uint64_t due = 0, began = now_ns();
    talking = true;
    for (int i = 0; i < senders; i++)
        for (int n = 0; n < window; n++)
            say(sender(i, senders), now_ns());
    talk_until(began + (uint64_t)(warm_up * SECOND), senders, rate, began, &due);
    tell("start");
    measuring = true;
    double cpu = own_cpu();
    uint64_t start = now_ns();
    talk_until(start + (uint64_t)(seconds * SECOND), senders, rate, began, &due);
    cpu = own_cpu() - cpu;
    double took = (double)(now_ns() - start) / SECOND;
    talking = measuring = false;
    tell("end");
    wait_for_the_last();
    report(took, cpu);
}
