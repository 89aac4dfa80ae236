/**
 * captoken mints and verifies Twilio Client tokens.
 *
 * A token is a signed JSON Web Token. With it, a browser or phone receives
 * calls under a client name and places calls through a TwiML application.
 * There are two kinds: capability tokens, and access tokens, their successors.
 * Except for the first, the calls are the same:
 *
 *     cap_token *token;
 *     char jwt[1024];
 *
 *     cap_new(account_sid, auth_token, &token);
 *     cap_allow_incoming(token, "alice");
 *     cap_allow_outgoing(token, application_sid);
 *     cap_generate(token, CAP_TTL_DEFAULT, jwt, sizeof jwt, NULL);
 *     cap_token_free(token);
 *
 * An access token begins with
 *
 *     cap_new_access(account_sid, api_key_sid, api_key_secret, &token);
 *
 * The header is for C99, C++11 and newer.
 *
 * # Functions
 *
 * Handles
 *     cap_new()                  creates a handle for capability tokens
 *     cap_new_access()           creates a handle for access tokens
 *     cap_token_free()           frees a handle and wipes its secret
 *     cap_free()                 the same, under a name that libcap also has
 *
 * Setters for both kinds of token
 *     cap_allow_incoming()       allows incoming calls under a client name
 *     cap_allow_outgoing()       allows outgoing calls through an application
 *     cap_add_outgoing_param()   adds a parameter for the application
 *     cap_set_client_name()      names outgoing calls
 *     cap_add_claim()            adds a private claim
 *     cap_set_not_before()       sets when tokens begin to be valid
 *
 * Setters for capability tokens
 *     cap_allow_event_stream()   allows following the account's events
 *     cap_add_event_filter()     adds a filter for the events
 *
 * Setters for access tokens
 *     cap_set_region()           sets the Twilio region
 *     cap_set_push_credential()  sets the credential for push notifications
 *     cap_add_grant()            adds a grant: video, chat and others
 *
 * Minting and verifying
 *     cap_generate()             mints a token that is valid from now
 *     cap_generate_at()          mints a token that is valid from a given time
 *     cap_mint()                 mints a token from JSON, without a handle
 *     cap_verify()               verifies a token and reads its payload
 *
 * Helpers
 *     cap_check_client_name()    checks a client name that comes from a user
 *     cap_configure()            sets the default credentials of cap_new()
 *     cap_version()              returns the version of the library
 *     cap_strerror()             returns the message of a status
 *
 * # Strings
 *
 * A string is UTF-8 and ends in a NUL. The library copies it, and neither
 * trims nor normalises it.
 *
 * # Errors
 *
 * The status says why a call failed; there is no other error state. A failed
 * call changes no handle and no configuration. Allocation failure is a status
 * and never aborts. The comment of a function lists its own statuses. Any
 * function may also return these:
 *
 * - CAP_STATUS_NULL_ARGUMENT
 * - CAP_STATUS_EMPTY_ARGUMENT
 * - CAP_STATUS_INVALID_UTF8
 * - CAP_STATUS_INVALID_HANDLE
 * - CAP_STATUS_OUT_OF_MEMORY
 * - CAP_STATUS_INTERNAL: a bug in the library, with a message on stderr
 *
 * The handle is checked first, then the arguments from left to right, then the
 * kind of token, then the conditions that earlier calls set. The first failure
 * decides the status.
 *
 * # Handles
 *
 * Using a freed handle is undefined behaviour. Handles are odd addresses; even
 * ones are reported as CAP_STATUS_INVALID_HANDLE.
 *
 * # Threads
 *
 * Many threads may use a `const cap_token *` concurrently. Only one thread at a
 * time may use a `cap_token *`. cap_configure() may be called from any thread.
 *
 * The library starts no threads, installs no signal handlers and reads no
 * environment variables. Its only lock guards the defaults of cap_configure().
 * After a fork, the child must not call cap_configure(), nor cap_new() with a
 * NULL credential, if another thread was inside one of them.
 *
 * # Buffers
 *
 * cap_generate(), cap_generate_at(), cap_mint() and cap_verify() write a result
 * into the caller's buffer.
 *
 * - `size` is the size of the buffer in bytes, including the NUL.
 * - `*length` receives the length of the result without the NUL. `length` may
 *   be NULL.
 * - If the result does not fit, the status is CAP_STATUS_BUFFER_TOO_SMALL, and
 *   `size` must exceed `*length`. To query the length, pass NULL and 0.
 * - A NULL buffer with another size is CAP_STATUS_NULL_ARGUMENT.
 * - cap_verify() does not require a buffer. With NULL, whatever `size` is, a
 *   valid token is CAP_STATUS_OK.
 * - On any other failure `*length` is 0.
 * - On failure the buffer is set to "" if `size` > 0.
 *
 * # Times
 *
 * A time is in seconds since 1970-01-01 00:00 UTC, as returned by time(). A
 * negative time, or a time or expiry above 2^53 - 1, is
 * CAP_STATUS_INVALID_TIME. All JSON readers agree on integers up to that limit
 * (RFC 8259, section 6).
 *
 * A time to live is 1 to CAP_TTL_MAX seconds. Otherwise the status is
 * CAP_STATUS_INVALID_TTL.
 *
 * # Secrets
 *
 * The bytes of the secret are the HMAC key: the auth token for capability
 * tokens, the API key secret for access tokens. The library does not store
 * them. A handle and the configured default store HMAC states derived from the
 * secret, which can sign. They are wiped when the handle is freed and when the
 * default is replaced. The library prints no secret.
 */

