/* captoken: the tokens of Twilio Client for C.
 *
 * With a token, a browser or phone registers with Twilio Client: a JSON Web
 * Token that says whose account is used, under which client name calls come
 * in, and which application handles the calls that go out. There are two
 * kinds, capability tokens and their successors, access tokens. They are made
 * by the same calls, all but the first:
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
 * For an access token, the first is
 *
 *     cap_new_access(account_sid, api_key_sid, api_key_secret, &token);
 *
 * cap_verify() checks tokens of both kinds, whoever has made them.
 *
 * The header is for C99, C++11 and newer. These rules hold for every function:
 *
 * - A string is UTF-8 and ends in a NUL. The library copies it, and neither
 *   trims nor normalises it.
 * - The status says why a call failed. A failed call changes no handle and no
 *   configuration. There is no other error state.
 * - Arguments are checked from left to right, and the first wrong one decides
 *   the status. What depends on earlier calls is checked last.
 * - Any function may return these, and its comment does not list them:
 *   CAP_STATUS_NULL_ARGUMENT, CAP_STATUS_EMPTY_ARGUMENT (parameters and
 *   filters may be ""), CAP_STATUS_INVALID_UTF8, CAP_STATUS_INVALID_HANDLE,
 *   CAP_STATUS_OUT_OF_MEMORY and CAP_STATUS_INTERNAL.
 * - Using a freed handle is undefined behaviour. Handles are odd addresses;
 *   even ones are reported as CAP_STATUS_INVALID_HANDLE.
 * - Many threads may use a `const cap_token *` concurrently. Only one thread
 *   may use a `cap_token *`.
 * - The library starts no threads, installs no signal handlers and reads no
 *   environment variables. Its only lock guards the defaults of
 *   cap_configure(). If a bug causes a panic, the call returns
 *   CAP_STATUS_INTERNAL and a message is printed on stderr.
 * - Allocation failure returns CAP_STATUS_OUT_OF_MEMORY; it never aborts.
 */

#ifndef CAPTOKEN_H
#define CAPTOKEN_H

#include <stddef.h>
#include <stdint.h>

/// How a call ended. The numbers are fixed: later versions append to them.
typedef enum {
    /// Success.
    CAP_STATUS_OK = 0,
    /// A required argument is NULL.
    CAP_STATUS_NULL_ARGUMENT = 1,
    /// A required string is empty.
    CAP_STATUS_EMPTY_ARGUMENT = 2,
    /// A string is not valid UTF-8.
    CAP_STATUS_INVALID_UTF8 = 3,
    /// The time to live is below 1 or above CAP_TTL_MAX seconds.
    CAP_STATUS_INVALID_TTL = 4,
    /// A time is negative, or the time or the expiry is above 2^53 - 1; or the
    /// system clock is before 1970.
    CAP_STATUS_INVALID_TIME = 5,
    /// The buffer cannot hold the result and its NUL.
    CAP_STATUS_BUFFER_TOO_SMALL = 6,
    /// An account SID or auth token is NULL and none is configured.
    CAP_STATUS_NO_CREDENTIALS = 7,
    /// The handle is not one of this library: its address is even.
    CAP_STATUS_INVALID_HANDLE = 8,
    /// A parameter or filter was added before its permission.
    CAP_STATUS_MISSING_SCOPE = 9,
    /// The client name is not 1 to 256 ASCII letters, digits and underscores.
    CAP_STATUS_INVALID_CLIENT_NAME = 10,
    /// The library writes a claim or grant of this name itself.
    CAP_STATUS_RESERVED_NAME = 11,
    /// The value is not JSON, or the grant is not a JSON object.
    CAP_STATUS_INVALID_JSON = 12,
    /// The call does not apply to this kind of token.
    CAP_STATUS_UNSUPPORTED = 13,
    /// Memory allocation failed.
    CAP_STATUS_OUT_OF_MEMORY = 14,
    /// A bug in this library.
    CAP_STATUS_INTERNAL = 15,
    /// The token is not a signed JSON Web Token, or has no valid expiry.
    CAP_STATUS_TOKEN_MALFORMED = 16,
    /// The token is not signed with HS256.
    CAP_STATUS_TOKEN_ALGORITHM = 17,
    /// The signature does not match: another secret, or a changed token.
    CAP_STATUS_TOKEN_SIGNATURE = 18,
    /// The token has expired.
    CAP_STATUS_TOKEN_EXPIRED = 19,
    /// The token is not valid yet.
    CAP_STATUS_TOKEN_NOT_YET_VALID = 20,
    /// The request is not a JSON object as cap_mint() documents it.
    CAP_STATUS_INVALID_REQUEST = 21,
} cap_status;

