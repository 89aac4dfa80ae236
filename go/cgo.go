package captoken

// All of cgo is in this file. Each function is one call of C, and each of the C
// functions below does what would otherwise take several. Texts arrive joined: each
// with a NUL behind it, one after the other. Results come back by value, since a place
// that Go lends to C would be memory to allocate.

/*
#ifdef __has_include
#if !__has_include("captoken.h") || (defined CAPTOKEN_STATIC && !__has_include("libcaptoken.a"))
#define CAPTOKEN_MISSING
#endif
#endif

#ifdef CAPTOKEN_MISSING
#error "captoken.h or libcaptoken.a is missing. In captoken's repository run `make go-lib`, \
which puts both into the folder of the Go package; or install captoken and build with \
`-tags captoken_pkgconfig`."
#else

#include "captoken.h"
#include <string.h>

#ifdef CAPTOKEN_ARCHIVE
// What Go compiles here is another when the archive is another. Otherwise Go would not
// know that a program has to be linked again.
__attribute__((used)) static const char captoken_archive[] = CAPTOKEN_ARCHIVE;
#endif

// A handle and how a call with it ended.
typedef struct {
    cap_status status;
    uintptr_t token;
    size_t length;
} captoken_object;

// The length of what was written.
typedef struct {
    cap_status status;
    size_t length;
} captoken_text;

// How long the tokens of a handle are, with an expiry of ten digits. 0 where the
// clock is wrong, which cap_generate() is to report.
static inline size_t captoken_length(const cap_token *token)
{
    size_t length;

    cap_generate(token, CAP_TTL_DEFAULT, NULL, 0, &length);
    return length;
}

static inline const char *captoken_next(const char *text)
{
    return text + strlen(text) + 1;
}

// "" stands for what is configured.
static inline const char *captoken_optional(const char *text)
{
    return *text != '\0' ? text : NULL;
}

// What a call has made or changed: a handle, or 0 if there is none, or none any more.
static inline captoken_object captoken_result(const cap_token *token, cap_status status)
{
    captoken_object result = {status, (uintptr_t)token, 0};

    if (status == CAP_STATUS_OK)
        result.length = captoken_length(token);
    return result;
}

static inline captoken_object captoken_new(const char *texts)
{
    const char *account_sid = captoken_optional(texts);
    const char *auth_token = captoken_optional(captoken_next(texts));
    cap_token *token;
    cap_status status = cap_new(account_sid, auth_token, &token);

    return captoken_result(token, status);
}

static inline captoken_object captoken_new_access(const char *texts)
{
    const char *api_key_sid = captoken_next(texts);
    const char *api_key_secret = captoken_next(api_key_sid);
    cap_token *token;
    cap_status status = cap_new_access(texts, api_key_sid, api_key_secret, &token);

    return captoken_result(token, status);
}

static inline cap_status captoken_configure(const char *texts)
{
    const char *account_sid = texts;
    const char *auth_token = captoken_next(texts);

    if (*account_sid == '\0' && *auth_token == '\0')
        return cap_configure(NULL, NULL);
    return cap_configure(account_sid, auth_token);
}

static inline captoken_object captoken_allow_incoming(uintptr_t handle, const char *client_name)
{
    cap_token *token = (cap_token *)handle;

    return captoken_result(token, cap_allow_incoming(token, client_name));
}

static inline captoken_object captoken_set_client_name(uintptr_t handle, const char *client_name)
{
    cap_token *token = (cap_token *)handle;

    return captoken_result(token, cap_set_client_name(token, client_name));
}

typedef cap_status (*captoken_add_pair)(cap_token *token, const char *key, const char *value);

// Adds the pairs of a permission that has been set. A handle that has only some of
// them is freed.
static inline captoken_object captoken_add_pairs(cap_token *token, captoken_add_pair add,
                                                 const char *texts, size_t pairs)
{
    for (; pairs > 0; pairs--) {
        const char *key = texts;
        const char *value = captoken_next(key);
        cap_status status = add(token, key, value);

        if (status != CAP_STATUS_OK) {
            cap_token_free(token);
            return captoken_result(NULL, status);
        }
        texts = captoken_next(value);
    }
    return captoken_result(token, CAP_STATUS_OK);
}

static inline captoken_object captoken_allow_outgoing(uintptr_t handle, const char *texts,
                                                      size_t params)
{
    cap_token *token = (cap_token *)handle;
    cap_status status = cap_allow_outgoing(token, texts);

    if (status != CAP_STATUS_OK)
        return captoken_result(token, status);
    return captoken_add_pairs(token, cap_add_outgoing_param, captoken_next(texts), params);
}

static inline captoken_object captoken_allow_event_stream(uintptr_t handle, const char *texts,
                                                          size_t filters)
{
    cap_token *token = (cap_token *)handle;
    cap_status status = cap_allow_event_stream(token);

    if (status != CAP_STATUS_OK)
        return captoken_result(token, status);
    return captoken_add_pairs(token, cap_add_event_filter, texts, filters);
}

static inline captoken_object captoken_add_claim(uintptr_t handle, const char *texts)
{
    cap_token *token = (cap_token *)handle;

    return captoken_result(token, cap_add_claim(token, texts, captoken_next(texts)));
}

static inline captoken_object captoken_set_not_before(uintptr_t handle, int64_t not_before)
{
    cap_token *token = (cap_token *)handle;

    return captoken_result(token, cap_set_not_before(token, not_before));
}

static inline captoken_object captoken_set_region(uintptr_t handle, const char *region)
{
    cap_token *token = (cap_token *)handle;

    return captoken_result(token, cap_set_region(token, region));
}

static inline captoken_object captoken_set_push_credential(uintptr_t handle, const char *sid)
{
    cap_token *token = (cap_token *)handle;

    return captoken_result(token, cap_set_push_credential(token, sid));
}

static inline captoken_object captoken_add_grant(uintptr_t handle, const char *texts)
{
    cap_token *token = (cap_token *)handle;

    return captoken_result(token, cap_add_grant(token, texts, captoken_next(texts)));
}

static inline captoken_text captoken_generate(uintptr_t handle, int64_t ttl, char *buffer,
                                              size_t size)
{
    captoken_text text;

    text.status = cap_generate((const cap_token *)handle, ttl, buffer, size, &text.length);
    return text;
}

static inline captoken_text captoken_generate_at(uintptr_t handle, int64_t now, int64_t ttl,
                                                 char *buffer, size_t size)
{
    captoken_text text;

    text.status = cap_generate_at((const cap_token *)handle, now, ttl, buffer, size,
                                  &text.length);
    return text;
}

static inline captoken_text captoken_verify(const char *texts, int64_t now, char *payload,
                                            size_t size)
{
    captoken_text text;

    text.status = cap_verify(texts, captoken_next(texts), now, payload, size, &text.length);
    return text;
}

static inline void captoken_free(uintptr_t handle)
{
    cap_token_free((cap_token *)handle);
}

#endif
*/
import "C"

