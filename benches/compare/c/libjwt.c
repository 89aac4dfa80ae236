/* libjwt as its header and examples show it: jwt_new, grants of the right types, the
 * algorithm with the key, jwt_encode_str. It has no function for a scope, which is built
 * here by one snprintf and a percent-encoding without intermediate buffers. */
#include "worker.h"

#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SCOPE_SIZE = 512, TTL = 3600 };

static const char *account, *secret, *application, *client, *key, *value, *token;
static int secret_length;

/* Writes a string as application/x-www-form-urlencoded, with a NUL. */
static char *encode(char *to, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        int plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')
            || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_';

        if (plain) {
            *to++ = *text;
        } else {
            *to++ = '%';
            *to++ = digits[byte >> 4];
            *to++ = digits[byte & 15];
        }
    }
    *to = '\0';
    return to;
}

static void write_scope(char *scope)
{
    char pair[SCOPE_SIZE / 4], params[SCOPE_SIZE / 4], name[SCOPE_SIZE / 4], *end;

    /* Parameters are encoded twice: as a pair, and as the value of appParams. */
    end = encode(pair, key);
    *end++ = '=';
    encode(end, value);
    encode(params, pair);
    encode(name, client);
    snprintf(scope, SCOPE_SIZE,
             "scope:client:incoming?clientName=%s "
             "scope:client:outgoing?appSid=%s&appParams=%s&clientName=%s",
             name, application, params, name);
}

static void mint(char *out)
{
    char scope[SCOPE_SIZE], *encoded;
    jwt_t *jwt;

    write_scope(scope);
    require(jwt_new(&jwt) == 0, "jwt_new");
    require(jwt_add_grant(jwt, "iss", account) == 0
                && jwt_add_grant(jwt, "scope", scope) == 0
                && jwt_add_grant_int(jwt, "exp", time(NULL) + TTL) == 0,
            "jwt_add_grant");
    require(jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)secret, secret_length)
                == 0,
            "jwt_set_alg");
    encoded = jwt_encode_str(jwt);
    require(encoded != NULL, "jwt_encode_str");
    strcpy(out, encoded);
    free(encoded);
    jwt_free(jwt);
}

/* libjwt does not compare the times, which is to its advantage. */
static void verify(char *out)
{
    jwt_t *jwt;
    char *payload;

    require(jwt_decode(&jwt, token, (const unsigned char *)secret, secret_length) == 0,
            "jwt_decode");
    payload = jwt_get_grants_json(jwt, NULL);
    require(payload != NULL, "jwt_get_grants_json");
    strcpy(out, payload);
    free(payload);
    jwt_free(jwt);
}

const struct work works[] = {
    {"s1", mint, 0},
    {"verify", verify, 0},
    {NULL, NULL, 0},
};

void read_input(void)
{
    account = input("BENCH_ACCOUNT");
    secret = input("BENCH_SECRET");
    secret_length = (int)strlen(secret);
    application = input("BENCH_APPLICATION");
    client = input("BENCH_CLIENT");
    key = input("BENCH_KEY");
    value = input("BENCH_VALUE");
    token = input("BENCH_TOKEN");
    require(strlen(client) + strlen(key) + strlen(value) < SCOPE_SIZE / 36,
            "input is too long");
}

void prepare(void)
{
}
