/* A fake of captoken. The tests of PHP and Go build it to see failures that the real
 * library does not produce on request: a failed allocation in a chosen call, a signal
 * during a call, another version, a missing function.
 *
 * These arguments have an effect in every build:
 *
 *   the string "fail"    the call returns CAP_STATUS_OUT_OF_MEMORY
 *   the pair key "fail"  the call returns the status whose number is the pair's value
 *   not_before 1         the call returns CAP_STATUS_INTERNAL
 *   ttl 7                cap_generate() waits until it is told to go on
 *
 * and of cap_check_client_name():
 *
 *   "wait"               waits until cap_generate() waits
 *   "go on"              tells cap_generate() to go on
 *
 * These macros, set with -D, choose the rest:
 *
 *   VERSION              the string that cap_version() returns
 *   CHECK_STATUS         the status of cap_verify(), and of cap_mint() without a buffer
 *   MINT_STATUS          the status of cap_mint() with a buffer
 *   SIGNAL               the number of the cap_mint() call that raises SIGUSR1; -1: each call
 *   HANDLES              1: handles work, and cap_version() counts them
 *                        0: their functions abort, because PHP needs none of them
 *   cap_NAME=renamed     leaves out the function cap_NAME()
 *
 * cap_mint() returns its request as the token, cap_verify() its token as the payload. */
#define _POSIX_C_SOURCE 200809L

#include "captoken.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef VERSION
#define VERSION "0.99.0"
#endif
#ifndef CHECK_STATUS
#define CHECK_STATUS CAP_STATUS_OK
#endif
#ifndef MINT_STATUS
#define MINT_STATUS CAP_STATUS_OK
#endif
#ifndef SIGNAL
#define SIGNAL 0
#endif
#ifndef HANDLES
#define HANDLES 0
#endif

enum { HANDLES_MAX = 1000, WAITING_TTL = 7 };

/* Never reused, so that every use after free is detected. */
static struct fake {
    int params;
    int filters;
    int is_freed;
} fakes[HANDLES_MAX];

static int made;
static int freed;

/* How far a call of cap_generate() with WAITING_TTL is. */
enum { WAITS = 1, GOES_ON };
static int progress;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_progressed = PTHREAD_COND_INITIALIZER;

static void advance_to(int step)
{
    pthread_mutex_lock(&lock);
    if (progress < step) {
        progress = step;
        pthread_cond_broadcast(&has_progressed);
    }
    pthread_mutex_unlock(&lock);
}

static void await(int step)
{
    pthread_mutex_lock(&lock);
    while (progress < step)
        pthread_cond_wait(&has_progressed, &lock);
    pthread_mutex_unlock(&lock);
}

static void require_handles(void)
{
    if (!HANDLES) {
        fprintf(stderr, "a function for handles is called\n");
        abort();
    }
}

/* Handles are odd addresses, like those of the library. */
static struct fake *live(const cap_token *token)
{
    struct fake *fake = (struct fake *)((uintptr_t)token - 1);

    require_handles();
    if (fake->is_freed) {
        fprintf(stderr, "handle %d is used after it was freed\n", (int)(fake - fakes));
        abort();
    }
    return fake;
}

static cap_status outcome(const char *string)
{
    return strcmp(string, "fail") == 0 ? CAP_STATUS_OUT_OF_MEMORY : CAP_STATUS_OK;
}

static cap_status write_result(const char *result, char *buffer, size_t size,
                               size_t *length)
{
    if (length != NULL)
        *length = strlen(result);
    if (buffer == NULL || size <= strlen(result))
        return CAP_STATUS_BUFFER_TOO_SMALL;
    strcpy(buffer, result);
    return CAP_STATUS_OK;
}

cap_status cap_new(const char *account_sid, const char *auth_token, cap_token **out)
{
    require_handles();
    *out = NULL;
    if (outcome(auth_token) != CAP_STATUS_OK)
        return CAP_STATUS_OUT_OF_MEMORY;
    if (made == HANDLES_MAX)
        abort();
    *out = (cap_token *)((char *)&fakes[made++] + 1);
    return CAP_STATUS_OK;
}

cap_status cap_new_access(const char *account_sid, const char *api_key_sid,
                          const char *api_key_secret, cap_token **out)
{
    return cap_new(account_sid, api_key_secret, out);
}

