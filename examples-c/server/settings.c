/* Reads the environment. */
#include "server.h"

#include <captoken.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns an environment variable, or NULL if it is not set or empty. */
static const char *look_up(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

/* Returns whether a setting is present, and reports a missing one. */
static int is_set(const char *value, const char *name)
{
    if (value == NULL)
        fprintf(stderr, "token_server: missing environment variables: %s\n", name);
    return value != NULL;
}

/* Half of an API key is an error: capability tokens are served only if neither half is
 * set. */
static int read_credentials(struct settings *settings)
{
    int ok = 1;

    settings->account_sid = look_up("TWILIO_ACCOUNT_SID");
    settings->auth_token = look_up("TWILIO_AUTH_TOKEN");
    settings->api_key_sid = look_up("TWILIO_API_KEY_SID");
    settings->api_key_secret = look_up("TWILIO_API_KEY_SECRET");
    settings->application_sid = look_up("TWILIO_APP_SID");

    ok &= is_set(settings->account_sid, "TWILIO_ACCOUNT_SID");
    ok &= is_set(settings->application_sid, "TWILIO_APP_SID");
    if (settings->api_key_sid != NULL || settings->api_key_secret != NULL) {
        ok &= is_set(settings->api_key_sid, "TWILIO_API_KEY_SID");
        ok &= is_set(settings->api_key_secret, "TWILIO_API_KEY_SECRET");
    } else {
        ok &= is_set(settings->auth_token,
                     "TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET,"
                     " or TWILIO_AUTH_TOKEN");
    }
    return ok;
}

static int read_lists(struct settings *settings)
{
    int ok = 1;

    settings->hosts = look_up("TOKEN_HOSTS");
    if (settings->hosts == NULL)
        settings->hosts = "localhost,127.0.0.1,[::1]";
    if (!is_host_list(settings->hosts)) {
        fprintf(stderr,
                "token_server: TOKEN_HOSTS: write hosts without ports, such as"
                " example.com,[::1]\n");
        ok = 0;
    }
    settings->origins = look_up("TOKEN_ORIGINS");
    if (settings->origins != NULL && !is_origin_list(settings->origins)) {
        fprintf(stderr,
                "token_server: TOKEN_ORIGINS: write origins in lower case, such as"
                " https://example.com,http://localhost:3000\n");
        ok = 0;
    }
    return ok;
}

/* Reads a number from 1 to `most`. Without strspn(), strtoul() would also accept " 60" and
 * "+60". */
static int read_number(const char *name, unsigned int most, unsigned int fallback,
                       unsigned int *number)
{
    const char *value = look_up(name);
    unsigned long found;

    *number = fallback;
    if (value == NULL)
        return 1;
    found = strtoul(value, NULL, 10); /* ULONG_MAX if there are too many digits */
    if (value[strspn(value, "0123456789")] == '\0' && found >= 1 && found <= most) {
        *number = (unsigned int)found;
        return 1;
    }
    fprintf(stderr, "token_server: %s: write a number from 1 to %u\n", name, most);
    return 0;
}

int read_settings(struct settings *settings)
{
    int ok = read_credentials(settings);

    ok &= read_lists(settings);
    ok &= read_number("TOKEN_TTL", CAP_TTL_MAX, CAP_TTL_DEFAULT, &settings->ttl);
    ok &= read_number("TOKEN_LIMIT", 1000000, 60, &settings->limit);
    ok &= read_number("TOKEN_CONNECTIONS", CONNECTIONS, 50, &settings->connections);
    return ok;
}
