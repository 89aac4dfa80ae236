package captoken

// All of cgo is in this file. Each function is one call of C, and each of the C
// functions below does what would otherwise take several. Texts arrive joined: each
// with a NUL behind it, one after the other. Results come back by value, since a place
// that Go lends to C would be memory to allocate. C keeps nothing of what it is lent.

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
#include <stdbool.h>
#include <string.h>

#ifdef CAPTOKEN_ARCHIVE
// What Go compiles here is another when the archive is another. Otherwise Go would not
// know that a program has to be linked again.
__attribute__((used)) static const char captoken_archive[] = CAPTOKEN_ARCHIVE;
#endif

// A handle that a call has made, 0 if it has made none.
typedef struct {
    cap_status status;
    uintptr_t token;
} captoken_made;

// The length of what was written.
typedef struct {
    cap_status status;
    size_t length;
} captoken_text;

static inline const char *captoken_next(const char *text)
{
    return text + strlen(text) + 1;
}

// "" stands for what is configured.
static inline const char *captoken_optional(const char *text)
{
    return *text != '\0' ? text : NULL;
}

static inline captoken_made captoken_new(const char *texts)
{
    const char *account_sid = captoken_optional(texts);
    const char *auth_token = captoken_optional(captoken_next(texts));
    cap_token *token;
    cap_status status = cap_new(account_sid, auth_token, &token);

    return (captoken_made){status, (uintptr_t)token};
}

static inline captoken_made captoken_new_access(const char *texts)
{
    const char *api_key_sid = captoken_next(texts);
    const char *api_key_secret = captoken_next(api_key_sid);
    cap_token *token;
    cap_status status = cap_new_access(texts, api_key_sid, api_key_secret, &token);

    return (captoken_made){status, (uintptr_t)token};
}

static inline cap_status captoken_configure(const char *texts)
{
    const char *account_sid = texts;
    const char *auth_token = captoken_next(texts);

    if (*account_sid == '\0' && *auth_token == '\0')
        return cap_configure(NULL, NULL);
    return cap_configure(account_sid, auth_token);
}

// A wish is one of these and two texts, of which those that it does not need are "".
enum {
    CAPTOKEN_INCOMING = 'i',
    CAPTOKEN_CLIENT_NAME = 'n',
    CAPTOKEN_OUTGOING = 'o',
    CAPTOKEN_PARAM = 'p',
    CAPTOKEN_EVENT_STREAM = 'e',
    CAPTOKEN_FILTER = 'f'
};

static inline cap_status captoken_fulfil_one(cap_token *token, char wish, const char *text,
                                             const char *value)
{
    switch (wish) {
    case CAPTOKEN_INCOMING:
        return cap_allow_incoming(token, text);
    case CAPTOKEN_CLIENT_NAME:
        return cap_set_client_name(token, text);
    case CAPTOKEN_OUTGOING:
        return cap_allow_outgoing(token, text);
    case CAPTOKEN_PARAM:
        return cap_add_outgoing_param(token, text, value);
    case CAPTOKEN_EVENT_STREAM:
        return cap_allow_event_stream(token);
    case CAPTOKEN_FILTER:
        return cap_add_event_filter(token, text, value);
    default:
        return CAP_STATUS_INTERNAL;
    }
}

static inline cap_status captoken_fulfil(uintptr_t handle, const char *wishes, size_t size)
{
    cap_status status = CAP_STATUS_OK;

    while (size > 0 && status == CAP_STATUS_OK) {
        const char *text = wishes + 1;
        const char *value = captoken_next(text);
        const char *next = captoken_next(value);

        status = captoken_fulfil_one((cap_token *)handle, *wishes, text, value);
        size -= (size_t)(next - wishes);
        wishes = next;
    }
    return status;
}

static inline cap_status captoken_add_claim(uintptr_t handle, const char *texts)
{
    return cap_add_claim((cap_token *)handle, texts, captoken_next(texts));
}

static inline cap_status captoken_set_not_before(uintptr_t handle, int64_t not_before)
{
    return cap_set_not_before((cap_token *)handle, not_before);
}

static inline cap_status captoken_set_region(uintptr_t handle, const char *region)
{
    return cap_set_region((cap_token *)handle, region);
}

