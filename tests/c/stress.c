/* Calls the library from many threads, and compares every token with the expected one.
 * argv[1]: the number of rounds of each thread.
 *
 * First, threads race for the first token of a handle. Then they replace the defaults of each
 * other. Finally, threads share a handle of each kind, while others do so, call cap_mint() and
 * cap_verify(), and change private handles. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <captoken.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

enum { KINDS = 2, THREADS_MAX = 64, TTL = 600, TOKEN_SIZE = 1024 };

static const int64_t NOW = 1400000000;

static const struct account {
    const char *sid, *secret;
} accounts[] = {{"AC123123", "secret"}, {"AC456456", "another secret"}};

enum { ACCOUNTS = sizeof accounts / sizeof *accounts };

static cap_status new_capability(cap_token **token)
{
    return cap_new("AC123123", "secret", token);
}

static cap_status new_access(cap_token **token)
{
    return cap_new_access("AC123123", "SK123123", "the secret of the key", token);
}

/* A token kind. cap_mint() mints the expected token from the request. */
static struct kind {
    cap_status (*new_handle)(cap_token **token);
    const char *secret, *request;
    cap_token *shared;         /* a handle */
    char expected[TOKEN_SIZE]; /* the token at NOW */
    char claimed[TOKEN_SIZE];  /* the same with a private claim */
    char payload[TOKEN_SIZE];  /* of the expected token */
} kinds[KINDS] = {
    {new_capability, "secret",
     "{\"account_sid\":\"AC123123\",\"incoming\":\"Alice\","
     "\"outgoing\":{\"application_sid\":\"AP123123\",\"params\":[[\"Foo\",\"Bar\"]]}}",
     NULL, "", "", ""},
    {new_access, "the secret of the key",
     "{\"account_sid\":\"AC123123\",\"api_key_sid\":\"SK123123\",\"incoming\":\"Alice\","
     "\"outgoing\":{\"application_sid\":\"AP123123\",\"params\":[[\"Foo\",\"Bar\"]]}}",
     NULL, "", "", ""}};

/* The tokens that cap_new(NULL, NULL) gives for each account. */
static char from_defaults[ACCOUNTS][TOKEN_SIZE];

struct thread {
    pthread_t id;
    void (*run)(struct thread *thread, long round);
    long rounds;
    long tokens;  /* minted */
    long foreign; /* uses of defaults that another thread has set or cleared */
};

static cap_token *new_handle(const struct kind *kind)
{
    cap_token *token;

    CHECK(kind->new_handle(&token) == CAP_STATUS_OK);
    CHECK(cap_allow_incoming(token, "Alice") == CAP_STATUS_OK);
    CHECK(cap_allow_outgoing(token, "AP123123") == CAP_STATUS_OK);
    CHECK(cap_add_outgoing_param(token, "Foo", "Bar") == CAP_STATUS_OK);
    return token;
}

static void mint(const cap_token *token, char *jwt)
{
    CHECK(cap_generate_at(token, NOW, TTL, jwt, TOKEN_SIZE, NULL) == CAP_STATUS_OK);
}

/* Checks a token of the time `now`, and counts it. */
static void check(struct thread *thread, const char *jwt, const char *expected,
                  const char *secret, int64_t now)
{
    if (strcmp(jwt, expected) != 0) {
        fprintf(stderr, "stress: minted   %s\n        expected %s\n", jwt, expected);
        exit(EXIT_FAILURE);
    }
    CHECK(cap_verify(jwt, secret, now, NULL, 0, NULL) == CAP_STATUS_OK);
    thread->tokens++;
}

/* For all running threads. */
static pthread_barrier_t barrier;

/* The handle whose first token the threads race for. */
static cap_token *raced;

/* One thread replaces the handle while the others wait. */
static void race(struct thread *thread, long round)
{
    const struct kind *kind = &kinds[round % KINDS];
    char jwt[TOKEN_SIZE];

    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
        cap_token_free(raced);
        raced = new_handle(kind);
    }
    pthread_barrier_wait(&barrier);
    mint(raced, jwt);
    check(thread, jwt, kind->expected, kind->secret, NOW);
}

/* The clock of cap_generate(); that of time() can be milliseconds late. */
static int64_t seconds(void)
{
    struct timespec now;

    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec;
}

/* Mints at NOW and at the time of the clock. */
static void share(struct thread *thread, long round)
{
    const struct kind *kind = &kinds[round % KINDS];
    char jwt[TOKEN_SIZE], expected[TOKEN_SIZE];
    int64_t before, after;
    cap_token *token;

    mint(kind->shared, jwt);
    check(thread, jwt, kind->expected, kind->secret, NOW);

    before = seconds();
    CHECK(cap_generate(kind->shared, TTL, jwt, sizeof jwt, NULL) == CAP_STATUS_OK);
    after = seconds();
    token = new_handle(kind);
    do {
        CHECK(cap_generate_at(token, before, TTL, expected, sizeof expected, NULL)
              == CAP_STATUS_OK);
    } while (strcmp(jwt, expected) != 0 && before++ < after);
    cap_token_free(token);
    check(thread, jwt, expected, kind->secret, after);
}

/* Changes a private handle after its first token. */
static void change(struct thread *thread, long round)
{
    const struct kind *kind = &kinds[round % KINDS];
    cap_token *token = new_handle(kind);
    char jwt[TOKEN_SIZE];

    mint(token, jwt);
    check(thread, jwt, kind->expected, kind->secret, NOW);
    CHECK(cap_add_claim(token, "user", "42") == CAP_STATUS_OK);
    mint(token, jwt);
    check(thread, jwt, kind->claimed, kind->secret, NOW);
    cap_token_free(token);
}

