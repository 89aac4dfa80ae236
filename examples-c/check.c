/* Verifies a token and prints its payload. Copy it for a server that receives
 * tokens.
 *
 *     check < TOKEN
 *
 * The token is one line of standard input. The secret is in the environment
 * variable TWILIO_AUTH_TOKEN, because other users can read a command line.
 *
 *     cc check.c -lcaptoken -o check
 */
#define _POSIX_C_SOURCE 200809L

#include <captoken.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

/* The clock of the server that minted the token may differ by these seconds.
 * Keep them below the life of a token. */
enum { LEEWAY = 60 };

/* Returns the payload of a valid token, otherwise NULL. The caller frees it. */
static char *payload_of(const char *jwt, const char *secret)
{
    /* A payload is always shorter than its token. */
    size_t size = strlen(jwt) + 1;
    char *payload = (char *)malloc(size);
    cap_status status;
    int64_t now;

    if (payload == NULL) {
        fprintf(stderr, "check: out of memory\n");
        return NULL;
    }
    now = (int64_t)time(NULL);
    status = cap_verify(jwt, secret, now, payload, size, NULL);
    if (status == CAP_STATUS_TOKEN_NOT_YET_VALID)
        status = cap_verify(jwt, secret, now + LEEWAY, payload, size, NULL);
    else if (status == CAP_STATUS_TOKEN_EXPIRED)
        status =
            cap_verify(jwt, secret, now > LEEWAY ? now - LEEWAY : 0, payload, size, NULL);
    if (status == CAP_STATUS_OK)
        return payload;

    /* A server might send a new token here, or close the connection. */
    if (status == CAP_STATUS_TOKEN_EXPIRED)
        fprintf(stderr, "check: the token has expired; request a new one\n");
    else
        fprintf(stderr, "check: %s\n", cap_strerror((int)status));
    free(payload);
    return NULL;
}

int main(void)
{
    const char *secret = getenv("TWILIO_AUTH_TOKEN");
    char *jwt = NULL;
    char *payload;
    size_t size = 0;
    ssize_t length;
    int ok;

    if (secret == NULL) {
        fprintf(stderr, "check: set TWILIO_AUTH_TOKEN\n");
        return EXIT_FAILURE;
    }
    length = getline(&jwt, &size, stdin);
    /* cap_verify() would ignore the rest of the line after a NUL. */
    if (length < 0 || strlen(jwt) != (size_t)length) {
        fprintf(stderr, "check: no line with a token on standard input\n");
        free(jwt);
        return EXIT_FAILURE;
    }
    jwt[strcspn(jwt, "\r\n")] = '\0';

    payload = payload_of(jwt, secret);
    free(jwt);
    if (payload == NULL)
        return EXIT_FAILURE;
    ok = puts(payload) >= 0 && fflush(stdout) == 0;
    if (!ok)
        perror("check: standard output");
    free(payload);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