#ifndef CAPTOKEN_H
#define CAPTOKEN_H

/* Generated by cbindgen from src/ffi.rs; do not edit. */

#include <stddef.h>
#include <stdint.h>

/** The version of this header; cap_version() returns the library's. */
#define CAPTOKEN_VERSION "0.1.0"
#define CAPTOKEN_VERSION_MAJOR 0
#define CAPTOKEN_VERSION_MINOR 1
#define CAPTOKEN_VERSION_PATCH 0

#if defined(__GNUC__)
#define CAPTOKEN_MUST_USE __attribute__((warn_unused_result))
#else
#define CAPTOKEN_MUST_USE
#endif

/**
 * How a call ended. The numbers are fixed: later versions append to them.
 */
typedef enum {
    /**
     * Success.
     */
    CAP_STATUS_OK = 0,
    /**
     * A required argument is NULL.
     */
    CAP_STATUS_NULL_ARGUMENT = 1,
    /**
     * A required string is empty.
     */
    CAP_STATUS_EMPTY_ARGUMENT = 2,
    /**
     * A string is not valid UTF-8.
     */
    CAP_STATUS_INVALID_UTF8 = 3,
    /**
     * The time to live is below 1 or above CAP_TTL_MAX seconds.
     */
    CAP_STATUS_INVALID_TTL = 4,
    /**
     * A time is negative, or the time or the expiry is above 2^53 - 1; or the
     * system clock is before 1970.
     */
    CAP_STATUS_INVALID_TIME = 5,
    /**
     * The buffer cannot hold the result and its NUL.
     */
    CAP_STATUS_BUFFER_TOO_SMALL = 6,
    /**
     * An account SID or auth token is NULL and none is configured.
     */
    CAP_STATUS_NO_CREDENTIALS = 7,
    /**
     * Not a handle: the address is even.
     */
    CAP_STATUS_INVALID_HANDLE = 8,
    /**
     * A parameter or filter was added before its permission.
     */
    CAP_STATUS_MISSING_SCOPE = 9,
    /**
     * The client name is not 1 to 256 ASCII letters, digits and underscores.
     */
    CAP_STATUS_INVALID_CLIENT_NAME = 10,
    /**
     * The library writes a claim or grant of this name itself.
     */
    CAP_STATUS_RESERVED_NAME = 11,
    /**
     * The value is not JSON, or the grant is not a JSON object.
     */
    CAP_STATUS_INVALID_JSON = 12,
    /**
     * The call does not apply to this kind of token.
     */
    CAP_STATUS_UNSUPPORTED = 13,
    /**
     * Memory allocation failed.
     */
    CAP_STATUS_OUT_OF_MEMORY = 14,
    /**
     * A bug in this library.
     */
    CAP_STATUS_INTERNAL = 15,
    /**
     * The token is not a signed JSON Web Token, or has no valid expiry.
     */
    CAP_STATUS_TOKEN_MALFORMED = 16,
    /**
     * The token is not signed with HS256.
     */
    CAP_STATUS_TOKEN_ALGORITHM = 17,
    /**
     * The signature does not match: another secret, or a changed token.
     */
    CAP_STATUS_TOKEN_SIGNATURE = 18,
    /**
     * The token has expired.
     */
    CAP_STATUS_TOKEN_EXPIRED = 19,
    /**
     * The token is not valid yet.
     */
    CAP_STATUS_TOKEN_NOT_YET_VALID = 20,
    /**
     * The request is not a JSON object as cap_mint() documents it.
     */
    CAP_STATUS_INVALID_REQUEST = 21,
} cap_status;

