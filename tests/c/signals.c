/* Mints and verifies while a timer of 100 µs sends SIGALRM, and compares every result.
 * Ends when enough signals have arrived inside calls. argv[1]: that number. */
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE 700

#include "check.h"

#include <captoken.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

enum { NOW = 1400000000, TTL = 600, ROUNDS_MIN = 1000 };

#define OK(call) INSIDE((call) == CAP_STATUS_OK)

#define INSIDE(condition)                                                                \
    do {                                                                                 \
        int is_true;                                                                     \
                                                                                         \
        is_inside = 1;                                                                   \
        is_true = (condition);                                                           \
        is_inside = 0;                                                                   \
        CHECK(is_true);                                                                  \
    } while (0)

static volatile sig_atomic_t is_inside, inside, signals;

static void count(int number)
{
    (void)number;
    signals++;
    inside += is_inside;
}

static void expect(const char *jwt)
{
    static char expected[512];

    if (expected[0] == '\0')
        strcpy(expected, jwt);
    CHECK(strcmp(jwt, expected) == 0);
}

static void round_of_calls(void)
{
    static const char *const request =
        "{\"account_sid\":\"AC123123\",\"incoming\":\"Alice\","
        "\"outgoing\":{\"application_sid\":\"AP123123\",\"params\":[[\"Foo\",\"Bar\"]]}}";
    char jwt[512], payload[512];
    cap_token *token;
    int i;

    OK(cap_configure("AC123123", "secret"));
    OK(cap_new(NULL, NULL, &token));
    OK(cap_allow_incoming(token, "Alice"));
    OK(cap_allow_outgoing(token, "AP123123"));
    OK(cap_add_outgoing_param(token, "Foo", "Bar"));
    for (i = 0; i < 2; i++) {
        OK(cap_generate_at(token, NOW, TTL, jwt, sizeof jwt, NULL));
        expect(jwt);
    }
    INSIDE(cap_free(token) == 0);
    OK(cap_mint("secret", request, NOW, TTL, jwt, sizeof jwt, NULL));
    expect(jwt);
    OK(cap_verify(jwt, "secret", NOW, payload, sizeof payload, NULL));
    CHECK(strstr(payload, "\"exp\":1400000600}") != NULL);
    INSIDE(cap_verify(jwt, "other", NOW, NULL, 0, NULL) == CAP_STATUS_TOKEN_SIGNATURE);
    OK(cap_configure(NULL, NULL));
}

int main(int argc, char **argv)
{
    const struct itimerval every = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
    int enough = argc == 2 ? atoi(argv[1]) : 0;
    struct sigaction action;
    long rounds = 0;

    CHECK(enough > 0);
    memset(&action, 0, sizeof action);
    action.sa_handler = count;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
    for (; inside < enough || rounds < ROUNDS_MIN; rounds++)
        round_of_calls();
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    printf("%ld rounds, %d signals, %d of them inside calls\n", rounds, (int)signals,
           (int)inside);
    return EXIT_SUCCESS;
}
