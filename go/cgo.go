package captoken

// All cgo code is in this file, except linker flags. Each function makes one C call, which
// costs 40 ns. Strings are passed joined, each followed by a NUL. Results are returned by
// value, because a result that C writes through a pointer would be a Go allocation. C keeps
// no pointer.

/*
#if !__has_include("captoken.h") && defined(__APPLE__)
#error "captoken.h is missing in the folder of the Go package. Copy include/captoken.h of captoken's \
repository there."
#elif !__has_include("captoken.h")
#error "captoken.h is missing in the folder of the Go package. Run `make go-lib` in captoken's \
repository, which writes it and the library; or install captoken and build with \
`-tags captoken_pkgconfig`."
#else

#include "captoken.h"

#include <stdbool.h>
#include <string.h>

// A new handle, 0 if the call failed.
typedef struct {
    cap_status status;
    uintptr_t token;
} captoken_made;

// The result of replacing a permission. It is broken if a pair could not be added.
typedef struct {
    cap_status status;
    bool broken;
} captoken_permission;

// The length of the result, without the NUL.
typedef struct {
    cap_status status;
    size_t length;
} captoken_written;

static inline const char *captoken_next(const char *string)
{
    return string + strlen(string) + 1;
}

// "" means the configured default, which is NULL in C.
static inline const char *captoken_optional(const char *string)
{
    return *string != '\0' ? string : NULL;
}

static inline captoken_made captoken_new(const char *strings)
{
    const char *account_sid = captoken_optional(strings);
    const char *auth_token = captoken_optional(captoken_next(strings));
    cap_token *token;
    cap_status status = cap_new(account_sid, auth_token, &token);

    return (captoken_made){status, (uintptr_t)token};
}

static inline captoken_made captoken_new_access(const char *strings)
{
    const char *api_key_sid = captoken_next(strings);
    const char *api_key_secret = captoken_next(api_key_sid);
    cap_token *token;
    cap_status status = cap_new_access(strings, api_key_sid, api_key_secret, &token);

    return (captoken_made){status, (uintptr_t)token};
}

static inline cap_status captoken_configure(const char *strings)
{
    const char *account_sid = strings;
    const char *auth_token = captoken_next(strings);

    if (*account_sid == '\0' && *auth_token == '\0')
        return cap_configure(NULL, NULL);
    return cap_configure(account_sid, auth_token);
}

static inline cap_status captoken_allow_incoming(uintptr_t handle, const char *client_name)
{
    return cap_allow_incoming((cap_token *)handle, client_name);
}

static inline cap_status captoken_set_client_name(uintptr_t handle, const char *client_name)
{
    return cap_set_client_name((cap_token *)handle, client_name);
}

typedef cap_status captoken_add_pair(cap_token *token, const char *key, const char *value);

static inline captoken_permission captoken_add_pairs(uintptr_t handle, captoken_add_pair *add,
                                                     const char *pairs, size_t count)
{
    captoken_permission permission = {CAP_STATUS_OK, false};

    for (size_t i = 0; i < count && !permission.broken; i++) {
        const char *value = captoken_next(pairs);

        permission.status = add((cap_token *)handle, pairs, value);
        permission.broken = permission.status != CAP_STATUS_OK;
        pairs = captoken_next(value);
    }
    return permission;
}

static inline captoken_permission captoken_allow_outgoing(uintptr_t handle, const char *strings,
                                                          size_t params)
{
    cap_status status = cap_allow_outgoing((cap_token *)handle, strings);

    if (status != CAP_STATUS_OK)
        return (captoken_permission){status, false};
    return captoken_add_pairs(handle, cap_add_outgoing_param, captoken_next(strings), params);
}

static inline captoken_permission captoken_allow_event_stream(uintptr_t handle,
                                                              const char *pairs, size_t filters)
{
    cap_status status = cap_allow_event_stream((cap_token *)handle);

    if (status != CAP_STATUS_OK)
        return (captoken_permission){status, false};
    return captoken_add_pairs(handle, cap_add_event_filter, pairs, filters);
}

static inline cap_status captoken_add_claim(uintptr_t handle, const char *strings)
{
    return cap_add_claim((cap_token *)handle, strings, captoken_next(strings));
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

static inline cap_status captoken_add_grant(uintptr_t handle, const char *strings)
{
    return cap_add_grant((cap_token *)handle, strings, captoken_next(strings));
}

static inline captoken_written captoken_generate(uintptr_t handle, bool stopped, int64_t now,
                                                 int64_t ttl, char *buffer, size_t size)
{
    const cap_token *token = (const cap_token *)handle;
    captoken_written written;

    if (stopped)
        written.status = cap_generate_at(token, now, ttl, buffer, size, &written.length);
    else
        written.status = cap_generate(token, ttl, buffer, size, &written.length);
    return written;
}

static inline captoken_written captoken_verify(const char *strings, int64_t now, char *payload,
                                               size_t size)
{
    captoken_written written;

    written.status = cap_verify(strings, captoken_next(strings), now, payload, size,
                                &written.length);
    return written;
}

static inline void captoken_free(uintptr_t handle)
{
    cap_token_free((cap_token *)handle);
}

#endif
*/
import "C"