/**
 * Times to live, in seconds.
 */
typedef enum {
    /**
     * An hour, the default of Twilio's libraries.
     */
    CAP_TTL_DEFAULT = 3600,
    /**
     * A day, the maximum. Twilio rejects longer ones with error 31207.
     */
    CAP_TTL_MAX = 86400,
} cap_ttl;

/**
 * A handle: the account, the secret and the permissions of a token.
 */
typedef struct cap_token cap_token;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Creates a handle for capability tokens and stores it in `*out`. It allows
 * nothing yet.
 *
 * `account_sid` and `auth_token` come from the Twilio console. If one of them
 * is NULL, the default of cap_configure() is used. Any non-empty string is
 * accepted; neither prefix nor length is checked.
 *
 * On success the caller owns `*out` and must pass it to cap_token_free() once.
 * On failure `*out` is NULL.
 *
 * CAP_STATUS_NO_CREDENTIALS: an argument is NULL and nothing is configured.
 */
cap_status cap_new(const char *account_sid,
                   const char *auth_token,
                   cap_token **out);

/**
 * Creates a handle for access tokens and stores it in `*out`. It allows nothing
 * yet. Twilio recommends access tokens: they work in all of its regions and
 * with its libraries for phones.
 *
 * `api_key_sid` and `api_key_secret` belong to an API key of the account. A
 * restricted key does not work. No argument may be NULL: cap_configure() has no
 * effect. Any non-empty string is accepted.
 *
 * Every function except the two for event streams also works on access tokens.
 * To migrate from capability tokens, replace cap_new() by this call.
 *
 * On success the caller owns `*out` and must pass it to cap_token_free() once.
 * On failure `*out` is NULL.
 */
cap_status cap_new_access(const char *account_sid,
                          const char *api_key_sid,
                          const char *api_key_secret,
                          cap_token **out);

/**
 * Frees a handle and wipes its secret. NULL and even addresses are ignored.
 */
void cap_token_free(cap_token *token);

/**
 * Frees a handle like cap_token_free(). Linux's libcap has a function of the
 * same name and prototype. In a program with both libraries, the linker binds
 * all callers to one of the two.
 *
 * - This function forwards foreign pointers to libcap.
 * - libcap's function refuses the handles of this library. It returns -1, and
 *   the handle and its secret stay in memory.
 *
 * The linker chooses libcap's function
 *
 * - in a program that is linked with `-lcap -lcaptoken`,
 * - in a program that links both libraries statically,
 * - in a plug-in whose host has loaded libcap, perhaps through libsystemd.
 *
 * Prefer cap_token_free(): it is always right.
 *
 * Returns 0 for NULL and for a handle. For another even address it returns the
 * result of libcap, or -1 with `errno` EINVAL if there is no libcap.
 */
int cap_free(void *token);

/**
 * Allows incoming calls to `client_name` (`<Client>` in TwiML). Outgoing calls
 * use the name as well. A later call replaces the name.
 *
 * Any non-empty name is accepted; see cap_check_client_name().
 *
 * Access tokens: sets `identity` and `voice.incoming.allow`.
 */
cap_status cap_allow_incoming(cap_token *token, const char *client_name);

/**
 * Allows outgoing calls through the TwiML application `application_sid`. A
 * later call replaces the application and drops its parameters.
 *
 * Access tokens: sets `voice.outgoing.application_sid`.
 */