/// Times to live, in seconds.
typedef enum {
    /// An hour: the default of Twilio's own libraries.
    CAP_TTL_DEFAULT = 3600,
    /// A day: the most that Twilio accepts (its error 31207 beyond that).
    CAP_TTL_MAX = 86400,
} cap_ttl;

/// One token in the making: an account, its secret, and what the token will
/// allow.
typedef struct cap_token cap_token;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// Makes a handle for capability tokens of one account and stores it in `*out`.
/// It allows nothing yet.
///
/// `account_sid` and `auth_token` are those of the Twilio console. The bytes of
/// the auth token are the key that signs. Either may be NULL to take what
/// cap_configure() has set. Neither is checked for a prefix or a length, as in
/// Twilio's own libraries.
///
/// On success the caller owns `*out` and must pass it to cap_token_free() once.
/// Otherwise `*out` is NULL.
/// CAP_STATUS_NO_CREDENTIALS: an argument is NULL and nothing is configured.
cap_status cap_new(const char *account_sid,
                   const char *auth_token,
                   cap_token **out);

/// Makes a handle for access tokens of one account and stores it in `*out`. It
/// allows nothing yet. This is AccessToken of Twilio's own libraries: the token
/// that Twilio recommends, that works in all its regions and with its libraries
/// for phones.
///
/// `api_key_sid` and `api_key_secret` are those of an API key of the account,
/// as the Twilio console makes it (not one of its restricted keys); the bytes
/// of the secret are the key that signs. None of the three may be NULL:
/// cap_configure() has no part in this. None is checked for a prefix or a
/// length.
///
/// Every function except the two for event streams also works on access tokens.
/// To migrate, replace cap_new() by this call.
///
/// On success the caller owns `*out` and must pass it to cap_token_free() once.
/// Otherwise `*out` is NULL.
cap_status cap_new_access(const char *account_sid,
                          const char *api_key_sid,
                          const char *api_key_secret,
                          cap_token **out);

/// Lets the browser or phone that holds the token be called, under a client
/// name (`<Client>` in TwiML). Calls that it makes come from that name, too.
///
/// A second call replaces the name. Any text but "" is taken and arrives as it
/// is. Twilio's pages disagree on what a name may be: see
/// cap_check_client_name().
///
/// An access token has one name, its `identity`, for all that it allows; its
/// voice grant says here that calls may come in (`incoming.allow`).
cap_status cap_allow_incoming(cap_token *token, const char *client_name);

/// Lets the browser or phone that holds the token make calls, which the TwiML
/// application with this SID handles.
///
/// A second call replaces the application and drops the parameters of the
/// first.
///
/// In an access token, this is `outgoing.application_sid` of the voice grant.
cap_status cap_allow_outgoing(cap_token *token, const char *application_sid);

/// Adds a parameter that Twilio hands to the application with every outgoing
/// call; the holder of the token cannot change it.
///
/// Parameters keep the order of the calls, a key may repeat, and key and value
/// may be "". Whatever characters they contain, the application receives this
/// one key and this one value.
///
/// In an access token, parameters are members of an object (`outgoing.params`
/// of the voice grant): a key that is added again keeps its place and takes the
/// new value. Values are strings. To pass a nested object, encode it as JSON.
///
/// CAP_STATUS_MISSING_SCOPE: call cap_allow_outgoing() first.
cap_status cap_add_outgoing_param(cap_token *token,
                                  const char *key,
                                  const char *value);

/// Sets the client name of outgoing calls without allowing incoming ones. If
/// cap_allow_incoming() is called too, the last call decides the outgoing name.
/// Any non-empty name is accepted. Twilio's newer libraries take such a name
/// with the outgoing scope.
///
/// An access token has one name, its `identity`: this call sets it for all that
/// the token allows, and so does cap_allow_incoming(). Where incoming calls are
/// allowed, they reach the name that was set last.
cap_status cap_set_client_name(cap_token *token, const char *client_name);

/// Checks that every Twilio product accepts a client name. No other function
/// does; call it for names that come from users.
///
/// The rule is 1 to 256 ASCII letters, digits and underscores. Twilio's pages
/// differ on it; that of the JavaScript SDK allows at most 121 characters.
/// Other names may fail with Twilio's error 31105.
///
/// CAP_STATUS_INVALID_CLIENT_NAME: the name has other characters, or is longer.
cap_status cap_check_client_name(const char *client_name);

