/* A small web server that mints tokens of either kind for browsers.
 *
 *     token_server [PORT]
 *
 *     GET /token?client=alice
 *
 * answers
 *
 *     {"identity":"alice","token":"...","expires_at":1400003600}
 *
 * expires_at is in seconds since 1970. The credentials and the application that
 * handles outgoing calls come from the environment. For access tokens:
 *
 *     export TWILIO_ACCOUNT_SID=AC... TWILIO_API_KEY_SID=SK...
 *     export TWILIO_API_KEY_SECRET=... TWILIO_APP_SID=AP...
 *
 * For capability tokens, if no API key is set:
 *
 *     export TWILIO_ACCOUNT_SID=AC... TWILIO_AUTH_TOKEN=... TWILIO_APP_SID=AP...
 *
 * These are optional; docs/token-servers.md explains them:
 *
 *     export TOKEN_HOSTS=example.com TOKEN_ORIGINS=https://www.example.com
 *     export TOKEN_TTL=3600 TOKEN_LIMIT=60 TOKEN_CONNECTIONS=50
 *
 * Port 0 chooses a free port. The server accepts requests only from this machine. In
 * production, put it behind a proxy that authenticates users.
 *
 * It needs libmicrohttpd. On Debian:
 *
 *     sudo apt-get install libmicrohttpd-dev
 *     cc token_server.c server/[a-z]*.c -lcaptoken -lmicrohttpd -o token_server
 */
#define _POSIX_C_SOURCE 200809L

#include "server/server.h"

#include <arpa/inet.h>
#include <captoken.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Creates a handle. The credentials that are set decide the kind of token; the rest of
 * the program is the same for both. */
static cap_status new_token(const struct settings *settings, cap_token **token)
{
    if (settings->api_key_sid != NULL)
        return cap_new_access(settings->account_sid, settings->api_key_sid,
                              settings->api_key_secret, token);
    return cap_new(settings->account_sid, settings->auth_token, token);
}

/* Mints the token of a client that may receive calls and call the application. The
 * application receives the client's name as a parameter. */
static cap_status mint(const struct settings *settings, const char *client_name,
                       char *jwt, size_t size)
{
    cap_token *token;
    cap_status status = new_token(settings, &token);

    if (status == CAP_STATUS_OK)
        status = cap_allow_incoming(token, client_name);
    if (status == CAP_STATUS_OK)
        status = cap_allow_outgoing(token, settings->application_sid);
    if (status == CAP_STATUS_OK)
        status = cap_add_outgoing_param(token, "client", client_name);
    if (status == CAP_STATUS_OK)
        status = cap_generate(token, settings->ttl, jwt, size, NULL);
    cap_token_free(token); /* NULL is ignored */
    return status;
}

static void mint_for(const char *client_name, const struct settings *settings,
                     struct outcome *outcome)
{
    char jwt[TOKEN_SIZE];
    /* Computed before minting, so that expires_at is never later than the token's own
     * expiry. */
    int64_t expires_at = (int64_t)time(NULL) + settings->ttl;
    cap_status status = mint(settings, client_name, jwt, sizeof jwt);

    if (status != CAP_STATUS_OK) {
        fprintf(stderr, "token_server: no token for %s: %s\n", client_name,
                cap_strerror((int)status));
        refuse(outcome, MHD_HTTP_INTERNAL_SERVER_ERROR, "no token could be made");
        return;
    }
    outcome->code = MHD_HTTP_OK;
    /* The name and the token contain no characters that JSON must escape. */
    snprintf(outcome->body, sizeof outcome->body,
             "{\"identity\":\"%s\",\"token\":\"%s\",\"expires_at\":%" PRId64 "}\n",
             client_name, jwt, expires_at);
}