/* Sets, replaces or clears the defaults, and mints from those of any thread. The account and
 * the secret must be from the same call. */
static void use_defaults(struct thread *thread, long round)
{
    long step = round % (ACCOUNTS + 1);
    const char *sid = step < ACCOUNTS ? accounts[step].sid : NULL;
    const char *secret = step < ACCOUNTS ? accounts[step].secret : NULL;
    cap_token *token;
    cap_status status;
    char jwt[TOKEN_SIZE];
    int i = 0;

    CHECK(cap_configure(sid, secret) == CAP_STATUS_OK);
    sched_yield();
    status = cap_new(NULL, NULL, &token);
    if (status == CAP_STATUS_NO_CREDENTIALS) {
        thread->foreign += step < ACCOUNTS;
        return;
    }
    CHECK(status == CAP_STATUS_OK);
    mint(token, jwt);
    cap_token_free(token);
    while (i < ACCOUNTS - 1 && strcmp(jwt, from_defaults[i]) != 0)
        i++;
    check(thread, jwt, from_defaults[i], accounts[i].secret, NOW);
    thread->foreign += step != i;
}

static void use_requests(struct thread *thread, long round)
{
    const struct kind *kind = &kinds[round % KINDS];
    char jwt[TOKEN_SIZE];

    CHECK(cap_mint(kind->secret, kind->request, NOW, TTL, jwt, sizeof jwt, NULL)
          == CAP_STATUS_OK);
    check(thread, jwt, kind->expected, kind->secret, NOW);
}

static void verify(struct thread *thread, long round)
{
    const struct kind *kind = &kinds[round % KINDS];
    const struct kind *other = &kinds[(round + 1) % KINDS];
    char payload[TOKEN_SIZE];

    (void)thread;
    CHECK(cap_verify(kind->expected, kind->secret, NOW, payload, sizeof payload, NULL)
          == CAP_STATUS_OK);
    CHECK(strcmp(payload, kind->payload) == 0);
    CHECK(cap_verify(kind->expected, other->secret, NOW, payload, sizeof payload, NULL)
          == CAP_STATUS_TOKEN_SIGNATURE);
    CHECK(cap_verify(kind->expected, kind->secret, NOW + TTL, NULL, 0, NULL)
          == CAP_STATUS_TOKEN_EXPIRED);
}

static void *run(void *argument)
{
    struct thread *thread = (struct thread *)argument;
    long round;

    pthread_barrier_wait(&barrier);
    for (round = 0; round < thread->rounds; round++)
        thread->run(thread, round);
    return NULL;
}

struct task {
    void (*run)(struct thread *thread, long round);
    unsigned int threads;
};

/* Runs tasks concurrently, and adds the counts of their threads to `total`. The last task has no
 * threads. */
static void run_tasks(const struct task *tasks, struct thread *total)
{
    static struct thread threads[THREADS_MAX];
    struct thread *end = threads, *thread;
    unsigned int i;

    for (; tasks->threads > 0; tasks++) {
        for (i = 0; i < tasks->threads; i++) {
            CHECK(end < threads + THREADS_MAX);
            memset(end, 0, sizeof *end);
            end->run = tasks->run;
            end->rounds = total->rounds;
            end++;
        }
    }
    CHECK(pthread_barrier_init(&barrier, NULL, (unsigned int)(end - threads)) == 0);
    for (thread = threads; thread < end; thread++)
        CHECK(pthread_create(&thread->id, NULL, run, thread) == 0);
    for (thread = threads; thread < end; thread++) {
        CHECK(pthread_join(thread->id, NULL) == 0);
        total->tokens += thread->tokens;
        total->foreign += thread->foreign;
    }
    CHECK(pthread_barrier_destroy(&barrier) == 0);
}

/* Mints the expected tokens before any thread starts. */
static void prepare(void)
{
    struct kind *kind;
    cap_token *token;
    int i;

    for (kind = kinds; kind < kinds + KINDS; kind++) {
        token = new_handle(kind);
        mint(token, kind->expected);
        CHECK(cap_add_claim(token, "user", "42") == CAP_STATUS_OK);
        mint(token, kind->claimed);
        cap_token_free(token);
        CHECK(cap_verify(kind->expected, kind->secret, NOW, kind->payload,
                         sizeof kind->payload, NULL)
              == CAP_STATUS_OK);
        kind->shared = new_handle(kind);
    }
    for (i = 0; i < ACCOUNTS; i++) {
        CHECK(cap_new(accounts[i].sid, accounts[i].secret, &token) == CAP_STATUS_OK);
        mint(token, from_defaults[i]);
        cap_token_free(token);
    }
}

int main(int argc, char **argv)
{
    static const struct task racing[] = {{race, 8}, {NULL, 0}};
    static const struct task defaults[] = {{use_defaults, 8}, {NULL, 0}};
    static const struct task mixed[] = {{share, 16},       {change, 2}, {use_defaults, 6},
                                        {use_requests, 2}, {verify, 2}, {NULL, 0}};
    struct thread total;
    int i;

    memset(&total, 0, sizeof total);
    total.rounds = argc == 2 ? atol(argv[1]) : 0;
    CHECK(total.rounds > 0);
    prepare();

    run_tasks(racing, &total);
    cap_token_free(raced);

    run_tasks(defaults, &total);
    run_tasks(mixed, &total);
    CHECK(cap_configure(NULL, NULL) == CAP_STATUS_OK);
    for (i = 0; i < KINDS; i++)
        cap_token_free(kinds[i].shared);

    printf("%ld tokens as expected; %ld uses of foreign defaults\n", total.tokens,
           total.foreign);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