/// Lets the holder of the token follow the account's events.
///
/// A second call drops the filters of the first.
///
/// CAP_STATUS_UNSUPPORTED: an access token has no such permission.
cap_status cap_allow_event_stream(cap_token *token);

/// Adds a filter for the events that the holder of the token may follow.
///
/// Filters keep the order of the calls, a key may repeat, and key and value may
/// be "", as with cap_add_outgoing_param().
///
/// CAP_STATUS_UNSUPPORTED: an access token has no filters.
/// CAP_STATUS_MISSING_SCOPE: call cap_allow_event_stream() first.
cap_status cap_add_event_filter(cap_token *token,
                                const char *key,
                                const char *value);

/// Adds a claim of the program's own: with it, one token serves the program's
/// own interface, too.
///
/// `json` is one JSON value, such as `"text"` with its quotes, `42` or
/// `{"a":[true]}`, nested at most 127 levels deep. The order of its keys, keys
/// that repeat and the spelling of its numbers are kept; white space is
/// dropped, and strings are spelled anew, in ASCII. Half of a surrogate pair is
/// an error. A claim that is added again keeps its place and takes the new
/// value. Claims come before those of the library. Some names have a meaning
/// (RFC 7519, section 4.1): readers such as PyJWT refuse a token with an `aud`
/// that they were not told of, or with a `sub` or `jti` that is not a string.
///
/// CAP_STATUS_RESERVED_NAME: `name` is scope, iss, exp, nbf or iat; or, for an
/// access token, jti, sub or grants.
/// CAP_STATUS_INVALID_JSON: `json` is not one JSON value.
cap_status cap_add_claim(cap_token *token, const char *name, const char *json);

/// Sets when tokens begin to be valid (the claim nbf), in seconds since
/// 1970-01-01 00:00 UTC. 0 removes what was set.
///
/// Without this call, a token says nothing about it and is valid at once.
/// Twilio's newer libraries say that it begins now, and tokens fail where the
/// clock that made them is ahead of Twilio's (twilio-python#390). The time to
/// live is not counted from here but from when a token is generated.
///
/// CAP_STATUS_INVALID_TIME: `not_before` is negative, or above 2^53 - 1.
cap_status cap_set_not_before(cap_token *token, int64_t not_before);

/// Sets the region of Twilio's that takes an access token, such as "ie1" (`twr`
/// in the token's header). Without it, that is the one in the United States. A
/// second call replaces the region.
///
/// API keys and applications belong to a region: those of cap_new_access() and
/// cap_allow_outgoing() must be from this one.
///
/// CAP_STATUS_UNSUPPORTED: a capability token works in the United States only.
cap_status cap_set_region(cap_token *token, const char *region);

/// Has calls announced to a phone by push notifications, sent with the
/// credential that has this SID (`push_credential_sid` of the voice grant). A
/// second call replaces it.
///
/// CAP_STATUS_UNSUPPORTED: a capability token has no push credential.
cap_status cap_set_push_credential(cap_token *token,
                                   const char *push_credential_sid);

/// Adds a grant to an access token: what its holder may do besides calling. The
/// fields are those of Twilio's own libraries:
///
///     cap_add_grant(token, "video", "{\"room\":\"standup\"}");
///     cap_add_grant(token, "chat", "{\"service_sid\":\"IS...\"}");
///     cap_add_grant(token, "data_sync", "{\"service_sid\":\"IS...\"}");
///     cap_add_grant(token, "task_router",
///                   "{\"workspace_sid\":\"WS...\",\"worker_sid\":\"WK...\","
///                   "\"role\":\"worker\"}");
///     cap_add_grant(token, "player", playback_grant); // as Twilio's API gives it
///
/// `name` may be any other, too, so that a grant to come needs no new version
/// of this library; but not "identity", which cap_allow_incoming() and
/// cap_set_client_name() write, or "voice", of which this library writes
/// `incoming`, `outgoing` and `push_credential_sid`.
///
/// `json` is one JSON object, kept as cap_add_claim() keeps a value, and nested
/// as deep at most. What is in it is not checked. A grant that is added again
/// keeps its place and takes the new value.
///
/// CAP_STATUS_RESERVED_NAME: `name` is identity or voice.
/// CAP_STATUS_INVALID_JSON: `json` is not one JSON object.
/// CAP_STATUS_UNSUPPORTED: a capability token has no grants.
cap_status cap_add_grant(cap_token *token,
                         const char *name,
                         const char *json);