void cap_token_free(cap_token *token)
{
    live(token)->is_freed = 1;
    __atomic_fetch_add(&freed, 1, __ATOMIC_SEQ_CST);
}

int cap_free(void *token)
{
    cap_token_free((cap_token *)token);
    return 0;
}

static cap_status set(cap_token *token, const char *string)
{
    live(token);
    return outcome(string);
}

static cap_status add_pair(int *pairs, const char *key, const char *value)
{
    if (outcome(key) != CAP_STATUS_OK)
        return (cap_status)atoi(value);
    *pairs += 1;
    return CAP_STATUS_OK;
}

cap_status cap_allow_incoming(cap_token *token, const char *client_name)
{
    return set(token, client_name);
}

cap_status cap_allow_outgoing(cap_token *token, const char *application_sid)
{
    cap_status status = set(token, application_sid);

    if (status == CAP_STATUS_OK)
        live(token)->params = 0;
    return status;
}

cap_status cap_add_outgoing_param(cap_token *token, const char *key, const char *value)
{
    return add_pair(&live(token)->params, key, value);
}

cap_status cap_set_client_name(cap_token *token, const char *client_name)
{
    return set(token, client_name);
}

cap_status cap_add_claim(cap_token *token, const char *name, const char *json)
{
    return set(token, name);
}

cap_status cap_set_not_before(cap_token *token, int64_t not_before)
{
    live(token);
    return not_before == 1 ? CAP_STATUS_INTERNAL : CAP_STATUS_OK;
}

cap_status cap_allow_event_stream(cap_token *token)
{
    live(token)->filters = 0;
    return CAP_STATUS_OK;
}

cap_status cap_add_event_filter(cap_token *token, const char *key, const char *value)
{
    return add_pair(&live(token)->filters, key, value);
}

cap_status cap_set_region(cap_token *token, const char *region)
{
    return set(token, region);
}

cap_status cap_set_push_credential(cap_token *token, const char *push_credential_sid)
{
    return set(token, push_credential_sid);
}

cap_status cap_add_grant(cap_token *token, const char *name, const char *json)
{
    return set(token, name);
}

cap_status cap_generate_at(const cap_token *token, int64_t now, int64_t ttl, char *buffer,
                           size_t size, size_t *length)
{
    char result[64];
    const struct fake *fake = live(token);

    snprintf(result, sizeof result, "a token, %d params, %d filters", fake->params,
             fake->filters);
    return write_result(result, buffer, size, length);
}

cap_status cap_generate(const cap_token *token, int64_t ttl, char *buffer, size_t size,
                        size_t *length)
{
    live(token);
    if (ttl == WAITING_TTL) {
        advance_to(WAITS);
        await(GOES_ON);
        live(token);
    }
    return cap_generate_at(token, 0, ttl, buffer, size, length);
}

cap_status cap_mint(const char *secret, const char *request, int64_t now, int64_t ttl,
                    char *buffer, size_t size, size_t *length)
{
    static int calls;
    cap_status status = buffer == NULL ? CHECK_STATUS : MINT_STATUS;
    cap_status written = write_result(request, buffer, size, length);

    calls++;
    if (SIGNAL == -1 || SIGNAL == calls)
        raise(SIGUSR1);
    return status != CAP_STATUS_OK ? status : written;
}

cap_status cap_verify(const char *jwt, const char *secret, int64_t now, char *payload,
                      size_t size, size_t *length)
{
    cap_status status = CHECK_STATUS;

    if (status == CAP_STATUS_OK)
        status = outcome(secret);
    return status != CAP_STATUS_OK ? status : write_result(jwt, payload, size, length);
}

cap_status cap_check_client_name(const char *client_name)
{
    if (strcmp(client_name, "wait") == 0)
        await(WAITS);
    else if (strcmp(client_name, "go on") == 0)
        advance_to(GOES_ON);
    return outcome(client_name);
}

cap_status cap_configure(const char *account_sid, const char *auth_token)
{
    require_handles();
    return outcome(auth_token);
}

const char *cap_version(void)
{
    static char counts[64];

    if (!HANDLES)
        return VERSION;
    snprintf(counts, sizeof counts, "%d made, %d freed", made,
             __atomic_load_n(&freed, __ATOMIC_SEQ_CST));
    return counts;
}

const char *cap_strerror(int status)
{
    return status == CAP_STATUS_OUT_OF_MEMORY ? "out of memory" : "another status";
}