cap_status cap_allow_outgoing(cap_token *token, const char *application_sid);

/**
 * Adds a parameter that Twilio passes to the application with every outgoing
 * call. The holder of the token cannot change it.
 *
 * Parameters keep the order of the calls, and a key may repeat. `key` and
 * `value` may be "". The application receives exactly these strings, whatever
 * characters they contain.
 *
 * Access tokens: adds a member to `voice.outgoing.params`. A key that is added
 * again keeps its position and takes the new value. To pass a nested object,
 * encode it as JSON in the value.
 *
 * CAP_STATUS_MISSING_SCOPE: call cap_allow_outgoing() first.
 */
cap_status cap_add_outgoing_param(cap_token *token,
                                  const char *key,
                                  const char *value);

/**
 * Sets the client name of outgoing calls without allowing incoming ones. If
 * cap_allow_incoming() is called too, the last call decides the outgoing name.
 * Any non-empty name is accepted.
 *
 * Access tokens: sets `identity`, the only name of an access token. If incoming
 * calls are allowed, they reach this name too.
 */
cap_status cap_set_client_name(cap_token *token, const char *client_name);

/**
 * Adds a private claim, so that one token also serves the program's own API.
 *
 * `json` is one JSON value, such as `"string"` with its quotes, `42` or
 * `{"a":[true]}`, nested at most 127 levels deep. Key order, repeated keys and
 * the spelling of numbers are kept. White space outside strings is dropped, and
 * strings are written in ASCII.
 *
 * A claim that is added again keeps its position and takes the new value.
 * Private claims come before the claims of the library. RFC 7519, section 4.1,
 * gives some names a meaning: PyJWT rejects a token with an `aud` that it does
 * not expect, or a `sub` or `jti` that is not a string.
 *
 * CAP_STATUS_RESERVED_NAME: `name` is scope, iss, exp, nbf or iat; in an access
 * token also jti, sub or grants.
 * CAP_STATUS_INVALID_JSON: `json` is not one JSON value, is nested deeper, or
 * has an unpaired surrogate.
 */
cap_status cap_add_claim(cap_token *token, const char *name, const char *json);

/**
 * Sets when tokens begin to be valid, the claim `nbf`. 0 removes the claim.
 *
 * Without this call a token has no `nbf`. Set one only if you need it: Twilio
 * rejects the token if your clock is ahead of Twilio's. The time to live starts
 * when the token is generated, not at `not_before`.
 */
cap_status cap_set_not_before(cap_token *token, int64_t not_before);

/**
 * Allows following the account's events. A later call drops the filters.
 *
 * CAP_STATUS_UNSUPPORTED: the handle is for access tokens.
 */
cap_status cap_allow_event_stream(cap_token *token);

/**
 * Adds a filter for the events. Filters keep the order of the calls, and a key
 * may repeat. `key` and `value` may be "".
 *
 * CAP_STATUS_UNSUPPORTED: the handle is for access tokens.
 * CAP_STATUS_MISSING_SCOPE: call cap_allow_event_stream() first.
 */
cap_status cap_add_event_filter(cap_token *token,
                                const char *key,
                                const char *value);

/**
 * Sets the Twilio region that accepts the token, such as "ie1" (`twr` in the
 * header of the token). The default is the United States. A later call replaces
 * the region.
 *
 * API keys and applications belong to a region. Those of cap_new_access() and
 * cap_allow_outgoing() must belong to this one.
 *
 * CAP_STATUS_UNSUPPORTED: the handle is for capability tokens, which work only
 * in the United States.
 */
cap_status cap_set_region(cap_token *token, const char *region);

/**
 * Sets the credential for the push notifications that announce calls to a phone
 * (`voice.push_credential_sid`). A later call replaces the credential.
 *
 * CAP_STATUS_UNSUPPORTED: the handle is for capability tokens.
 */
cap_status cap_set_push_credential(cap_token *token,
                                   const char *push_credential_sid);

