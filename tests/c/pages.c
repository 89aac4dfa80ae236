/* The programs of Twilio's pages "Generate Capability Tokens" for Python, Ruby and PHP,
 * in C. Each prints its name and its token for the second 1400000000. */
#include <captoken.h>

#include "check.h"

enum { NOW = 1400000000 };

static void check(cap_status status)
{
    CHECK(status == CAP_STATUS_OK);
}

static void print(const char *name, const cap_token *token, int64_t ttl)
{
    char jwt[1024];

    check(cap_generate_at(token, NOW, ttl, jwt, sizeof jwt, NULL));
    printf("%s %s\n", name, jwt);
}

/* Python: incoming calls. */
static void python_incoming(void)
{
    cap_token *token;

    check(cap_new("AC123123", "secret", &token));
    check(cap_allow_incoming(token, "Alice"));
    print("seed_python_incoming", token, CAP_TTL_DEFAULT);
    cap_token_free(token);
}

/* Python: incoming and outgoing calls. */
static void python_both(void)
{
    cap_token *token;

    check(cap_new("AC123123", "secret", &token));
    check(cap_allow_incoming(token, "Alice"));
    check(cap_allow_outgoing(token, "APabe7650f654fc34655fc81ae71caa3ff"));
    print("seed_python_both_default_ttl", token, CAP_TTL_DEFAULT);
    cap_token_free(token);
}

/* Ruby: credentials configured for the process. */
static void ruby_configured(void)
{
    cap_token *token;

    check(cap_configure("ACXXXXXXXXXXXXXXXXX", "YYYYYYYYYYYYYYYYYY"));
    check(cap_new(NULL, NULL, &token));
    check(cap_allow_outgoing(token, "APabe7650f654fc34655fc81ae71caa3ff"));
    check(cap_allow_incoming(token, "Alice"));
    print("seed_ruby_configured_credentials", token, CAP_TTL_DEFAULT);
    cap_token_free(token);
    check(cap_configure(NULL, NULL));
}

/* PHP: outgoing calls. */
static void php_outgoing(void)
{
    cap_token *token;

    check(cap_new("AC123123", "secret", &token));
    check(cap_allow_outgoing(token, "AP123123"));
    print("seed_php_outgoing_short_sid", token, CAP_TTL_DEFAULT);
    cap_token_free(token);
}

/* PHP: a parameter for the application, for ten minutes. */
static void php_params(void)
{
    cap_token *token;

    check(cap_new("AC123123", "secret", &token));
    check(cap_allow_incoming(token, "Alice"));
    check(cap_allow_outgoing(token, "AP123123"));
    check(cap_add_outgoing_param(token, "Foo", "Bar"));
    print("seed_php_params_ttl_600", token, 600);
    cap_token_free(token);
}

/* PHP: a parameter that tells the application who calls. */
static void php_user_id(void)
{
    cap_token *token;

    check(cap_new("AC123123", "secret", &token));
    check(cap_allow_outgoing(token, "APabe7650f654fc34655fc81ae71caa3ff"));
    check(cap_add_outgoing_param(token, "user_id", "42"));
    print("user_id", token, CAP_TTL_DEFAULT);
    cap_token_free(token);
}

int main(void)
{
    python_incoming();
    python_both();
    ruby_configured();
    php_outgoing();
    php_params();
    php_user_id();
    return EXIT_SUCCESS;
}
