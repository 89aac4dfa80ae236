/* Frees objects of libcap and captoken through cap_free() in a program that links both.
 * The argument names the library whose cap_free() it is: "captoken" or "libcap". */
#include <captoken.h>
#include <sys/capability.h>

#include <errno.h>
#include <string.h>

#include "check.h"

static const char expected[] =
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6InNjb3BlOmNsaWVudDppbmNvbWlu"
    "Zz9jbGllbnROYW1lPUFsaWNlIiwiaXNzIjoiQUMxMjMxMjMiLCJleHAiOjE0MDAwMDM2MDB9.df5C"
    "ZMKuBw8w7QEDWfDMejOsZQfstZoBiX1zV9_Pcww";

static cap_token *make(void)
{
    cap_token *token;

    CHECK(cap_new("AC123123", "secret", &token) == CAP_STATUS_OK);
    CHECK(cap_allow_incoming(token, "Alice") == CAP_STATUS_OK);
    return token;
}

static void check_alive(const cap_token *token)
{
    char jwt[sizeof expected];

    CHECK(cap_generate_at(token, 1400000000, 3600, jwt, sizeof jwt, NULL)
          == CAP_STATUS_OK);
    CHECK(strcmp(jwt, expected) == 0);
}

/* Frees libcap's objects, a set and strings, while a handle of ours is alive. */
static void free_theirs(void)
{
    cap_t set = cap_get_proc();
    cap_t copy;
    char *text;

    CHECK(set != NULL);
    copy = cap_dup(set);
    text = cap_to_text(copy, NULL);
    CHECK(text != NULL);
    CHECK(cap_free(text) == 0);
    CHECK(cap_free(set) == 0);
    CHECK(cap_free(copy) == 0);
    text = cap_to_name(CAP_KILL);
    CHECK(strcmp(text, "cap_kill") == 0);
    CHECK(cap_free(text) == 0);
}

int main(int argc, char **argv)
{
    /* A foreign even address with readable bytes before it. */
    static long foreign[8];
    int ours, round;

    CHECK(argc == 2);
    ours = strcmp(argv[1], "captoken") == 0;
    CHECK(ours || strcmp(argv[1], "libcap") == 0);

    for (round = 0; round < 3; round++) {
        cap_token *token = make();
        char below[8], zero[8] = {0};

        /* Some versions of libcap read these bytes before they refuse a pointer. */
        memcpy(below, (const char *)token - sizeof below, sizeof below);
        CHECK(memcmp(below, zero, sizeof below) == 0);

        free_theirs();
        check_alive(token);
        errno = 0;
        if (ours) {
            CHECK(cap_free(token) == 0);
            CHECK(errno == 0);
        } else {
            CHECK(cap_free(token) == -1);
            CHECK(errno == EINVAL);
            check_alive(token);
            cap_token_free(token);
        }
        free_theirs();

        errno = 0;
        CHECK(cap_free(&foreign[4]) == -1);
        CHECK(errno == EINVAL);
        CHECK(cap_free(NULL) == 0);
    }
    return EXIT_SUCCESS;
}