/**
 * Adds a grant other than voice, such as:
 *
 *     cap_add_grant(token, "video", "{\"room\":\"standup\"}");
 *     cap_add_grant(token, "chat", "{\"service_sid\":\"IS...\"}");
 *     cap_add_grant(token, "data_sync", "{\"service_sid\":\"IS...\"}");
 *     cap_add_grant(token, "task_router",
 *                   "{\"workspace_sid\":\"WS...\",\"worker_sid\":\"WK...\","
 *                   "\"role\":\"worker\"}");
 *     cap_add_grant(token, "player", playback_grant); // from Twilio's API
 *
 * `name` may be any other name, so that grants of the future need no new
 * version of this library. `json` is one JSON object, with the rules of
 * cap_add_claim(). Its members are not checked. A grant that is added again
 * keeps its position and takes the new value.
 *
 * CAP_STATUS_RESERVED_NAME: `name` is identity or voice. cap_allow_incoming(),
 * cap_set_client_name() and cap_allow_outgoing() write them.
 * CAP_STATUS_INVALID_JSON: `json` is not one JSON object, is nested deeper, or
 * has an unpaired surrogate.
 * CAP_STATUS_UNSUPPORTED: the handle is for capability tokens.
 */
cap_status cap_add_grant(cap_token *token, const char *name, const char *json);

/**
 * Writes a signed token into `buffer`. It expires `ttl` seconds from now, by
 * the system clock. The handle does not change and can generate any number of
 * tokens. The first one is the slowest: later ones reuse its hash state.
 *
 * The token is ASCII: a JSON Web Token (RFC 7519) signed with HS256. Its claims
 * are, in this order:
 *
 * - capability token: private claims, scope, iss (the account SID), exp, nbf
 * - access token: private claims, jti (the API key SID and the time), iss (the
 *   API key SID), sub (the account SID), exp, nbf, grants
 *
 * CAP_STATUS_INVALID_TIME: the system clock is before 1970.
 * CAP_STATUS_BUFFER_TOO_SMALL: see Buffers.
 */
cap_status cap_generate(const cap_token *token,
                        int64_t ttl,
                        char *buffer,
                        size_t size,
                        size_t *length);

/**
 * Does what cap_generate() does, at the time `now`. The same handle, `now` and
 * `ttl` give the same token byte for byte.
 *
 * CAP_STATUS_BUFFER_TOO_SMALL: see Buffers.
 */
cap_status cap_generate_at(const cap_token *token,
                           int64_t now,
                           int64_t ttl,
                           char *buffer,
                           size_t size,
                           size_t *length);

/**
 * Mints one token without a handle. One call replaces many, for languages in
 * which a C call is expensive.
 *
 * `secret` is the auth token, or the API key secret of an access token. It must
 * not be NULL: cap_configure() has no effect. `request` is a JSON object:
 *
 *     cap_mint(auth_token,
 *              "{\"account_sid\":\"AC...\",\"incoming\":\"alice\","
 *              "\"outgoing\":{\"application_sid\":\"AP...\","
 *              "\"params\":[[\"user_id\",\"42\"],[\"plan\",\"gold\"]]}}",
 *              time(NULL), CAP_TTL_DEFAULT, jwt, sizeof jwt, NULL);
 *
 * It has these members, in any order. Only `account_sid` is required.
 *
 *     account_sid          string          cap_new(), or with
 *     api_key_sid          string          cap_new_access()
 *     incoming             string          cap_allow_incoming()
 *     client_name          string          cap_set_client_name(), after it
 *     outgoing             object:
 *       application_sid    string          cap_allow_outgoing()
 *       params             [[key, value]]  cap_add_outgoing_param() for each
 *     event_stream         object:         cap_allow_event_stream()
 *       filters            [[key, value]]  cap_add_event_filter() for each
 *     claims               object          cap_add_claim() for each member
 *     not_before           integer         cap_set_not_before()
 *     region               string          cap_set_region()
 *     push_credential_sid  string          cap_set_push_credential()
 *     grants               object          cap_add_grant() for each member
 *
 * `params` and `filters` are optional; their keys and values are strings. A
 * name that repeats in `claims` or `grants` takes the last value.
 *
 * These calls and cap_generate_at() make the same token, byte for byte. The
 * checks, in this order:
 *
 * - the form of the request: CAP_STATUS_INVALID_REQUEST
 * - the values in the order of this list, with the statuses of the calls
 * - `now`, `ttl` and `buffer`
 *
 * CAP_STATUS_INVALID_REQUEST means one of:
 *
 * - `request` is not one JSON object.
 * - A member is unknown or repeated, or its value has another type.
 * - `account_sid` or `application_sid` is missing.
 * - A string has a NUL or an unpaired surrogate. Strings inside the values of
 *   `claims` and `grants` may have a NUL.
 *
 * CAP_STATUS_INVALID_TIME: `not_before` does not fit into int64_t.
 * CAP_STATUS_BUFFER_TOO_SMALL: see Buffers.
 */