/// Writes a signed token into `buffer`. It expires `ttl` seconds from now, by
/// the system clock. The handle stays as it is and can make any number of
/// tokens.
///
/// `ttl` is 1 to CAP_TTL_MAX; CAP_TTL_DEFAULT is an hour. `size` is the size of
/// `buffer` in bytes, with the NUL. `*length` receives the length of the token,
/// without the NUL; `length` may be NULL. The token is ASCII: a JSON Web Token
/// (RFC 7519) signed with HS256. Its claims are those of cap_add_claim(), then
/// scope, iss (the account SID), exp, and nbf if cap_set_not_before() was
/// called. In an access token, those of cap_add_claim() are followed by jti
/// (the API key SID and the time), iss (the API key SID), sub (the account
/// SID), exp, nbf as above, and grants.
///
/// CAP_STATUS_BUFFER_TOO_SMALL: `*length` says what `size` must exceed.
/// `buffer` NULL with `size` 0 asks for it. On any other failure `*length` is
/// 0. Every failure sets `buffer` to "", unless `size` is 0.
/// CAP_STATUS_INVALID_TTL: `ttl` is out of range.
/// CAP_STATUS_INVALID_TIME: the clock is before 1970.
cap_status cap_generate(const cap_token *token,
                        int64_t ttl,
                        char *buffer,
                        size_t size,
                        size_t *length);

/// Does what cap_generate() does, at a time of the caller's: the same handle,
/// `now` and `ttl` give the same token, byte for byte.
///
/// `now` is in seconds since 1970-01-01 00:00 UTC.
///
/// CAP_STATUS_INVALID_TIME: `now` is negative, or it or `now + ttl` is above
/// 2^53 - 1, the largest integer that all readers of JSON agree on (RFC 8259,
/// section 6). The other statuses are those of cap_generate().
cap_status cap_generate_at(const cap_token *token,
                           int64_t now,
                           int64_t ttl,
                           char *buffer,
                           size_t size,
                           size_t *length);

/// Mints one token in one call, without a handle. Made for languages in which a
/// call of C is expensive.
///
/// `secret` is the auth token, or the API key secret of an access token. It
/// must not be NULL: cap_configure() has no effect here. `request` is a JSON
/// object:
///
///     cap_mint(auth_token,
///              "{\"account_sid\":\"AC...\",\"incoming\":\"alice\","
///              "\"outgoing\":{\"application_sid\":\"AP...\","
///              "\"params\":[[\"user_id\",\"42\"],[\"plan\",\"gold\"]]}}",
///              time(NULL), CAP_TTL_DEFAULT, token, sizeof token, NULL);
///
/// The members of `request`, of which only `account_sid` is required:
///
///     account_sid          string          cap_new(), or with
///     api_key_sid          string          cap_new_access()
///     incoming             string          cap_allow_incoming()
///     client_name          string          cap_set_client_name(), after it
///     outgoing             object:
///       application_sid    string          cap_allow_outgoing()
///       params             [[key, value]]  cap_add_outgoing_param() for each
///     event_stream         object:         cap_allow_event_stream()
///       filters            [[key, value]]  cap_add_event_filter() for each
///     claims               object          cap_add_claim() for each member
///     not_before           integer         cap_set_not_before()
///     region               string          cap_set_region()
///     push_credential_sid  string          cap_set_push_credential()
///     grants               object          cap_add_grant() for each member
///
/// The token is byte for byte the one that these calls and cap_generate_at()
/// make, whatever the order of the members. `params` and `filters` may be
/// missing; their keys and values are strings. `now` is in seconds since
/// 1970-01-01 00:00 UTC, as time() returns it. `ttl`, `buffer`, `size` and
/// `length` are as for cap_generate().
///
/// The form of the whole request is checked before any value.
/// CAP_STATUS_INVALID_REQUEST: `request` is not one JSON object, has an unknown
/// or a repeated member or a value of another type, lacks `account_sid` or
/// `application_sid`, or has a string with a NUL or half of a surrogate pair.
/// The values of `claims` and `grants` may have any strings; a name that
/// repeats there is replaced. The other statuses are those of the calls, in the
/// order of this list, and then those of cap_generate_at(). An integer beyond
/// int64_t is CAP_STATUS_INVALID_TIME.
cap_status cap_mint(const char *secret,
                    const char *request,
                    int64_t now,
                    int64_t ttl,
                    char *buffer,
                    size_t size,
                    size_t *length);