static inline cap_status captoken_set_push_credential(uintptr_t handle, const char *sid)
{
    return cap_set_push_credential((cap_token *)handle, sid);
}

static inline cap_status captoken_add_grant(uintptr_t handle, const char *texts)
{
    return cap_add_grant((cap_token *)handle, texts, captoken_next(texts));
}

static inline captoken_text captoken_generate(uintptr_t handle, const char *wishes,
                                              size_t wishes_size, bool stopped, int64_t now,
                                              int64_t ttl, char *buffer, size_t size)
{
    const cap_token *token = (const cap_token *)handle;
    captoken_text text = {captoken_fulfil(handle, wishes, wishes_size), 0};

    if (text.status != CAP_STATUS_OK)
        return text;
    if (stopped)
        text.status = cap_generate_at(token, now, ttl, buffer, size, &text.length);
    else
        text.status = cap_generate(token, ttl, buffer, size, &text.length);
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

// chars lends a slice to C for a call. One without texts is NULL there.
func chars(bytes []byte) *C.char {
	if len(bytes) == 0 {
		return nil
	}
	return (*C.char)(unsafe.Pointer(&bytes[0]))
}

// libNew takes the account SID and the auth token.
func libNew(texts []byte) (uintptr, Status) {
	made := C.captoken_new(chars(texts))
	return uintptr(made.token), Status(made.status)
}

// libNewAccess takes the account SID, the API key SID and the API key secret.
func libNewAccess(texts []byte) (uintptr, Status) {
	made := C.captoken_new_access(chars(texts))
	return uintptr(made.token), Status(made.status)
}

// libConfigure takes the account SID and the auth token.
func libConfigure(texts []byte) Status {
	return Status(C.captoken_configure(chars(texts)))
}

// libCheckClientName takes the client name.
func libCheckClientName(text []byte) Status {
	return Status(C.cap_check_client_name(chars(text)))
}

// The wishes that the library fulfils.
const (
	wishIncoming    = C.CAPTOKEN_INCOMING     // and the client name
	wishClientName  = C.CAPTOKEN_CLIENT_NAME  // and the client name
	wishOutgoing    = C.CAPTOKEN_OUTGOING     // and the application SID
	wishParam       = C.CAPTOKEN_PARAM        // and key and value
	wishEventStream = C.CAPTOKEN_EVENT_STREAM // alone
	wishFilter      = C.CAPTOKEN_FILTER       // and key and value
)

// libFulfil takes any number of wishes. Where it fails, it can be called again with the
// same ones: permissions replace what the first call has left of them.
func libFulfil(address uintptr, wishes []byte) Status {
	return Status(C.captoken_fulfil(C.uintptr_t(address), chars(wishes), C.size_t(len(wishes))))
}

// libAddClaim takes the name and the value in JSON.
func libAddClaim(address uintptr, texts []byte) Status {
	return Status(C.captoken_add_claim(C.uintptr_t(address), chars(texts)))
}

func libSetNotBefore(address uintptr, seconds int64) Status {
	return Status(C.captoken_set_not_before(C.uintptr_t(address), C.int64_t(seconds)))
}

// libSetRegion takes the region.
func libSetRegion(address uintptr, text []byte) Status {
	return Status(C.captoken_set_region(C.uintptr_t(address), chars(text)))
}

// libSetPushCredential takes the SID of the push credential.
func libSetPushCredential(address uintptr, text []byte) Status {
	return Status(C.captoken_set_push_credential(C.uintptr_t(address), chars(text)))
}

// libAddGrant takes the name and the grant in JSON.
func libAddGrant(address uintptr, texts []byte) Status {
	return Status(C.captoken_add_grant(C.uintptr_t(address), chars(texts)))
}

// libGenerate does what libFulfil does. Then it writes a token and a NUL into the buffer,
// if it has room for both, and returns the token's length.
func libGenerate(address uintptr, wishes []byte, clock clock, ttl int64, buffer []byte) (int, Status) {
	text := C.captoken_generate(C.uintptr_t(address), chars(wishes), C.size_t(len(wishes)),
		C.bool(clock.stopped), C.int64_t(clock.seconds), C.int64_t(ttl), chars(buffer), C.size_t(len(buffer)))
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