cap_status cap_mint(const char *secret,
                    const char *request,
                    int64_t now,
                    int64_t ttl,
                    char *buffer,
                    size_t size,
                    size_t *length);

/**
 * Verifies a token of either kind, minted by this library or by Twilio's, and
 * writes its payload into `payload`: JSON in UTF-8, byte for byte as it was
 * signed. Check the result: the payload is written only if the token is valid.
 *
 * `secret` is the auth token, or the API key secret of an access token. `now`
 * is usually time(NULL). If `payload` is NULL, the token is only checked, and
 * `*length` receives the length of its payload. A buffer of the size of `jwt`
 * is always large enough. Memory use grows with the length of `jwt`.
 *
 * The checks and their statuses, in this order:
 *
 * - CAP_STATUS_TOKEN_MALFORMED: not three parts, or a part that is not
 *   canonical base64url without padding. A header that is not a JSON object,
 *   repeats alg or typ, has crit, or has a typ other than JWT, ignoring case.
 * - CAP_STATUS_TOKEN_ALGORITHM: alg is not HS256.
 * - CAP_STATUS_TOKEN_SIGNATURE: another secret, or a changed token. The
 *   comparison runs in constant time.
 * - CAP_STATUS_TOKEN_MALFORMED: a payload that is not a JSON object or repeats
 *   exp or nbf. No exp, or one that is not a time.
 * - CAP_STATUS_TOKEN_EXPIRED: `now` is at or after exp.
 * - CAP_STATUS_TOKEN_MALFORMED: nbf is not a time.
 * - CAP_STATUS_TOKEN_NOT_YET_VALID: `now` is before nbf.
 * - CAP_STATUS_BUFFER_TOO_SMALL: the token is valid; see Buffers.
 *
 * A time is a number of at most 1,000 characters that fits into a double, or a
 * string of at most 20 digits, which twilio-java 4 writes. A fraction is
 * allowed. Times are compared as doubles.
 *
 * Header and payload are also malformed if a string has an unpaired surrogate,
 * or if a member is nested more than 128 levels deep.
 */
CAPTOKEN_MUST_USE
cap_status cap_verify(const char *jwt,
                      const char *secret,
                      int64_t now,
                      char *payload,
                      size_t size,
                      size_t *length);

/**
 * Checks that every Twilio product accepts a client name: 1 to 256 ASCII
 * letters, digits and underscores. No other function checks this; call it for
 * names that come from users. Other names may fail with Twilio's error 31105.
 *
 * Twilio's JavaScript SDK documents a limit of 121 characters.
 *
 * CAP_STATUS_INVALID_CLIENT_NAME: the name is longer, or has other characters.
 */
cap_status cap_check_client_name(const char *client_name);

/**
 * Sets the account SID and auth token that cap_new() uses instead of NULL, for
 * the whole process. Existing handles do not change. If both arguments are
 * NULL, the default is cleared and wiped.
 *
 * CAP_STATUS_NULL_ARGUMENT: only one argument is NULL.
 */
cap_status cap_configure(const char *account_sid, const char *auth_token);

/**
 * Returns the version of the loaded library, such as "1.2.3". CAPTOKEN_VERSION
 * is the version of the header. Do not free the string.
 */
const char *cap_version(void);

/**
 * Returns the message of a status: one line of English without a full stop.
 * `status` may be any integer. Never returns NULL. Do not free the string.
 */
const char *cap_strerror(int status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CAPTOKEN_H */
