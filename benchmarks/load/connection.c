/* One WebSocket client: connect, upgrade, frames out, frames in. */

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define READ_SIZE (256 * 1024)
#define FRAME_MAX (1024 * 1024)

enum opcode { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

struct connection *connections;
int n_connections;
int epoll;
char odd[160];

/* Shared by all: the tail of one connection's last read, and its next read behind it. */
static char buffer[FRAME_MAX + READ_SIZE];

/* What of it can stand in a JSON string. */
void keep_odd(const char *text, size_t length) {
    size_t n = length < sizeof odd - 1 ? length : sizeof odd - 1;
    for (size_t i = 0; i < n; i++)
        odd[i] = text[i] == '"' || text[i] == '\\' || (uint8_t)text[i] < 32 ? '\'' : text[i];
    odd[n] = 0;
}

static void watch(struct connection *c, int how, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)(c - connections)};
    epoll_ctl(epoll, how, c->fd, &event);
}

static void lose(struct connection *c) {
    enum state before = c->state;
    close(c->fd);
    free(c->tail);
    free(c->unsent);
    c->tail = c->unsent = NULL;
    c->tail_length = c->unsent_length = 0;
    c->state = LOST;
    on_lost(c, before);
}

/* With a reset, as from a client whose machine is gone; it leaves no port waiting either. */
void close_hard(struct connection *c) {
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    lose(c);
}

