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
 * Port 0 chooses a free port. The server accepts requests only from this machine. In
 * production, put it behind a proxy that authenticates users.
 *
 * It needs libmicrohttpd. On Debian:
 *
 *     sudo apt-get install libmicrohttpd-dev
 *     cc token_server.c -lcaptoken -lmicrohttpd -o token_server
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <captoken.h>
#include <inttypes.h>
#include <microhttpd.h> /* Debian: libmicrohttpd-dev */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* A browser asks for a new token when its token expires. A stolen token is valid until
 * then. */
enum { TTL = CAP_TTL_DEFAULT, TOKEN_SIZE = 4096, PATIENCE = 10 /* seconds */ };

/* A setting is NULL if its variable is not set. */
struct settings {
    const char *account_sid;
    const char *auth_token;
    const char *api_key_sid;
    const char *api_key_secret;
    const char *application_sid;
};

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
        status = cap_generate(token, TTL, jwt, size, NULL);
    cap_token_free(token); /* NULL is ignored */
    return status;
}

/* Sends a JSON response. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int code,
                              const char *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(body), (void *)body, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_NO;

    if (response == NULL)
        return MHD_NO;
    /* No cache may keep a token: it is for one browser. */
    if (MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES
        && MHD_add_response_header(response, "Content-Type", "application/json")
            == MHD_YES
        && (code != MHD_HTTP_METHOD_NOT_ALLOWED
            || MHD_add_response_header(response, "Allow", "GET") == MHD_YES))
        result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_token(struct MHD_Connection *connection,
                                    const struct settings *settings)
{
    char jwt[TOKEN_SIZE];
    char body[TOKEN_SIZE + 512];
    const char *client_name = NULL;
    size_t length = 0;
    int64_t expires_at;
    cap_status status;

    /* In a real application the name comes from the login. Here, every caller can get a
     * token for any name, and receive the calls to that name. A name with a NUL is
     * refused, because the token would have only the part before the NUL. */
    MHD_lookup_connection_value_n(connection, MHD_GET_ARGUMENT_KIND, "client",
                                  strlen("client"), &client_name, &length);
    if (cap_check_client_name(client_name) != CAP_STATUS_OK
        || strlen(client_name) != length)
        return answer(connection, MHD_HTTP_BAD_REQUEST,
                      "{\"error\":\"client must be 1 to 256 ASCII letters, digits and"
                      " underscores\"}\n");

    /* Computed before minting, so that expires_at is never later than the token's own
     * expiry. */
    expires_at = (int64_t)time(NULL) + TTL;
    status = mint(settings, client_name, jwt, sizeof jwt);
    if (status != CAP_STATUS_OK) {
        fprintf(stderr, "token_server: no token for %s: %s\n", client_name,
                cap_strerror((int)status));
        return answer(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
                      "{\"error\":\"no token could be made\"}\n");
    }
    /* The name and the token contain no characters that JSON must escape. */
    snprintf(body, sizeof body,
             "{\"identity\":\"%s\",\"token\":\"%s\",\"expires_at\":%" PRId64 "}\n",
             client_name, jwt, expires_at);
    return answer(connection, MHD_HTTP_OK, body);
}

/* Called by libmicrohttpd for a request, and again for each part of its body. */
static enum MHD_Result handle(void *settings, struct MHD_Connection *connection,
                              const char *path, const char *method, const char *version,
                              const char *upload, size_t *upload_size, void **request)
{
    static char is_known;

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
    if (strcmp(path, "/token") != 0)
        return answer(connection, MHD_HTTP_NOT_FOUND, "{\"error\":\"not found\"}\n");
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                      "{\"error\":\"only GET is allowed\"}\n");
    return answer_token(connection, (const struct settings *)settings);
}

/* Returns an environment variable, or NULL if it is not set or empty. */
static const char *look_up(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

/* Returns whether a setting is present, and reports a missing one. */
static int is_set(const char *value, const char *name)
{
    if (value == NULL)
        fprintf(stderr, "token_server: missing environment variables: %s\n", name);
    return value != NULL;
}

/* Reads the environment. Half of an API key is an error: capability tokens are served only
 * if neither half is set. */
static int read_settings(struct settings *settings)
{
    int ok = 1;

    settings->account_sid = look_up("TWILIO_ACCOUNT_SID");
    settings->auth_token = look_up("TWILIO_AUTH_TOKEN");
    settings->api_key_sid = look_up("TWILIO_API_KEY_SID");
    settings->api_key_secret = look_up("TWILIO_API_KEY_SECRET");
    settings->application_sid = look_up("TWILIO_APP_SID");

    ok &= is_set(settings->account_sid, "TWILIO_ACCOUNT_SID");
    ok &= is_set(settings->application_sid, "TWILIO_APP_SID");
    if (settings->api_key_sid != NULL || settings->api_key_secret != NULL) {
        ok &= is_set(settings->api_key_sid, "TWILIO_API_KEY_SID");
        ok &= is_set(settings->api_key_secret, "TWILIO_API_KEY_SECRET");
    } else {
        ok &= is_set(settings->auth_token,
                     "TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET,"
                     " or TWILIO_AUTH_TOKEN");
    }
    return ok;
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
    struct settings settings;
    struct sockaddr_in address;
    struct MHD_Daemon *server;
    sigset_t signals;
    int received;
    long port = argc > 1 ? read_port(argv[1]) : 8080;

    if (argc > 2 || port < 0) {
        fprintf(stderr, "usage: token_server [PORT]\n");
        return EXIT_FAILURE;
    }
    if (!read_settings(&settings))
        return EXIT_FAILURE;

    /* Blocked before the first thread starts, so that only sigwait() receives them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ERROR_LOG, (uint16_t)port, NULL, NULL,
        handle, &settings, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned int)PATIENCE, MHD_OPTION_END);
    if (server == NULL) {
        fprintf(stderr, "token_server: cannot listen on port %ld\n", port);
        return EXIT_FAILURE;
    }
    printf("%s tokens on http://127.0.0.1:%u/token?client=alice\n",
           settings.api_key_sid != NULL ? "access" : "capability",
           (unsigned int)MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);

    sigwait(&signals, &received);
    MHD_stop_daemon(server);
    return EXIT_SUCCESS;
}