/* Decides about a request for /token. */
static void decide(struct MHD_Connection *connection, const struct settings *settings,
                   const char *method, struct outcome *outcome)
{
    struct header header = read_header(connection);
    struct client client = read_client(connection);

    if (header.hosts != 1 || header.host == NULL || *header.host == '\0') {
        refuse(outcome, MHD_HTTP_BAD_REQUEST, "send one Host header");
        return;
    }
    if (!is_allowed_host(settings->hosts, header.host)) {
        refuse(outcome, MHD_HTTP_FORBIDDEN, "this host is not in TOKEN_HOSTS");
        return;
    }
    if (strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0
        && allowed_origin(connection, settings) != NULL) {
        outcome->code = MHD_HTTP_NO_CONTENT; /* a browser may send the request itself */
        return;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0) {
        refuse(outcome, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET is allowed");
        return;
    }
    if (header.has_body) {
        refuse(outcome, MHD_HTTP_BAD_REQUEST, "send no body");
        return;
    }

    /* In a real application the name comes from the login. Here, every caller can get a
     * token for any name, and receive the calls to that name. A name with a NUL is
     * refused, because the token would have only the part before the NUL. */
    if (client.count > 1)
        refuse(outcome, MHD_HTTP_BAD_REQUEST, "client is given more than once");
    else if (cap_check_client_name(client.name) != CAP_STATUS_OK
             || strlen(client.name) != client.length)
        refuse(outcome, MHD_HTTP_BAD_REQUEST,
               "client must be 1 to 256 ASCII letters, digits and underscores");
    else
        mint_for(client.name, settings, outcome);
}

/* Marks a request whose target is not /token, or one whose body follows. */
static char not_found, is_known;

/* Called by libmicrohttpd with the target as sent. handle() gets a decoded path, in which a
 * %00 would hide the rest. Returns the first value of *request. */
static void *check_target(void *unused, const char *target,
                          struct MHD_Connection *connection)
{
    size_t length = strcspn(target, "?");

    (void)unused;
    (void)connection;
    return length == strlen("/token") && memcmp(target, "/token", length) == 0
        ? NULL
        : &not_found;
}

/* Called by libmicrohttpd for a request, and again for each part of its body. */
static enum MHD_Result handle(void *settings, struct MHD_Connection *connection,
                              const char *path, const char *method, const char *version,
                              const char *upload, size_t *upload_size, void **request)
{
    const struct settings *set = (const struct settings *)settings;
    struct outcome outcome = {0, 0, ""};

    (void)path;
    (void)version;
    (void)upload;
    if (*request == NULL) {
        *request = &is_known; /* the body follows */
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0; /* ignore the body */
        return MHD_YES;
    }
    outcome.wait = seconds_to_wait(
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
            ->client_addr,
        set->limit);
    if (outcome.wait > 0)
        refuse(&outcome, MHD_HTTP_TOO_MANY_REQUESTS, "too many requests");
    else if (*request == &not_found)
        refuse(&outcome, MHD_HTTP_NOT_FOUND, "not found");
    else
        decide(connection, set, method, &outcome);
    return answer(connection, set, &outcome);
}

/* Returns whether tokens can be minted, and reports credentials that can never work. */
static int can_mint(const struct settings *settings)
{
    char jwt[TOKEN_SIZE];
    cap_status status = mint(settings, "alice", jwt, sizeof jwt);

    if (status != CAP_STATUS_OK)
        fprintf(stderr, "token_server: TWILIO_ACCOUNT_SID, %s, TWILIO_APP_SID: %s\n",
                settings->api_key_sid != NULL
                    ? "TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET"
                    : "TWILIO_AUTH_TOKEN",
                cap_strerror((int)status));
    return status == CAP_STATUS_OK;
}

/* Returns a port, or -1 if `text` is none. */
static long read_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    return end != text && *end == '\0' && port >= 0 && port <= 65535 ? port : -1;
}

int main(int argc, char **argv)
{
    const struct timespec second = {1, 0};
    struct settings settings;
    struct sockaddr_in address;
    struct MHD_Daemon *server;
    sigset_t signals;
    long port = argc > 1 ? read_port(argv[1]) : 8080;

    if (argc > 2 || port < 0) {
        fprintf(stderr, "usage: token_server [PORT]\n");
        return EXIT_FAILURE;
    }
    if (!can_open_connections() || !read_settings(&settings) || !can_mint(&settings))
        return EXIT_FAILURE;

    /* Blocked before the first thread starts, so that only sigtimedwait() receives
     * them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* Without MHD_USE_ERROR_LOG, because it writes a line for each connection that ends without
     * a request. Hostile clients could fill the disk. */
    server = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD, (uint16_t)port, NULL, NULL, handle, &settings,
        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_URI_LOG_CALLBACK, check_target, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, note_connection, NULL, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned int)PLACES,
        /* An address that may open all connections has no limit: 0. The oldest ends. */
        MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        settings.connections < CONNECTIONS ? settings.connections : 0, MHD_OPTION_END);
    if (server == NULL) {
        fprintf(stderr, "token_server: cannot listen on port %ld: is it in use?\n", port);
        return EXIT_FAILURE;
    }
    printf("%s tokens on http://127.0.0.1:%u/token?client=alice\n",
           settings.api_key_sid != NULL ? "access" : "capability",
           (unsigned int)MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);

    while (sigtimedwait(&signals, NULL, &second) < 0)
        end_old_connections();
    MHD_stop_daemon(server);
    return EXIT_SUCCESS;
}
