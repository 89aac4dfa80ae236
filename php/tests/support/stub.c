/* A stand-in for the library that mints no tokens. It aborts if PHP calls a function that
 * the package does not need.
 *
 *   VERSION          the result of cap_version()
 *   SIGNAL           the number of the call of cap_mint() that raises SIGUSR1; -1: each call
 *   FAILS            the status of cap_mint() with a buffer
 *   REFUSES          the status of cap_mint() without a buffer, and of cap_verify()
 *   ECHO             cap_mint() returns the request as token, not "stub"
 *   WITHOUT_VERSION, WITHOUT_GENERATE
 *                    omit cap_version() or cap_generate()
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "captoken.h"

#ifndef VERSION
#define VERSION "0.99.0"
#endif
#ifndef FAILS
#define FAILS CAP_STATUS_OK
#endif
#ifndef REFUSES
#define REFUSES CAP_STATUS_BUFFER_TOO_SMALL
#endif
#ifndef SIGNAL
#define SIGNAL 0
#endif

/* Never called, so the arguments do not matter. */
#define UNUSED(name) \
    void stub_##name(void) __asm__(#name); \
    void stub_##name(void) { abort(); }

UNUSED(cap_new)
UNUSED(cap_new_access)
UNUSED(cap_allow_incoming)
UNUSED(cap_allow_outgoing)
UNUSED(cap_add_outgoing_param)
UNUSED(cap_set_client_name)
UNUSED(cap_allow_event_stream)
UNUSED(cap_add_event_filter)
UNUSED(cap_add_claim)
UNUSED(cap_set_not_before)
UNUSED(cap_set_region)
UNUSED(cap_set_push_credential)
UNUSED(cap_add_grant)
UNUSED(cap_generate_at)
UNUSED(cap_token_free)
UNUSED(cap_free)
UNUSED(cap_configure)
#ifndef WITHOUT_GENERATE
UNUSED(cap_generate)
#endif

cap_status cap_check_client_name(const char *client_name)
{
    (void)client_name;
    return CAP_STATUS_OK;
}

cap_status cap_mint(const char *secret, const char *request, int64_t now, int64_t ttl, char *buffer,
                    size_t size, size_t *length)
{
    static int calls;

#ifdef ECHO
    const char *token = request;
#else
    const char *token = "stub";
#endif
    (void)secret;
    (void)request;
    (void)now;
    (void)ttl;
    if (length != NULL) {
        *length = strlen(token);
    }
    if (buffer != NULL) {
        snprintf(buffer, size, "%s", token);
    }
    calls++;
    if (SIGNAL == -1 || SIGNAL == calls) {
        raise(SIGUSR1);
    }
    return buffer == NULL ? REFUSES : FAILS;
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
