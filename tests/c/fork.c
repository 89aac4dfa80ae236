/* Forks while other threads configure the defaults and mint from them. Every child mints from
 * the defaults that it finds and from its own. argv[1]: the number of children. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <captoken.h>
#include <pthread.h>
#include <stdlib.h>
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

static void child(void)
{
    /* A child that hangs ends. */
    alarm(60);
    mint("secret");
    CHECK(cap_configure("AC456456", "another secret") == CAP_STATUS_OK);
    mint("another secret");
    CHECK(cap_configure(NULL, NULL) == CAP_STATUS_OK);
    _exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    int children = argc > 1 ? atoi(argv[1]) : 0;
    int i;

    CHECK(children > 0);
    CHECK(cap_configure("AC123123", "secret") == CAP_STATUS_OK);
    for (i = 0; i < 2; i++) {
        CHECK(pthread_create(&thread, NULL, keep_configuring, NULL) == 0);
        CHECK(pthread_create(&thread, NULL, keep_minting, NULL) == 0);
    }
    for (i = 0; i < children; i++) {
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
