/* A library in captoken's place. It makes no tokens. A handle that is freed twice ends
 * the program.
 *
 *   VERSION          what cap_version() returns
 *   PAIRS            how many parameters and filters fit in, before memory runs out
 *   SIGNAL           with which of them it sends itself SIGUSR1; 0: before the first;
 *                    -1: with each handle that is made; -2: when the second token is
 *                    written
 *   FAILS            the status of what makes a token
 *   NAMES            a token is the account SID and the client name, and not "stub"
 *   REFUSES          the status of what changes a handle, but for parameters and filters,
 *                    and of cap_verify()
 *   COUNT            it says at its end how many handles were made and freed, and
 *                    whether credentials are configured
 *   WITHOUT_VERSION, WITHOUT_GENERATE
 *                    functions that are missing
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "captoken.h"

#ifndef VERSION
#define VERSION "0.99.0"
#endif
#ifndef PAIRS
#define PAIRS 1000000
#endif
#ifndef FAILS
#define FAILS CAP_STATUS_OK
#endif
#ifndef REFUSES
#define REFUSES CAP_STATUS_OK
#endif
#ifndef SIGNAL
#define SIGNAL -3
#endif

struct cap_token {
    int live;
    char account_sid[16];
    char client_name[16];
};

static int made, freed, pairs, configured, minted;

#ifdef COUNT
__attribute__((destructor)) static void report(void)
{
    printf("made %d, freed %d%s\n", made, freed, configured ? ", configured" : "");
    fflush(stdout);
}
#endif

static cap_status make(const char *account_sid, cap_token **out)
{
    *out = calloc(1, sizeof **out);
    (*out)->live = 1;
    snprintf((*out)->account_sid, sizeof (*out)->account_sid, "%s", account_sid ? account_sid : "");
    made++;
    if (SIGNAL == -1) {
        raise(SIGUSR1);
    }
    return CAP_STATUS_OK;
}

cap_status cap_new(const char *account_sid, const char *auth_token, cap_token **out)
{
    (void)auth_token;
    return make(account_sid, out);
}

cap_status cap_new_access(const char *account_sid, const char *api_key_sid, const char *api_key_secret,
                          cap_token **out)
{
    (void)api_key_sid;
    (void)api_key_secret;
    return make(account_sid, out);
}

static cap_status allow(void)
{
    if (SIGNAL == 0) {
        raise(SIGUSR1);
    }
    return REFUSES;
}

static cap_status add(void)
{
    if (SIGNAL == pairs + 1) {
        raise(SIGUSR1);
    }
    return ++pairs > PAIRS ? CAP_STATUS_OUT_OF_MEMORY : CAP_STATUS_OK;
}

cap_status cap_allow_incoming(cap_token *token, const char *client_name)
{
    snprintf(token->client_name, sizeof token->client_name, "%s", client_name);
    return REFUSES;
}

cap_status cap_allow_outgoing(cap_token *token, const char *application_sid)
{
    (void)token;
    (void)application_sid;
    return allow();
}

cap_status cap_add_outgoing_param(cap_token *token, const char *key, const char *value)
{
    (void)token;
    (void)key;
    (void)value;
    return add();
}

cap_status cap_set_client_name(cap_token *token, const char *client_name)
{
    (void)token;
    (void)client_name;
    return REFUSES;
}

cap_status cap_check_client_name(const char *client_name)
{
    (void)client_name;
    return CAP_STATUS_OK;
}

cap_status cap_allow_event_stream(cap_token *token)
{
    (void)token;
    return allow();
}

cap_status cap_add_event_filter(cap_token *token, const char *key, const char *value)
{
    (void)token;
    (void)key;
    (void)value;
    return add();
}

cap_status cap_add_claim(cap_token *token, const char *name, const char *json)
{
    (void)token;
    (void)name;
    (void)json;
    return REFUSES;
}

cap_status cap_set_not_before(cap_token *token, int64_t not_before)
{
    (void)token;
    (void)not_before;
    return REFUSES;
}

cap_status cap_set_region(cap_token *token, const char *region)
{
    (void)token;
    (void)region;
    return REFUSES;
}

cap_status cap_set_push_credential(cap_token *token, const char *push_credential_sid)
{
    (void)token;
    (void)push_credential_sid;
    return REFUSES;
}

cap_status cap_add_grant(cap_token *token, const char *name, const char *json)
{
    (void)token;
    (void)name;
    (void)json;
    return REFUSES;
}

static cap_status write_token(const char *account_sid, const char *client_name, char *buffer, size_t size,
                              size_t *length)
{
#ifdef NAMES
    int written = snprintf(buffer, size, "%s %s", account_sid, client_name);
#else
    int written = snprintf(buffer, size, "stub");
    (void)account_sid;
    (void)client_name;
#endif
    if (length != NULL) {
        *length = (size_t)written;
    }
    if (SIGNAL == -2 && ++minted == 2) {
        raise(SIGUSR1);
    }
    return FAILS;
}

#ifndef WITHOUT_GENERATE
cap_status cap_generate(const cap_token *token, int64_t ttl, char *buffer, size_t size, size_t *length)
{
    (void)ttl;
    return write_token(token->account_sid, token->client_name, buffer, size, length);
}
#endif

cap_status cap_generate_at(const cap_token *token, int64_t now, int64_t ttl, char *buffer, size_t size,
                           size_t *length)
{
    (void)now;
    (void)ttl;
    return write_token(token->account_sid, token->client_name, buffer, size, length);
}

cap_status cap_mint(const char *account_sid, const char *auth_token, const char *client_name,
                    const char *application_sid, const char *params, size_t count, int64_t now, int64_t ttl,
                    char *buffer, size_t size, size_t *length)
{
    (void)auth_token;
    (void)application_sid;
    (void)params;
    (void)count;
    (void)now;
    (void)ttl;
    return write_token(account_sid, client_name == NULL ? "" : client_name, buffer, size, length);
}

cap_status cap_verify(const char *jwt, const char *secret, int64_t now, char *payload, size_t size,
                      size_t *length)
{
    (void)jwt;
    (void)secret;
    (void)now;
    if (length != NULL) {
        *length = strlen("{}");
    }
    snprintf(payload, size, "{}");
    return REFUSES;
}

/* The memory stays, so that a second call can tell. */
void cap_token_free(cap_token *token)
{
    if (token == NULL || !token->live) {
        abort();
    }
    token->live = 0;
    freed++;
}

int cap_free(void *token)
{
    cap_token_free(token);
    return 0;
}

cap_status cap_configure(const char *account_sid, const char *auth_token)
{
    configured = account_sid != NULL && auth_token != NULL;
    return CAP_STATUS_OK;
}

#ifndef WITHOUT_VERSION
const char *cap_version(void)
{
    return VERSION;
}
#endif

const char *cap_strerror(int status)
{
    return status == CAP_STATUS_OUT_OF_MEMORY ? "out of memory" : "something else";
}
