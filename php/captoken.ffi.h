#define FFI_SCOPE "CAPTOKEN"
#define FFI_LIB "libcaptoken.so.0"

/* For PHP's FFI::load and ffi.preload; captoken.h documents the functions. */

typedef enum {
    CAP_STATUS_OK = 0,
    CAP_STATUS_NULL_ARGUMENT = 1,
    CAP_STATUS_EMPTY_ARGUMENT = 2,
    CAP_STATUS_INVALID_UTF8 = 3,
    CAP_STATUS_INVALID_TTL = 4,
    CAP_STATUS_INVALID_TIME = 5,
    CAP_STATUS_BUFFER_TOO_SMALL = 6,
    CAP_STATUS_NO_CREDENTIALS = 7,
    CAP_STATUS_INVALID_HANDLE = 8,
    CAP_STATUS_MISSING_SCOPE = 9,
    CAP_STATUS_INVALID_CLIENT_NAME = 10,
    CAP_STATUS_RESERVED_NAME = 11,
    CAP_STATUS_INVALID_JSON = 12,
    CAP_STATUS_UNSUPPORTED = 13,
    CAP_STATUS_OUT_OF_MEMORY = 14,
    CAP_STATUS_INTERNAL = 15,
    CAP_STATUS_TOKEN_MALFORMED = 16,
    CAP_STATUS_TOKEN_ALGORITHM = 17,
    CAP_STATUS_TOKEN_SIGNATURE = 18,
    CAP_STATUS_TOKEN_EXPIRED = 19,
    CAP_STATUS_TOKEN_NOT_YET_VALID = 20,
    CAP_STATUS_INVALID_REQUEST = 21,
} cap_status;

typedef enum {
    CAP_TTL_DEFAULT = 3600,
    CAP_TTL_MAX = 86400,
} cap_ttl;

typedef struct cap_token cap_token;

cap_status cap_new(const char *account_sid,
                   const char *auth_token,
                   cap_token **out);

cap_status cap_new_access(const char *account_sid,
                          const char *api_key_sid,
                          const char *api_key_secret,
                          cap_token **out);

cap_status cap_allow_incoming(cap_token *token, const char *client_name);

cap_status cap_allow_outgoing(cap_token *token, const char *application_sid);

cap_status cap_add_outgoing_param(cap_token *token,
                                  const char *key,
                                  const char *value);

cap_status cap_set_client_name(cap_token *token, const char *client_name);

cap_status cap_check_client_name(const char *client_name);

cap_status cap_allow_event_stream(cap_token *token);

cap_status cap_add_event_filter(cap_token *token,
                                const char *key,
                                const char *value);

cap_status cap_add_claim(cap_token *token, const char *name, const char *json);

cap_status cap_set_not_before(cap_token *token, int64_t not_before);

cap_status cap_set_region(cap_token *token, const char *region);

cap_status cap_set_push_credential(cap_token *token,
                                   const char *push_credential_sid);

cap_status cap_add_grant(cap_token *token, const char *name, const char *json);

cap_status cap_generate(const cap_token *token,
                        int64_t ttl,
                        char *buffer,
                        size_t size,
                        size_t *length);

cap_status cap_generate_at(const cap_token *token,
                           int64_t now,
                           int64_t ttl,
                           char *buffer,
                           size_t size,
                           size_t *length);

cap_status cap_mint(const char *secret,
                    const char *request,
                    int64_t now,
                    int64_t ttl,
                    char *buffer,
                    size_t size,
                    size_t *length);

cap_status cap_verify(const char *jwt,
                      const char *secret,
                      int64_t now,
                      char *payload,
                      size_t size,
                      size_t *length);

void cap_token_free(cap_token *token);

int cap_free(void *token);

cap_status cap_configure(const char *account_sid, const char *auth_token);

const char *cap_version(void);

const char *cap_strerror(int status);
