/* A system clock before 1970 is CAP_STATUS_INVALID_TIME. This program defines
 * clock_gettime(), which the library then calls. */
#define _POSIX_C_SOURCE 200809L

#include <captoken.h>
#include <string.h>
#include <time.h>

#include "check.h"

static time_t now;
static int asked;

int clock_gettime(clockid_t clock, struct timespec *time)
{
    (void)clock;
    asked++;
    time->tv_sec = now;
    time->tv_nsec = 0;
    return 0;
}

int main(void)
{
    cap_token *token;
    char jwt[1024] = "garbage", expected[1024];
    size_t length = 1;

    CHECK(cap_new("AC123123", "secret", &token) == CAP_STATUS_OK);
    now = -1;
    CHECK(cap_generate(token, 3600, jwt, sizeof jwt, &length) == CAP_STATUS_INVALID_TIME);
    CHECK(asked == 1 && jwt[0] == '\0' && length == 0);
    /* Wrong arguments are reported before the clock is read. */
    CHECK(cap_generate(token, 0, jwt, sizeof jwt, &length) == CAP_STATUS_INVALID_TTL);
    CHECK(cap_generate(token, 3600, NULL, sizeof jwt, &length)
          == CAP_STATUS_NULL_ARGUMENT);
    CHECK(asked == 1);

    now = 4102444800; /* the year 2100, which 32 bits cannot hold */
    CHECK(cap_generate(token, 3600, jwt, sizeof jwt, NULL) == CAP_STATUS_OK);
    CHECK(cap_generate_at(token, now, 3600, expected, sizeof expected, NULL)
          == CAP_STATUS_OK);
    CHECK(strcmp(jwt, expected) == 0);
    cap_token_free(token);
    return EXIT_SUCCESS;
}
