/* Reads how a server is spoken to: one word and its value on each line.
 *
 *     port 5000            more than one: connections are spread over them
 *     path /socket.io/?EIO=4&transport=websocket
 *     room a               once for each room
 *     token x              once for each person
 *     wait 0{              what has to be heard, and what to send, before one is in the room;
 *     send 40{"token":"%t"}   in this order
 *     say 421["message",{"token":"%t","roomId":"%r","message":"%m"}]
 *     heard 42["message",
 *     refused 431[{"ok":false
 *     ping 2
 *     pong 3
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

struct dialect dialect;

static void take_port(const char *value) {
    if (dialect.n_servers == MAX_PORTS)
        fail("too many ports", value);
    struct sockaddr_in *server = &dialect.servers[dialect.n_servers++];
    server->sin_family = AF_INET;
    server->sin_port = htons((uint16_t)atoi(value));
    /* The tool sends nothing anywhere else. */
    server->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static void take_step(bool is_wait, char *text) {
    if (dialect.n_steps == MAX_STEPS)
        fail("too many steps", text);
    dialect.steps[dialect.n_steps++] = (struct step){.is_wait = is_wait, .text = text};
}

static void append(char ***list, int *length, char *value) {
    *list = realloc(*list, sizeof **list * (size_t)(*length + 1));
    (*list)[(*length)++] = value;
}

static void take(const char *word, char *value) {
    if (!strcmp(word, "port"))
        take_port(value);
    else if (!strcmp(word, "path"))
        dialect.path = value;
    else if (!strcmp(word, "room"))
        append(&dialect.rooms, &dialect.n_rooms, value);
    else if (!strcmp(word, "token"))
        append(&dialect.tokens, &dialect.n_tokens, value);
    else if (!strcmp(word, "wait") || !strcmp(word, "send"))
        take_step(word[0] == 'w', value);
    else if (!strcmp(word, "say"))
        dialect.say = value;
    else if (!strcmp(word, "heard"))
        dialect.heard = value;
    else if (!strcmp(word, "refused"))
        dialect.refused = value;
    else if (!strcmp(word, "ping"))
        dialect.ping = value;
    else if (!strcmp(word, "pong"))
        dialect.pong = value;
    else
        fail("the dialect has an unknown word", word);
}

void read_dialect(const char *file) {
    FILE *lines = fopen(file, "r");
    if (!lines)
        fail("cannot be read", file);
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, lines) > 0) {
        line[strcspn(line, "\n")] = 0;
        char *space = strchr(line, ' ');
        if (!*line)
            continue;
        if (space)
            *space = 0;
        take(line, strdup(space ? space + 1 : ""));
    }
    free(line);
    fclose(lines);
    if (!dialect.n_servers || !dialect.path || !dialect.n_rooms || !dialect.say || !dialect.heard)
        fail("the dialect lacks port, path, room, say or heard", file);
    if (!dialect.n_tokens)
        append(&dialect.tokens, &dialect.n_tokens, "");
}

/* Writes the form with its places filled, and returns how long that is. */
size_t fill_in(char *to, size_t room_for, const char *form, const char *token, const char *room,
               const char *text) {
    size_t length = 0;
    for (const char *at = form; *at; at++) {
        const char *insert = NULL;
        if (at[0] == '%')
            insert = at[1] == 't' ? token : at[1] == 'r' ? room : at[1] == 'm' ? text : NULL;
        size_t n = insert ? strlen(insert) : 1;
        if (length + n >= room_for)
            fail("too long", form);
        memcpy(to + length, insert ? insert : at, n);
        length += n;
        at += insert != NULL;
    }
    to[length] = 0;
    return length;
}
