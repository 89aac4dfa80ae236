/* captoken from C: a full cycle (s1), another token of one handle (s3), and verification. */
#include "worker.h"

#include <captoken.h>
#include <stdio.h>
#include <time.h>

enum { MOST_PARAMS = 1000 };

static const char *account, *secret, *application, *client, *key, *value, *api_key, *jwt;
static char request[512];
static char keys[MOST_PARAMS][16], values[MOST_PARAMS][16];
static cap_token *prepared, *prepared_access;

static void check(cap_status status)
{
    if (status != CAP_STATUS_OK)
        require(0, cap_strerror((int)status));
}

static void allow(cap_token *token)
{
    check(cap_allow_incoming(token, client));
    check(cap_allow_outgoing(token, application));
}

static cap_token *new_capability(void)
{
    cap_token *token;

    check(cap_new(account, secret, &token));
    allow(token);
    return token;
}

static cap_token *new_access(void)
{
    cap_token *token;

    check(cap_new_access(account, api_key, secret, &token));
    allow(token);
    return token;
}

static void finish(cap_token *token, char *out)
{
    check(cap_generate(token, CAP_TTL_DEFAULT, out, OUT_SIZE, NULL));
    cap_token_free(token);
}

static void full_cycle(cap_token *token, char *out)
{
    check(cap_add_outgoing_param(token, key, value));
    finish(token, out);
}

static void capability(char *out)
{
    full_cycle(new_capability(), out);
}

static void access_token(char *out)
{
    full_cycle(new_access(), out);
}

/* The same token in one call. */
static void in_one_call(char *out)
{
    check(cap_mint(secret, request, time(NULL), CAP_TTL_DEFAULT, out, OUT_SIZE, NULL));
}

/* Each token of a thread is one second later than the one before. */
static void again(const cap_token *token, char *out)
{
    static _Thread_local int64_t now;

    if (now == 0)
        now = time(NULL);
    check(cap_generate_at(token, now++, CAP_TTL_DEFAULT, out, OUT_SIZE, NULL));
}

static void capability_again(char *out)
{
    again(prepared, out);
}

static void access_again(char *out)
{
    again(prepared_access, out);
}

static void many(cap_token *token, int params, char *out)
{
    for (int i = 0; i < params; i++)
        check(cap_add_outgoing_param(token, keys[i], values[i]));
    finish(token, out);
}

static void hundred(char *out)
{
    many(new_capability(), 100, out);
}

static void thousand(char *out)
{
    many(new_capability(), 1000, out);
}

static void access_hundred(char *out)
{
    many(new_access(), 100, out);
}

static void access_thousand(char *out)
{
    many(new_access(), 1000, out);
}

static void verify(char *out)
{
    check(cap_verify(jwt, secret, time(NULL), out, OUT_SIZE, NULL));
}

const struct work works[] = {
    {"s1", capability, 0},
    {"mint", in_one_call, 0},
    {"s3", capability_again, 0},
    {"one-thread", capability_again, 0},
    {"two-threads", capability_again, 0},
    {"access-s1", access_token, 0},
    {"access-s3", access_again, 0},
    {"verify", verify, 0},
    {"params-100", hundred, 0},
    {"params-1000", thousand, 0},
    {"access-params-100", access_hundred, 0},
    {"access-params-1000", access_thousand, 0},
    {NULL, NULL, 0},
};

void read_input(void)
{
    account = input("BENCH_ACCOUNT");
    secret = input("BENCH_SECRET");
    application = input("BENCH_APPLICATION");
    client = input("BENCH_CLIENT");
    key = input("BENCH_KEY");
    value = input("BENCH_VALUE");
    api_key = input("BENCH_API_KEY");
    require(snprintf(request, sizeof request,
                     "{\"account_sid\":\"%s\",\"incoming\":\"%s\",\"outgoing\":"
                     "{\"application_sid\":\"%s\",\"params\":[[\"%s\",\"%s\"]]}}",
                     account, client, application, key, value)
                < (int)sizeof request,
            "request is too long");
    jwt = input("BENCH_TOKEN");
    for (int i = 0; i < MOST_PARAMS; i++) {
        snprintf(keys[i], sizeof keys[i], "key%04d", i);
        snprintf(values[i], sizeof values[i], "value%04d", i);
    }
}

void prepare(void)
{
    prepared = new_capability();
    check(cap_add_outgoing_param(prepared, key, value));
    prepared_access = new_access();
    check(cap_add_outgoing_param(prepared_access, key, value));
}
