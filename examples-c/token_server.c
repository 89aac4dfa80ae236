/* A small web server that gives browsers their tokens, of either kind.
 *
 *     token_server [PORT]
 *
 *     GET /token?client=alice
 *
 * answers
 *
 *     {"identity":"alice","token":"...","expires_at":1400003600}
 *
 * where expires_at is in seconds since 1970. The credentials, and the application
 * that handles outgoing calls, come from the environment. For access tokens:
 *
 *     export TWILIO_ACCOUNT_SID=AC... TWILIO_API_KEY_SID=SK...
 *     export TWILIO_API_KEY_SECRET=... TWILIO_APP_SID=AP...
 *
 * and for capability tokens, where no API key is set:
 *
 *     export TWILIO_ACCOUNT_SID=AC... TWILIO_AUTH_TOKEN=... TWILIO_APP_SID=AP...
 *
 * Port 0 takes any that is free. Requests come from this machine alone: a real server
 * stands behind one that knows who is asking.
 *
 *     apt-get install libmicrohttpd-dev
 *     cc token_server.c -lcaptoken -lmicrohttpd -o token_server
 */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <captoken.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* A browser asks again when its token expires. Until then, a token that has been
 * stolen is of use. */
enum { TTL = CAP_TTL_DEFAULT, TOKEN_SIZE = 4096, PATIENCE = 10 /* seconds */ };

/* What is not set is NULL. */
struct settings {
    const char *account_sid;
    const char *auth_token;
    const char *api_key_sid;
    const char *api_key_secret;
    const char *application_sid;
};

/* Makes the handle. Which credentials are set decides what kind of token it makes,
 * and nothing else in this program asks. */
static cap_status new_token(const struct settings *settings, cap_token **token)
{
    if (settings->api_key_sid != NULL)
        return cap_new_access(settings->account_sid, settings->api_key_sid,
                              settings->api_key_secret, token);
    return cap_new(settings->account_sid, settings->auth_token, token);
}

/* Writes the token of a client that can be called, and can call the application, which
 * is told who calls. */
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

/* Sends JSON. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int code,
                              const char *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(body), (void *)body, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_NO;

    if (response == NULL)
        return MHD_NO;
    /* A token is for one browser, and expires. */
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

    /* In a real application the name comes from the login. Here, everybody gets a token
     * for any name, and whoever has it receives the calls to that name. A name with a
     * NUL would not be the one that was asked for. */
    MHD_lookup_connection_value_n(connection, MHD_GET_ARGUMENT_KIND, "client",
                                  strlen("client"), &client_name, &length);
    if (cap_check_client_name(client_name) != CAP_STATUS_OK
        || strlen(client_name) != length)
        return answer(connection, MHD_HTTP_BAD_REQUEST,
                      "{\"error\":\"client must be 1 to 256 ASCII letters, digits and"
                      " underscores\"}\n");

    /* Asked before the token is made, so that it never names a later second than the
     * token. */
    expires_at = (int64_t)time(NULL) + TTL;
    status = mint(settings, client_name, jwt, sizeof jwt);
    if (status != CAP_STATUS_OK) {
        fprintf(stderr, "token_server: no token for %s: %s\n", client_name,
                cap_strerror((int)status));
        return answer(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
                      "{\"error\":\"no token could be made\"}\n");
    }
    /* Neither the name nor the token has a character that JSON escapes. */
    snprintf(body, sizeof body,
             "{\"identity\":\"%s\",\"token\":\"%s\",\"expires_at\":%" PRId64 "}\n",
             client_name, jwt, expires_at);
    return answer(connection, MHD_HTTP_OK, body);
}

/* What libmicrohttpd calls for a request, and again for each part of its body. */
static enum MHD_Result handle(void *settings, struct MHD_Connection *connection,
                              const char *path, const char *method, const char *version,
                              const char *upload, size_t *upload_size, void **request)
{
    static char is_known;

    (void)version;
    (void)upload;
    if (*request == NULL) {
        *request = &is_known; /* only the head is read yet */
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0; /* of no interest */
        return MHD_YES;
    }
    if (strcmp(path, "/token") != 0)
        return answer(connection, MHD_HTTP_NOT_FOUND, "{\"error\":\"not found\"}\n");
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                      "{\"error\":\"only GET is allowed\"}\n");
    return answer_token(connection, (const struct settings *)settings);
}

/* A variable of the environment. One that is empty is as one that is not set. */
static const char *look_up(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

/* Whether a setting is there. Says so where it is not. */
static int is_set(const char *value, const char *name)
{
    if (value == NULL)
        fprintf(stderr, "token_server: set in the environment: %s\n", name);
    return value != NULL;
}

/* Half of an API key is a mistake, and never a reason to make the other kind. */
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

/* A port, or -1. */
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

    /* Before there is another thread, so that all leave these to sigwait(). */
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