void open_connection(int index) {
    struct connection *c = &connections[index];
    int member = index / dialect.n_rooms;
    c->room = (uint32_t)(index % dialect.n_rooms);
    /* Everybody of the persons is in every room, if it is large enough; small rooms differ. */
    c->person = (c->room + (uint32_t)member) % (uint32_t)dialect.n_tokens;
    c->state = CONNECTING;
    c->step = 0;
    c->began = now_ns();
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        fail("no more sockets", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    /* Members of one room are spread over all servers. */
    struct sockaddr_in *to = &dialect.servers[(member + (int)c->room) % dialect.n_servers];
    watch(c, EPOLL_CTL_ADD, EPOLLOUT);
    if (connect(c->fd, (struct sockaddr *)to, sizeof *to) && errno != EINPROGRESS)
        lose(c);
}

static void send_bytes(struct connection *c, const char *bytes, size_t length) {
    ssize_t sent = c->unsent_length ? 0 : send(c->fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return; /* The reading side will hear of it. */
    size_t done = sent > 0 ? (size_t)sent : 0;
    if (done == length)
        return;
    c->unsent = realloc(c->unsent, c->unsent_length + length - done);
    memcpy(c->unsent + c->unsent_length, bytes + done, length - done);
    c->unsent_length += (uint32_t)(length - done);
    watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

static void send_unsent(struct connection *c) {
    ssize_t sent = send(c->fd, c->unsent, c->unsent_length, MSG_NOSIGNAL);
    if (sent <= 0)
        return;
    c->unsent_length -= (uint32_t)sent;
    memmove(c->unsent, c->unsent + sent, c->unsent_length);
    if (!c->unsent_length)
        watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

static void send_frame(struct connection *c, enum opcode opcode, const char *data, size_t length) {
    static const uint8_t mask[4] = {0x5a, 0xc3, 0x96, 0x3c};
    uint8_t frame[8 + 4096];
    size_t header = 2;
    if (length > 4096)
        fail("too long a frame to send", "");
    frame[0] = (uint8_t)(0x80 | opcode);
    if (length < 126) {
        frame[1] = (uint8_t)(0x80 | length);
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = (uint8_t)(length >> 8);
        frame[3] = (uint8_t)length;
        header = 4;
    }
    memcpy(frame + header, mask, 4);
    header += 4;
    for (size_t i = 0; i < length; i++)
        frame[header + i] = (uint8_t)data[i] ^ mask[i & 3];
    send_bytes(c, (char *)frame, header + length);
}

void send_text(struct connection *c, const char *text, size_t length) {
    send_frame(c, TEXT, text, length);
}

static void on_connected(struct connection *c) {
    int error = 0;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
    if (error) {
        keep_odd(strerror(error), strlen(strerror(error)));
        lose(c);
        return;
    }
    char path[1024], request[1400];
    fill_in(path, sizeof path, dialect.path, dialect.tokens[c->person], dialect.rooms[c->room], "");
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path);
    c->state = UPGRADING;
    watch(c, EPOLL_CTL_MOD, EPOLLIN);
    send_bytes(c, request, (size_t)length);
}

/* Send what there is to send, until something has to be waited for. */
static void go_on(struct connection *c, uint64_t now) {
    char text[4096];
    while (c->step < dialect.n_steps && !dialect.steps[c->step].is_wait) {
        size_t n = fill_in(text, sizeof text, dialect.steps[c->step++].text,
                           dialect.tokens[c->person], dialect.rooms[c->room], "");
        send_text(c, text, n);
    }
    if (c->step == dialect.n_steps) {
        c->state = JOINED;
        on_joined(c, now);
    }
}

static size_t on_answer(struct connection *c, char *bytes, size_t length, uint64_t now) {
    char *end = memmem(bytes, length, "\r\n\r\n", 4);
    if (!end)
        return 0;
    if (memcmp(bytes, "HTTP/1.1 101", 12)) {
        keep_odd(bytes, length < 60 ? length : 60);
        lose(c);
        return length;
    }
    c->state = ENTERING;
    go_on(c, now);
    return (size_t)(end + 4 - bytes);
}

bool starts(const char *text, size_t length, const char *with) {
    size_t n = strlen(with);
    return length >= n && !memcmp(text, with, n);
}

static void on_frame(struct connection *c, int opcode, const char *data, size_t length,
                     uint64_t now) {
    if (opcode == CLOSE)
        close_hard(c);
    else if (opcode == PING)
        send_frame(c, PONG, data, length);
    else if (opcode != TEXT)
        return;
    else if (dialect.ping && length == strlen(dialect.ping) && starts(data, length, dialect.ping))
        send_text(c, dialect.pong, strlen(dialect.pong));
    else if (c->state == JOINED)
        on_text(c, data, length, now);
    else if (starts(data, length, dialect.steps[c->step].text)) {
        c->step++;
        go_on(c, now);
    } else if (!starts(data, length, dialect.heard))
        keep_odd(data, length);
}

/* Returns how many bytes were whole frames. */
static size_t on_frames(struct connection *c, const uint8_t *bytes, size_t length, uint64_t now) {
    size_t at = 0;
    while (length - at >= 2) {
        const uint8_t *frame = bytes + at;
        size_t size = frame[1] & 127, header = size == 126 ? 4 : size == 127 ? 10 : 2;
        if (length - at < header)
            break;
        if (header == 4)
            size = (size_t)frame[2] << 8 | frame[3];
        else if (header == 10)
            size = (size_t)frame[6] << 24 | (size_t)frame[7] << 16 | (size_t)frame[8] << 8 | frame[9];
        if (header + size > FRAME_MAX)
            fail("a frame is too long", "");
        if (length - at < header + size)
            break;
        on_frame(c, frame[0] & 15, (const char *)frame + header, size, now);
        if (c->state == LOST)
            return length;
        at += header + size;
    }
    return at;
}

static void on_readable(struct connection *c) {
    size_t length = c->tail_length;
    if (length)
        memcpy(buffer, c->tail, length);
    ssize_t n = recv(c->fd, buffer + length, READ_SIZE, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            lose(c);
        return;
    }
    uint64_t now = now_ns();
    length += (size_t)n;
    size_t done = c->state == UPGRADING ? on_answer(c, buffer, length, now) : 0;
    if (c->state == ENTERING || c->state == JOINED)
        done += on_frames(c, (uint8_t *)buffer + done, length - done, now);
    if (c->state == LOST)
        return;
    size_t left = length - done;
    if (left > c->tail_length)
        c->tail = realloc(c->tail, left);
    if (left)
        memcpy(c->tail, buffer + done, left);
    c->tail_length = (uint32_t)left;
}

void on_ready(struct connection *c, uint32_t events) {
    if (c->state == UNUSED || c->state == LOST)
        return;
    if (c->state == CONNECTING)
        on_connected(c);
    else if (events & EPOLLOUT)
        send_unsent(c);
    if (c->state != LOST && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        on_readable(c);
}