import "unsafe"

// chars returns a pointer to the bytes for one C call, or NULL.
func chars(bytes []byte) *C.char {
	if len(bytes) == 0 {
		return nil
	}
	return (*C.char)(unsafe.Pointer(&bytes[0]))
}

// libNew takes the account SID and the auth token.
func libNew(joined []byte) (uintptr, Status) {
	made := C.captoken_new(chars(joined))
	return uintptr(made.token), Status(made.status)
}

// libNewAccess takes the account SID, the API key SID and the API key secret.
func libNewAccess(joined []byte) (uintptr, Status) {
	made := C.captoken_new_access(chars(joined))
	return uintptr(made.token), Status(made.status)
}

// libConfigure takes the account SID and the auth token.
func libConfigure(joined []byte) Status {
	return Status(C.captoken_configure(chars(joined)))
}

// libCheckClientName takes the client name.
func libCheckClientName(joined []byte) Status {
	return Status(C.cap_check_client_name(chars(joined)))
}

// libAllowIncoming takes the client name.
func libAllowIncoming(address uintptr, joined []byte) Status {
	return Status(C.captoken_allow_incoming(C.uintptr_t(address), chars(joined)))
}

// libSetClientName takes the client name.
func libSetClientName(address uintptr, joined []byte) Status {
	return Status(C.captoken_set_client_name(C.uintptr_t(address), chars(joined)))
}

// libAllowOutgoing takes the application SID, and the key and the value of each parameter.
// If broken is true, some parameters are missing.
func libAllowOutgoing(address uintptr, joined []byte, params int) (status Status, broken bool) {
	permission := C.captoken_allow_outgoing(C.uintptr_t(address), chars(joined), C.size_t(params))
	return Status(permission.status), bool(permission.broken)
}

// libAllowEventStream takes the key and the value of each filter.
// If broken is true, some filters are missing.
func libAllowEventStream(address uintptr, joined []byte, filters int) (status Status, broken bool) {
	permission := C.captoken_allow_event_stream(C.uintptr_t(address), chars(joined), C.size_t(filters))
	return Status(permission.status), bool(permission.broken)
}

// libAddClaim takes the name and the value in JSON.
func libAddClaim(address uintptr, joined []byte) Status {
	return Status(C.captoken_add_claim(C.uintptr_t(address), chars(joined)))
}

func libSetNotBefore(address uintptr, seconds int64) Status {
	return Status(C.captoken_set_not_before(C.uintptr_t(address), C.int64_t(seconds)))
}

// libSetRegion takes the region.
func libSetRegion(address uintptr, joined []byte) Status {
	return Status(C.captoken_set_region(C.uintptr_t(address), chars(joined)))
}

// libSetPushCredential takes the SID of the push credential.
func libSetPushCredential(address uintptr, joined []byte) Status {
	return Status(C.captoken_set_push_credential(C.uintptr_t(address), chars(joined)))
}

// libAddGrant takes the name and the grant in JSON.
func libAddGrant(address uintptr, joined []byte) Status {
	return Status(C.captoken_add_grant(C.uintptr_t(address), chars(joined)))
}

// libGenerate writes a token and a NUL into the buffer, if both fit. It returns the length
// of the token.
func libGenerate(address uintptr, clock clock, ttl int64, buffer []byte) (int, Status) {
	written := C.captoken_generate(C.uintptr_t(address), C.bool(clock.stopped), C.int64_t(clock.seconds),
		C.int64_t(ttl), chars(buffer), C.size_t(len(buffer)))
	return int(written.length), Status(written.status)
}

// libVerify takes the token and the secret. It writes the payload and a NUL into the
// buffer, if both fit. It returns the length of the payload.
func libVerify(joined []byte, now int64, buffer []byte) (int, Status) {
	written := C.captoken_verify(chars(joined), C.int64_t(now), chars(buffer), C.size_t(len(buffer)))
	return int(written.length), Status(written.status)
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