/// Checks a token, whichever of Twilio's libraries or this one has made it, and
/// writes its payload into `payload`: JSON in UTF-8, byte for byte as it was
/// signed.
///
/// `secret` is the auth token, or, for an access token, the API key secret.
/// `now` is in seconds since 1970-01-01 00:00 UTC, as time() returns it.
/// `payload`, `size` and `length` are as for cap_generate(), and a buffer of
/// the token's size is always large enough. But with `payload` NULL the token
/// is only checked, whatever `size` is, and `*length` receives the length all
/// the same. The memory that a check takes grows with the length of the token,
/// and is given back.
///
/// The signature must be an HMAC-SHA256 of the whole token, and no header can
/// ask for another. Its comparison takes the same time wherever a wrong one
/// differs.
///
/// A token must say when it expires (`exp`), and is refused from that second
/// on. It may say when it begins (`nbf`). Both are numbers, also with a
/// fraction, or strings of digits, as twilio-java 4.x writes them. Such a
/// number has at most 1,000 characters and fits into a double; such a string
/// has at most 20 digits. Times are compared as doubles.
///
/// The checks and their statuses, in this order:
///
/// - CAP_STATUS_TOKEN_MALFORMED: not three parts, or a part that is not
///   canonical base64url without padding; a header that is not a JSON object,
///   repeats alg or typ, or has crit, or a typ other than JWT in any case.
/// - CAP_STATUS_TOKEN_ALGORITHM: alg is not HS256.
/// - CAP_STATUS_TOKEN_SIGNATURE: another secret, or a changed token.
/// - CAP_STATUS_TOKEN_MALFORMED: a payload that is not a JSON object or repeats
///   exp or nbf; no exp, or one that cannot be read.
/// - CAP_STATUS_TOKEN_EXPIRED.
/// - CAP_STATUS_TOKEN_MALFORMED: an nbf that cannot be read.
/// - CAP_STATUS_TOKEN_NOT_YET_VALID.
///
/// Header and payload are malformed, too, if a string has half of a surrogate
/// pair, or a member is nested more than 128 levels deep.
///
/// CAP_STATUS_INVALID_TIME: `now` is negative, or above 2^53 - 1.
/// CAP_STATUS_BUFFER_TOO_SMALL: the token is valid, and `*length` says what
/// `size` must exceed.
cap_status cap_verify(const char *jwt,
                      const char *secret,
                      int64_t now,
                      char *payload,
                      size_t size,
                      size_t *length);

/// Frees a handle and wipes its secret from memory. NULL and even addresses are
/// ignored; nothing is passed on to libcap.
void cap_token_free(cap_token *token);

/// Frees a handle as cap_token_free() does, under a name that Linux's libcap
/// has too, with the same prototype. In a program with both libraries one of
/// the two functions is called for all objects; this one passes libcap's on to
/// libcap.
///
/// libcap's function refuses handles of this library with -1 and leaves them as
/// they are. It is the one that is called in a program that names libcap before
/// this library (`-lcap -lcaptoken`), in one that links both statically, and in
/// a plug-in whose host has libcap, perhaps through libsystemd. Prefer
/// cap_token_free(): it is always right.
///
/// Returns 0 for NULL and for a handle, which it has freed; for any other even
/// address, what libcap returns, or -1 with `errno` EINVAL where there is no
/// libcap.
int cap_free(void *token);

/// Sets the account SID and auth token that cap_new() takes where it is given
/// NULL, for the whole process, as `Twilio.configure` does in twilio-ruby. May
/// be called from any thread at any time; handles that exist stay as they are.
/// After a fork, the child must not call this function, nor cap_new() with a
/// NULL credential, if another thread was inside one of them.
///
/// NULL and NULL clear what was set, and wipe it from memory.
///
/// CAP_STATUS_NULL_ARGUMENT: only one is NULL.
cap_status cap_configure(const char *account_sid, const char *auth_token);

/// Returns the version of the library that runs, as in "1.2.3". The text is
/// constant; do not free it.
const char *cap_version(void);

/// Returns what a status means, in one line of English without a full stop, as
/// strerror() does for `errno`. `status` may be any integer. Never NULL. The
/// text is constant; do not free it.
const char *cap_strerror(int status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CAPTOKEN_H */