import "unsafe"

// An object is one of the library's, after a call that made or changed it.
type object struct {
	status  Status
	address uintptr // 0 if there is none, or none any more
	length  int     // of its tokens; right if the status is StatusOK
}

func newObject(o C.captoken_object) object {
	return object{Status(o.status), uintptr(o.token), int(o.length)}
}

// chars lends a slice to C for a call. One without texts is NULL there.
func chars(bytes []byte) *C.char {
	if len(bytes) == 0 {
		return nil
	}
	return (*C.char)(unsafe.Pointer(&bytes[0]))
}

// libNew takes the account SID and the auth token.
func libNew(texts []byte) object {
	return newObject(C.captoken_new(chars(texts)))
}

// libNewAccess takes the account SID, the API key SID and the API key secret.
func libNewAccess(texts []byte) object {
	return newObject(C.captoken_new_access(chars(texts)))
}

// libConfigure takes the account SID and the auth token.
func libConfigure(texts []byte) Status {
	return Status(C.captoken_configure(chars(texts)))
}

// libAllowIncoming takes the client name.
func libAllowIncoming(address uintptr, text []byte) object {
	return newObject(C.captoken_allow_incoming(C.uintptr_t(address), chars(text)))
}

// libSetClientName takes the client name.
func libSetClientName(address uintptr, text []byte) object {
	return newObject(C.captoken_set_client_name(C.uintptr_t(address), chars(text)))
}

// libCheckClientName takes the client name.
func libCheckClientName(text []byte) Status {
	return Status(C.cap_check_client_name(chars(text)))
}

// libAllowOutgoing takes the application SID, and the key and value of each parameter.
func libAllowOutgoing(address uintptr, texts []byte, params int) object {
	return newObject(C.captoken_allow_outgoing(C.uintptr_t(address), chars(texts), C.size_t(params)))
}

// libAllowEventStream takes the key and value of each filter.
func libAllowEventStream(address uintptr, texts []byte, filters int) object {
	return newObject(C.captoken_allow_event_stream(C.uintptr_t(address), chars(texts), C.size_t(filters)))
}

// libAddClaim takes the name and the value in JSON.
func libAddClaim(address uintptr, texts []byte) object {
	return newObject(C.captoken_add_claim(C.uintptr_t(address), chars(texts)))
}

func libSetNotBefore(address uintptr, seconds int64) object {
	return newObject(C.captoken_set_not_before(C.uintptr_t(address), C.int64_t(seconds)))
}

// libSetRegion takes the region.
func libSetRegion(address uintptr, text []byte) object {
	return newObject(C.captoken_set_region(C.uintptr_t(address), chars(text)))
}

// libSetPushCredential takes the SID of the push credential.
func libSetPushCredential(address uintptr, text []byte) object {
	return newObject(C.captoken_set_push_credential(C.uintptr_t(address), chars(text)))
}

// libAddGrant takes the name and the grant in JSON.
func libAddGrant(address uintptr, texts []byte) object {
	return newObject(C.captoken_add_grant(C.uintptr_t(address), chars(texts)))
}

// libGenerate writes a token and a NUL into the buffer, if it has room for both, and
// returns the token's length.
func libGenerate(address uintptr, clock clock, ttl int64, buffer []byte) (int, Status) {
	handle, size := C.uintptr_t(address), C.size_t(len(buffer))
	var text C.captoken_text
	if clock.stopped {
		text = C.captoken_generate_at(handle, C.int64_t(clock.seconds), C.int64_t(ttl), chars(buffer), size)
	} else {
		text = C.captoken_generate(handle, C.int64_t(ttl), chars(buffer), size)
	}
	return int(text.length), Status(text.status)
}

// libVerify takes the token and the secret. It writes the payload and a NUL into the
// buffer, if it has room for both, and returns the payload's length.
func libVerify(texts []byte, now int64, buffer []byte) (int, Status) {
	text := C.captoken_verify(chars(texts), C.int64_t(now), chars(buffer), C.size_t(len(buffer)))
	return int(text.length), Status(text.status)
}

func libFree(address uintptr) {
	C.captoken_free(C.uintptr_t(address))
}

func libVersion() string {
	return C.GoString(C.cap_version())
}

func libStrerror(status Status) string {
	return C.GoString(C.cap_strerror(C.int(status)))
}
