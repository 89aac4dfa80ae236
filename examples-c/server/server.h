/* The parts of the token server, one in each file of this folder. */
#ifndef SERVER_H
#define SERVER_H

#include <microhttpd.h> /* Debian: libmicrohttpd-dev */

/* CONNECTIONS are open concurrently. There are more places, because libmicrohttpd accepts about
 * ten connections before it closes those that were ended. */
enum { CONNECTIONS = 500, PLACES = CONNECTIONS + 64, TOKEN_SIZE = 4096 };

/* settings.c: the environment. */

/* A credential is NULL if its variable is not set. */
struct settings {
    const char *account_sid;
    const char *auth_token;
    const char *api_key_sid;
    const char *api_key_secret;
    const char *application_sid;
    const char *hosts;
    const char *origins;      /* NULL: no origin */
    unsigned int ttl;         /* of tokens, in seconds */
    unsigned int limit;       /* requests a minute from one address */
    unsigned int connections; /* concurrent connections from one address */
};

/* Returns whether all variables can be right, and reports each that cannot. */
int read_settings(struct settings *settings);

/* hosts.c: which hosts and origins are allowed. Lists have commas between their items. */

int is_host_list(const char *list);
int is_origin_list(const char *list);

/* Returns whether the host of a Host header is in the list. Ignores the port. */
int is_allowed_host(const char *hosts, const char *header);

/* Returns whether the list has this origin. Both may be NULL. */
int is_allowed_origin(const char *origins, const char *header);

/* request.c: the parts of a request on which the answer depends. */

struct header {
    int hosts; /* the number of Host headers */
    const char *host;
    int has_body;
};

struct header read_header(struct MHD_Connection *connection);

/* The parameter `client`. */
struct client {
    int count;
    const char *name;
    size_t length;
};

struct client read_client(struct MHD_Connection *connection);

/* Returns the origin of a request if it is allowed, otherwise NULL. */
const char *allowed_origin(struct MHD_Connection *connection,
                           const struct settings *settings);

/* answer.c: answers. */

struct outcome {
    unsigned int code;
    unsigned int wait; /* seconds until another request is right, or 0 */
    char body[TOKEN_SIZE + 512];
};

/* Stores an error as JSON. `error` contains no characters that JSON must escape. */
void refuse(struct outcome *outcome, unsigned int code, const char *error);

/* Sends an outcome. The connection then closes: a browser asks again only when its token
 * expires, and an open connection occupies one of CONNECTIONS. */
enum MHD_Result answer(struct MHD_Connection *connection, const struct settings *settings,
                       const struct outcome *outcome);

/* limit.c: the limit on requests. */

/* Counts a request. Returns 0 if it is within the limit, otherwise the seconds to wait. */
unsigned int seconds_to_wait(const struct sockaddr *address, unsigned int limit);

/* connections.c: the limits on the number of connections and on their time. */

/* Returns whether the process may open enough files, and reports if it may not. */
int can_open_connections(void);

/* For MHD_OPTION_NOTIFY_CONNECTION. Ends the oldest connection if too many are open. */
void note_connection(void *unused, struct MHD_Connection *connection, void **place,
                     enum MHD_ConnectionNotificationCode what);

/* Call this once a second. Ends each connection that is open for too long. */
void end_old_connections(void);

#endif
