/* Limits the number of connections, and the time of each.
 *
 * Clients that send no request could occupy all connections. So if too many are open, the
 * server ends the oldest. A request takes milliseconds, so the oldest connection is one that
 * sent none.
 *
 * MHD_OPTION_CONNECTION_TIMEOUT ends only a connection that is idle. A client that sends a
 * byte a second is never idle. A connection has one request, so this is the limit of the
 * request. */
#define _POSIX_C_SOURCE 200809L

#include "server.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { PATIENCE = 10 /* seconds */, OTHER_FILES = 20 };

enum state { FREE, OPEN, ENDED };

static struct place {
    enum state state;
    int socket;
    unsigned int age; /* seconds */
    uint64_t number;
} places[PLACES];

static uint64_t connections; /* that were ever opened */

/* libmicrohttpd's thread opens and closes connections, the main thread ends them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct place *occupy(int socket)
{
    struct place *place;

    for (place = places; place < places + PLACES; place++) {
        if (place->state == FREE) {
            place->state = OPEN;
            place->socket = socket;
            place->age = 0;
            place->number = connections++;
            return place;
        }
    }
    return NULL; /* impossible: libmicrohttpd opens no more than PLACES */
}

static void end(struct place *place)
{
    shutdown(place->socket, SHUT_RDWR); /* libmicrohttpd then closes it */
    place->state = ENDED;
}

static void end_oldest_beyond_limit(void)
{
    struct place *oldest = NULL;
    struct place *place;
    int open = 0;

    for (place = places; place < places + PLACES; place++) {
        if (place->state != OPEN)
            continue;
        open++;
        if (oldest == NULL || place->number < oldest->number)
            oldest = place;
    }
    if (open > CONNECTIONS)
        end(oldest);
}

/* Without enough files, libmicrohttpd waits until a connection ends. */
int can_open_connections(void)
{
    enum { NEEDED = PLACES + OTHER_FILES };
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= (rlim_t)NEEDED)
        return 1;
    fprintf(stderr, "token_server: at least %d files must be allowed: ulimit -n %d\n",
            (int)NEEDED, (int)NEEDED);
    return 0;
}

void note_connection(void *unused, struct MHD_Connection *connection, void **place,
                     enum MHD_ConnectionNotificationCode what)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *place =
            occupy(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                       ->connect_fd);
        end_oldest_beyond_limit();
    } else if (*place != NULL) {
        /* libmicrohttpd closes the socket after this, so shutdown() never gets the
         * number of another file. */
        ((struct place *)*place)->state = FREE;
    }
    pthread_mutex_unlock(&lock);
}

/* Counts calls, not time: after a pause of the whole machine, clients get their time
 * again. */
void end_old_connections(void)
{
    struct place *place;

    pthread_mutex_lock(&lock);
    for (place = places; place < places + PLACES; place++)
        if (place->state == OPEN && ++place->age > PATIENCE)
            end(place);
    pthread_mutex_unlock(&lock);
}
