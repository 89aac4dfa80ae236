/* Limits the time of each connection.
 *
 * MHD_OPTION_CONNECTION_TIMEOUT ends only a connection that is idle. A client that sends a
 * byte a second is never idle. A connection has one request, so this is the limit of the
 * request. */
#define _POSIX_C_SOURCE 200809L

#include "server.h"

#include <pthread.h>
#include <sys/socket.h>

enum { PATIENCE = 10 /* seconds */ };

static struct place {
    int is_used;
    int socket;
    unsigned int age; /* seconds */
} places[CONNECTIONS];

/* libmicrohttpd's thread opens and closes connections, the main thread ends them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct place *occupy(int socket)
{
    struct place *place;

    for (place = places; place < places + CONNECTIONS; place++) {
        if (!place->is_used) {
            place->is_used = 1;
            place->socket = socket;
            place->age = 0;
            return place;
        }
    }
    return NULL; /* impossible: libmicrohttpd opens no more than CONNECTIONS */
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
    } else if (*place != NULL) {
        /* libmicrohttpd closes the socket after this, so shutdown() never gets the
         * number of another file. */
        ((struct place *)*place)->is_used = 0;
    }
    pthread_mutex_unlock(&lock);
}

/* Counts calls, not time: after a pause of the whole machine, clients get their time
 * again. */
void end_old_connections(void)
{
    struct place *place;

    pthread_mutex_lock(&lock);
    for (place = places; place < places + CONNECTIONS; place++)
        if (place->is_used && ++place->age > PATIENCE)
            shutdown(place->socket, SHUT_RDWR); /* libmicrohttpd then closes it */
    pthread_mutex_unlock(&lock);
}
