/* A fake of captoken. It counts its handles. While memory is out, which cap_configure()
 * sets, every call with the string "fail" fails. */
#define _POSIX_C_SOURCE 200809L

#include "captoken.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* With this time to live in seconds, cap_generate() takes 200 ms. */
enum { HANDLES_MAX = 1000, SLOW = 7 };

struct cap_token {
    int number;
    int params;
    int filters;
};

static int made;
static int freed;
static int memory_is_out;
static int is_freed[HANDLES_MAX];

static cap_token *handle_of(struct cap_token *token)
{
    return (cap_token *)((char *)token + 1);
}

static struct cap_token *token_of(const cap_token *handle)
{
    return (struct cap_token *)((char *)(uintptr_t)handle - 1);
}

/* Memory is never given back to the allocator, so that use after free is detected. */
static void must_live(const cap_token *handle)
{
    int number = token_of(handle)->number;

    if (is_freed[number]) {
        fprintf(stderr, "handle %d is used after it was freed\n", number);
        abort();
    }
}

static cap_status outcome(const char *string)
{
    return memory_is_out && strcmp(string, "fail") == 0 ? CAP_STATUS_OUT_OF_MEMORY : CAP_STATUS_OK;
}

cap_status cap_new_access(const char *account_sid, const char *api_key_sid,
                          const char *api_key_secret, cap_token **out)
{
    (void)api_key_sid;
    return cap_new(account_sid, api_key_secret, out);
}

cap_status cap_new(const char *account_sid, const char *auth_token, cap_token **out)
{
    struct cap_token *token;

    (void)account_sid;
    *out = NULL;
    if (outcome(auth_token) != CAP_STATUS_OK)
        return CAP_STATUS_OUT_OF_MEMORY;
    token = (struct cap_token *)calloc(1, sizeof *token);
    if (token == NULL || made == HANDLES_MAX)
        abort();
    token->number = made++;
    *out = handle_of(token);
    return CAP_STATUS_OK;
}

void cap_token_free(cap_token *token)
{
    must_live(token);
    is_freed[token_of(token)->number] = 1;
    __atomic_fetch_add(&freed, 1, __ATOMIC_SEQ_CST);
}

cap_status cap_allow_incoming(cap_token *token, const char *client_name)
{
    must_live(token);
    return outcome(client_name);
}

cap_status cap_allow_outgoing(cap_token *token, const char *application_sid)
{
    must_live(token);
    if (outcome(application_sid) != CAP_STATUS_OK)
        return CAP_STATUS_OUT_OF_MEMORY;
    token_of(token)->params = 0;
    return CAP_STATUS_OK;
}

/* A pair fails with its value as the status. */
static cap_status add_pair(int *pairs, const char *key, const char *value)
{
    if (outcome(key) != CAP_STATUS_OK)
        return (cap_status)atoi(value);
    *pairs += 1;
    return CAP_STATUS_OK;
}

cap_status cap_add_outgoing_param(cap_token *token, const char *key, const char *value)
{
    must_live(token);
    return add_pair(&token_of(token)->params, key, value);
}

cap_status cap_set_client_name(cap_token *token, const char *client_name)
{
    return cap_allow_incoming(token, client_name);
}

cap_status cap_check_client_name(const char *client_name)
{
    return outcome(client_name);
}

cap_status cap_allow_event_stream(cap_token *token)
{
    must_live(token);
    token_of(token)->filters = 0;
    return CAP_STATUS_OK;
}

cap_status cap_add_event_filter(cap_token *token, const char *key, const char *value)
{
    must_live(token);
    return add_pair(&token_of(token)->filters, key, value);
}

cap_status cap_add_claim(cap_token *token, const char *name, const char *json)
{
    (void)json;
    must_live(token);
    return outcome(name);
}

cap_status cap_set_not_before(cap_token *token, int64_t not_before)
{
    must_live(token);
    return not_before == 1 ? CAP_STATUS_INTERNAL : CAP_STATUS_OK;
}

cap_status cap_set_region(cap_token *token, const char *region)
{
    return cap_allow_incoming(token, region);
}

cap_status cap_set_push_credential(cap_token *token, const char *push_credential_sid)
{
    return cap_allow_incoming(token, push_credential_sid);
}

cap_status cap_add_grant(cap_token *token, const char *name, const char *json)
{
    return cap_add_claim(token, name, json);
}

/* Tokens of the fake are a bare payload without a signature. */
cap_status cap_verify(const char *jwt, const char *secret, int64_t now, char *payload,
                      size_t size, size_t *length)
{
    (void)now;
    *length = strlen(jwt);
    if (outcome(secret) != CAP_STATUS_OK)
        return CAP_STATUS_OUT_OF_MEMORY;
    if (size <= *length)
        return CAP_STATUS_BUFFER_TOO_SMALL;
    memcpy(payload, jwt, *length + 1);
    return CAP_STATUS_OK;
}

cap_status cap_generate(const cap_token *token, int64_t ttl, char *buffer, size_t size,
                        size_t *length)
{
    char text[64];

    must_live(token);
    if (ttl == SLOW) {
        nanosleep(&(struct timespec){0, 200000000}, NULL);
        must_live(token);
    }
    *length = (size_t)snprintf(text, sizeof text, "a token, %d params, %d filters",
                               token_of(token)->params, token_of(token)->filters);
    if (size <= *length)
        return CAP_STATUS_BUFFER_TOO_SMALL;
    memcpy(buffer, text, *length + 1);
    return CAP_STATUS_OK;
}

cap_status cap_generate_at(const cap_token *token, int64_t now, int64_t ttl, char *buffer,
                           size_t size, size_t *length)
{
    (void)now;
    return cap_generate(token, ttl, buffer, size, length);
}

cap_status cap_configure(const char *account_sid, const char *auth_token)
{
    (void)auth_token;
    memory_is_out = account_sid != NULL && strcmp(account_sid, "memory is out") == 0;
    return CAP_STATUS_OK;
}

/* The numbers of handles that were made and freed. */
const char *cap_version(void)
{
    static char text[64];

    snprintf(text, sizeof text, "%d made, %d freed", made,
             __atomic_load_n(&freed, __ATOMIC_SEQ_CST));
    return text;
}

const char *cap_strerror(int status)
{
    (void)status;
    return "a status";
}
