/* The header compiles alone, included twice, and with libcap's header before or after it.
 * The macros select the order. */
#ifdef LIBCAP_FIRST
#include <sys/capability.h>
#endif
#include <captoken.h>
#include <captoken.h>
#ifdef LIBCAP_LAST
#include <sys/capability.h>
#endif

/* The ABI: numbers, and types of functions. */
typedef char numbers[CAP_STATUS_OK == 0 && CAP_STATUS_OUT_OF_MEMORY == 14
                             && CAP_STATUS_TOKEN_NOT_YET_VALID == 20
                             && CAP_STATUS_INVALID_REQUEST == 21
                             && CAP_TTL_DEFAULT == 3600 && CAP_TTL_MAX == 86400
                         ? 1
                         : -1];

#ifdef __cplusplus
#define TABLE(name) extern "C" const struct functions name
#else
#define TABLE(name) const struct functions name
#endif

struct functions {
    cap_status (*new_)(const char *, const char *, cap_token **);
    cap_status (*allow_incoming)(cap_token *, const char *);
    cap_status (*allow_outgoing)(cap_token *, const char *);
    cap_status (*add_outgoing_param)(cap_token *, const char *, const char *);
    cap_status (*generate)(const cap_token *, int64_t, char *, size_t, size_t *);
    cap_status (*generate_at)(const cap_token *, int64_t, int64_t, char *, size_t,
                              size_t *);
    int (*free_)(void *);
    void (*token_free)(cap_token *);
    cap_status (*configure)(const char *, const char *);
    const char *(*version)(void);
    const char *(*strerror_)(int);
};

TABLE(table);
TABLE(table) = {
    cap_new,       cap_allow_incoming, cap_allow_outgoing, cap_add_outgoing_param,
    cap_generate,  cap_generate_at,    cap_free,           cap_token_free,
    cap_configure, cap_version,        cap_strerror,
};

typedef cap_ttl seconds;
