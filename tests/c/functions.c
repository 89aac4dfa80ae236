#include "functions.h"

#include "check.h"

#include <captoken.h>
#include <string.h>

#define NOW 1400000000
#define SID "AC0123456789abcdef0123456789abcdef"
#define ACCOUNT "\"account_sid\":\"" SID "\""

enum { LONG = 2000, DEEP = 127, JWT_SIZE = 131072 };

/* Not on the stack, which may be small. Each thread that calls must be the only one. */
static char long_name[LONG + 1], deep[2 * DEEP + 1], deep_object[2 * DEEP + 4],
    request[4096], jwt[JWT_SIZE], payload[JWT_SIZE];

static void prepare(void)
{
    memset(long_name, '<', LONG);
    memset(deep, '[', DEEP);
    memset(deep + DEEP, ']', DEEP);
    memcpy(deep_object, "{\"\":", 4);
    memcpy(deep_object + 4, deep + 1, 2 * DEEP - 2);
    deep_object[2 * DEEP + 2] = '}';
}

#define CALL(function, statement)                                                        \
    do {                                                                                 \
        if (calls->before != NULL)                                                       \
            calls->before();                                                             \
        statement;                                                                       \
        if (calls->after != NULL)                                                        \
            calls->after(#function);                                                     \
    } while (0)

#define GIVES(function, arguments, expected)                                             \
    do {                                                                                 \
        int result;                                                                      \
                                                                                         \
        CALL(function, result = (int)function arguments);                                \
        if (result != (int)(expected))                                                   \
            fprintf(stderr, "%s: %s\n", #function, cap_strerror(result));                \
        CHECK(result == (int)(expected));                                                \
    } while (0)

#define OK(function, arguments) GIVES(function, arguments, CAP_STATUS_OK)

static void mint(const struct calls *calls, const cap_token *token)
{
    OK(cap_generate, (token, CAP_TTL_DEFAULT, jwt, sizeof jwt, NULL));
    OK(cap_generate_at, (token, NOW, CAP_TTL_DEFAULT, jwt, sizeof jwt, NULL));
    GIVES(cap_generate, (token, 60, jwt, 9, NULL), CAP_STATUS_BUFFER_TOO_SMALL);
    GIVES(cap_generate_at, (token, -1, 60, jwt, 9, NULL), CAP_STATUS_INVALID_TIME);
}

static void verify(const struct calls *calls, const char *token)
{
    cap_status status;
    size_t length;

    CALL(cap_verify,
         status = cap_verify(token, "secret", NOW, payload, sizeof payload, &length));
    CHECK((status == CAP_STATUS_OK) == (payload[0] != '\0'));
    CHECK(strlen(payload) == length);
}

static void call_shared_setters(const struct calls *calls, cap_token *token)
{
    GIVES(cap_add_outgoing_param, (token, "", ""), CAP_STATUS_MISSING_SCOPE);
    OK(cap_allow_incoming, (token, "Alice"));
    OK(cap_allow_outgoing, (token, "AP123123"));
    OK(cap_add_outgoing_param, (token, "Foo", "Bar"));
    OK(cap_set_client_name, (token, "Bob"));
    OK(cap_add_claim, (token, "user", "{\"id\":[42,\"\\u00e9\"]}"));
    OK(cap_set_not_before, (token, NOW));
    mint(calls, token);
    OK(cap_allow_incoming, (token, long_name));
    OK(cap_allow_outgoing, (token, long_name));
    OK(cap_add_outgoing_param, (token, long_name, long_name));
    OK(cap_set_client_name, (token, long_name));
    OK(cap_add_claim, (token, long_name, deep));
    mint(calls, token);
    verify(calls, jwt);
    GIVES(cap_allow_incoming, (token, "\xff"), CAP_STATUS_INVALID_UTF8);
    GIVES(cap_allow_outgoing, (token, ""), CAP_STATUS_EMPTY_ARGUMENT);
    GIVES(cap_set_client_name, (token, NULL), CAP_STATUS_NULL_ARGUMENT);
    GIVES(cap_add_claim, (token, "exp", "1"), CAP_STATUS_RESERVED_NAME);
    GIVES(cap_add_claim, (token, "a", deep + 1), CAP_STATUS_INVALID_JSON);
    GIVES(cap_set_not_before, (token, -1), CAP_STATUS_INVALID_TIME);
}

static void call_capability(const struct calls *calls)
{
    cap_token *token;

    GIVES(cap_new, (NULL, NULL, &token), CAP_STATUS_NO_CREDENTIALS);
    OK(cap_configure, (SID, "secret"));
    OK(cap_new, (NULL, NULL, &token));
    GIVES(cap_free, (token), 0);
    OK(cap_configure, (long_name, long_name));
    GIVES(cap_configure, (SID, NULL), CAP_STATUS_NULL_ARGUMENT);
    OK(cap_new, (long_name, long_name, &token));
    GIVES(cap_free, (token), 0);
    OK(cap_configure, (NULL, NULL));
    OK(cap_new, (SID, "secret", &token));
    GIVES(cap_add_event_filter, (token, "", ""), CAP_STATUS_MISSING_SCOPE);
    OK(cap_allow_event_stream, (token));
    OK(cap_add_event_filter, (token, "type", "call"));
    OK(cap_add_event_filter, (token, long_name, long_name));
    call_shared_setters(calls, token);
    GIVES(cap_set_region, (token, "ie1"), CAP_STATUS_UNSUPPORTED);
    GIVES(cap_set_push_credential, (token, "CR123123"), CAP_STATUS_UNSUPPORTED);
    GIVES(cap_add_grant, (token, "video", "{}"), CAP_STATUS_UNSUPPORTED);
    OK(cap_allow_event_stream, (token));
    CALL(cap_token_free, cap_token_free(token));
}

static void call_access(const struct calls *calls)
{
    cap_token *token;

    GIVES(cap_new_access, (SID, "", "secret", &token), CAP_STATUS_EMPTY_ARGUMENT);
    OK(cap_new_access, (long_name, long_name, long_name, &token));
    cap_token_free(token);
    OK(cap_new_access, (SID, "SK123123", "secret", &token));
    call_shared_setters(calls, token);
    OK(cap_set_region, (token, "ie1"));
    OK(cap_set_region, (token, long_name));
    OK(cap_set_push_credential, (token, "CR123123"));
    OK(cap_set_push_credential, (token, long_name));
    OK(cap_add_grant, (token, "video", "{\"room\":\"standup\"}"));
    OK(cap_add_grant, (token, long_name, deep_object));
    GIVES(cap_add_grant, (token, "voice", "{}"), CAP_STATUS_RESERVED_NAME);
    GIVES(cap_add_grant, (token, "chat", deep), CAP_STATUS_INVALID_JSON);
    GIVES(cap_allow_event_stream, (token), CAP_STATUS_UNSUPPORTED);
    GIVES(cap_add_event_filter, (token, "", ""), CAP_STATUS_UNSUPPORTED);
    mint(calls, token);
    verify(calls, jwt);
    CALL(cap_token_free, cap_token_free(token));
}

static void call_mint(const struct calls *calls)
{
    OK(cap_mint,
       ("secret", "{" ACCOUNT ",\"incoming\":\"Alice\"}", NOW, 60, jwt, sizeof jwt,
        NULL));
    strcat(strcpy(request,
                  "{" ACCOUNT ",\"api_key_sid\":\"SK123123\",\"outgoing\":{"
                  "\"application_sid\":\"AP123123\",\"params\":[[\"\\u00e9\",\"Bar\"]]},"
                  "\"incoming\":\""),
           long_name);
    strcat(strcat(strcat(request, "\",\"claims\":{\"a\":"), deep),
           "},\"grants\":{\"video\":");
    strcat(strcat(request, deep_object), "}}");
    OK(cap_mint, (long_name, request, NOW, 60, jwt, sizeof jwt, NULL));
    GIVES(cap_mint, ("secret", deep, NOW, 60, jwt, sizeof jwt, NULL),
          CAP_STATUS_INVALID_REQUEST);
    GIVES(cap_mint,
          ("secret", "{" ACCOUNT ",\"region\":\"ie1\"}", NOW, 60, jwt, sizeof jwt, NULL),
          CAP_STATUS_UNSUPPORTED);
    GIVES(cap_mint, ("secret", request, NOW, 60, jwt, 9, NULL),
          CAP_STATUS_BUFFER_TOO_SMALL);
}

static void call_others(const struct calls *calls)
{
    static long foreign[2];

    OK(cap_check_client_name, ("Alice"));
    GIVES(cap_check_client_name, (long_name), CAP_STATUS_INVALID_CLIENT_NAME);
    CALL(cap_version, CHECK(cap_version() != NULL));
    CALL(cap_strerror, CHECK(cap_strerror(CAP_STATUS_INTERNAL) != NULL));
    CALL(cap_strerror, CHECK(cap_strerror(-1) != NULL));
    GIVES(cap_free, (NULL), 0);
    /* Looks for libcap. */
    GIVES(cap_free, (foreign), -1);
}

void call_every_function(const struct calls *calls)
{
    char **token;

    prepare();
    call_capability(calls);
    call_access(calls);
    call_mint(calls);
    for (token = calls->tokens; *token != NULL; token++)
        verify(calls, *token);
    call_others(calls);
}
