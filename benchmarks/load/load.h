/* The load generator: many WebSocket clients in one thread, over one epoll.
 *
 * It must never be the slow part: it reads up to 256 KB at once, looks at each frame's header and
 * at one mark inside the text, and allocates nothing for a frame. All times are CLOCK_MONOTONIC
 * nanoseconds, unless a name says otherwise.
 */
#ifndef LOAD_H
#define LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_PORTS 8
#define MAX_STEPS 8
#define SECOND 1000000000ull

/* --- dialect.c: how a kind of server is spoken to ------------------------------------------- */

/* A frame to send, or the start of one to wait for, before a connection is in its room. */
struct step {
    bool is_wait;
    char *text;
};

/* In path, steps and say: %t is the connection's token, %r its room, %m the message's text. */
struct dialect {
    struct sockaddr_in servers[MAX_PORTS];
    int n_servers;
    char *path;
    char **rooms;
    int n_rooms;
    char **tokens;
    int n_tokens;
    struct step steps[MAX_STEPS];
    int n_steps;
    char *say;
    char *heard;   /* how a delivered message starts */
    char *refused; /* how the answer starts to one that the server will not take */
    char *ping;  /* a text frame that has to be answered with pong */
    char *pong;
};

extern struct dialect dialect;

void read_dialect(const char *file);
size_t fill_in(char *to, size_t room_for, const char *form, const char *token, const char *room,
               const char *text);

/* --- connection.c: one client ---------------------------------------------------------------- */

enum state { UNUSED, CONNECTING, UPGRADING, ENTERING, JOINED, LOST };

/* Connection i is member i / rooms of room i % rooms. */
struct connection {
    int fd;
    uint8_t state;
    uint8_t step;
    uint32_t room;
    uint32_t person;
    uint32_t tail_length;
    uint32_t unsent_length;
    char *tail;   /* the start of a frame whose rest has not come yet */
    char *unsent; /* what the socket would not take */
    uint64_t began;
    /* What has been heard since the talk began: how many, and the sum of their hashes. */
    uint64_t heard;
    uint64_t sum;
    uint32_t said;      /* as a sender: the number of the last message */
    uint32_t in_flight; /* said, but not heard by the sender itself yet */
};

extern struct connection *connections;
extern int n_connections;
extern int epoll;
/* The last frame that tells of something wrong, for people. */
extern char odd[160];

void open_connection(int index);
void on_ready(struct connection *c, uint32_t events);
void send_text(struct connection *c, const char *text, size_t length);
bool starts(const char *text, size_t length, const char *with);
void keep_odd(const char *text, size_t length);
void close_hard(struct connection *c);

/* --- joining.c ------------------------------------------------------------------------------- */

void join(int total, int at_once, double seconds);
void on_joined(struct connection *c, uint64_t now);
void on_lost(struct connection *c, enum state before);

/* --- talking.c ------------------------------------------------------------------------------- */

void talk(int senders, int window, double warm_up, double seconds, double rate);
void on_text(struct connection *c, const char *text, size_t length, uint64_t now);
int members_of(uint32_t room);

/* --- histogram.c ----------------------------------------------------------------------------- */

/* 32 buckets for each doubling: a value is known to 3 %. */
#define BUCKETS (64 + 58 * 32)

struct histogram {
    uint64_t counts[BUCKETS];
    uint64_t total;
    uint64_t longest;
};

static inline void note(struct histogram *h, uint64_t value) {
    int doublings = 63 - __builtin_clzll(value | 1);
    int bucket = doublings < 6 ? (int)value
                               : 64 + (doublings - 6) * 32 + (int)((value >> (doublings - 5)) & 31);
    h->counts[bucket]++;
    h->total++;
    if (value > h->longest)
        h->longest = value;
}

void forget(struct histogram *h);
void print_percentiles(const struct histogram *h);

/* --- bare.c ---------------------------------------------------------------------------------- */

/* Prints how many calls of send() with so many bytes one core makes in a second. */
void bare(int bytes, double seconds);

/* --- main.c ---------------------------------------------------------------------------------- */

uint64_t now_ns(void);
void serve(uint64_t until);
void fail(const char *what, const char *detail);

#endif
