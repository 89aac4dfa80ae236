/* The floor with OpenSSL: HMAC-SHA256 by its SHA256_* functions, which fetch no algorithm
 * and allocate nothing. OpenSSL 3 deprecates them, but offers nothing faster. Its manual
 * shows HMAC(). */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "worker.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <string.h>

static const char *secret, *text;
static size_t secret_length, text_length;
static SHA256_CTX kept_inner, kept_outer;

static void begin(SHA256_CTX *context, unsigned char pad)
{
    unsigned char block[SHA256_CBLOCK];

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (i < secret_length ? (unsigned char)secret[i] : 0) ^ pad;
    SHA256_Init(context);
    SHA256_Update(context, block, sizeof block);
}

static void finish(SHA256_CTX *inner, SHA256_CTX *outer, char *out)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    SHA256_Update(inner, text, text_length);
    SHA256_Final(digest, inner);
    SHA256_Update(outer, digest, sizeof digest);
    SHA256_Final((unsigned char *)out, outer);
}

static void key_set_up(char *out)
{
    SHA256_CTX inner, outer;

    begin(&inner, 0x36);
    begin(&outer, 0x5c);
    finish(&inner, &outer, out);
}

static void key_kept(char *out)
{
    SHA256_CTX inner = kept_inner, outer = kept_outer;

    finish(&inner, &outer, out);
}

static void documented(char *out)
{
    require(HMAC(EVP_sha256(), secret, (int)secret_length, (const unsigned char *)text,
                 text_length, (unsigned char *)out, NULL)
                != NULL,
            "HMAC");
}

const struct work works[] = {
    {"set-up", key_set_up, SHA256_DIGEST_LENGTH},
    {"kept", key_kept, SHA256_DIGEST_LENGTH},
    {"HMAC()", documented, SHA256_DIGEST_LENGTH},
    {NULL, NULL, 0},
};

void read_input(void)
{
    secret = input("BENCH_SECRET");
    secret_length = strlen(secret);
    require(secret_length <= SHA256_CBLOCK, "BENCH_SECRET is longer than a block");
    text = input("BENCH_SIGNING_INPUT");
    text_length = strlen(text);
}

void prepare(void)
{
    begin(&kept_inner, 0x36);
    begin(&kept_outer, 0x5c);
}
