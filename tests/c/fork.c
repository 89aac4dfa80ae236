/* Forks while six threads configure the defaults, mint from them, mint from one handle, and verify.
 * Every child mints from that handle, from the defaults that it finds, and from its own.
 * argv[1]: the number of children. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <captoken.h>
#include <pthread.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Mints from the defaults, and verifies the token. */
static void mint(const char *secret)
{
    cap_token *token;
    char jwt[512];

    CHECK(cap_new(NULL, NULL, &token) == CAP_STATUS_OK);
    CHECK(cap_generate_at(token, 0, 60, jwt, sizeof jwt, NULL) == CAP_STATUS_OK);
    cap_token_free(token);
    CHECK(cap_verify(jwt, secret, 0, NULL, 0, NULL) == CAP_STATUS_OK);
}

/* All threads and children mint from it. */
static cap_token *shared;

/* Its token. */
static char expected[512];

static void mint_from_shared(void)
{
    char jwt[512];

    CHECK(cap_generate_at(shared, 0, 60, jwt, sizeof jwt, NULL) == CAP_STATUS_OK);
    CHECK(strcmp(jwt, expected) == 0);
}

static void verify(void)
{
    char payload[512];

    CHECK(cap_verify(expected, "shared", 0, payload, sizeof payload, NULL)
          == CAP_STATUS_OK);
    CHECK(cap_verify(expected, "other", 0, NULL, 0, NULL) == CAP_STATUS_TOKEN_SIGNATURE);
}

static void *keep_configuring(void *unused)
{
    (void)unused;
    for (;;)
        CHECK(cap_configure("AC123123", "secret") == CAP_STATUS_OK);
    return NULL;
}

#ifdef RACE
/* A fault that valgrind's tools must find. */
static long minted;
#define MINTED() (minted++)
#else
#define MINTED() ((void)0)
#endif

static void *keep_minting(void *unused)
{
    (void)unused;
    for (;;) {
        mint("secret");
        MINTED();
    }
    return NULL;
}

static void *keep_sharing(void *unused)
{
    (void)unused;
    for (;;)
        mint_from_shared();
    return NULL;
}

static void *keep_verifying(void *unused)
{
    (void)unused;
    for (;;)
        verify();
    return NULL;
}

static void child(void)
{
    /* A child that hangs ends. */
    alarm(60);
    mint_from_shared();
    verify();
    mint("secret");
    CHECK(cap_configure("AC456456", "another secret") == CAP_STATUS_OK);
    mint("another secret");
    CHECK(cap_configure(NULL, NULL) == CAP_STATUS_OK);
    _exit(EXIT_SUCCESS);
}

static cap_token *make_shared(void)
{
    cap_token *token;

    CHECK(cap_new_access("AC123123", "SK123123", "shared", &token) == CAP_STATUS_OK);
    CHECK(cap_allow_incoming(token, "Alice") == CAP_STATUS_OK);
    return token;
}

int main(int argc, char **argv)
{
    static void *(*const threads[])(void *) = {keep_configuring, keep_configuring,
                                               keep_minting,     keep_minting,
                                               keep_sharing,     keep_verifying};
    pthread_t thread;
    int children = argc > 1 ? atoi(argv[1]) : 0;
    size_t i;
    int child_number;

    CHECK(children > 0);
    CHECK(cap_configure("AC123123", "secret") == CAP_STATUS_OK);
    shared = make_shared();
    CHECK(cap_generate_at(shared, 0, 60, expected, sizeof expected, NULL)
          == CAP_STATUS_OK);
    cap_token_free(shared);
    /* Its first token is minted while the first children start. */
    shared = make_shared();
    for (i = 0; i < sizeof threads / sizeof *threads; i++)
        CHECK(pthread_create(&thread, NULL, threads[i], NULL) == 0);
    for (child_number = 0; child_number < children; child_number++) {
        int status;
        pid_t pid = fork();

        CHECK(pid != -1);
        if (pid == 0)
            child();
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
    }
    return EXIT_SUCCESS;
}
