/* Reads a secret, performs one operation of the library with it, wipes its own copies, and waits,
 * so that tests/it/memory.rs can search this process for the secret.
 *
 * argv[1]: the operation.
 * argv[2]: the number of the failing call after which it stops, or 0.
 * argv[3...]: tokens for cap_verify().
 * Standard input: the secret and a newline; its end ends the program.
 * Standard output: the number of the process to search, or 0 if fewer calls failed, and a
 * newline. */
#define _GNU_SOURCE

#include "check.h"

#include <captoken.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW 1400000000
#define SID "AC0123456789abcdef0123456789abcdef"
#define LONG_SID SID SID

#define OK(call) CHECK((call) == CAP_STATUS_OK)

enum { TOKEN_SIZE = 1024 };

static char secret[256];

/* The tokens for cap_verify(). */
static char **tokens;

static void wipe(void *memory, size_t size)
{
    volatile char *byte = (volatile char *)memory;

    while (size-- > 0)
        *byte++ = 0;
}

/* Reads into `secret` alone: stdio would keep a copy in its buffer. */
static void read_secret(void)
{
    size_t length = 0;

    while (read(0, secret + length, 1) == 1 && secret[length] != '\n')
        CHECK(++length < sizeof secret);
    CHECK(length > 0 && secret[length] == '\n');
    secret[length] = '\0';
}

static void wait_for_end(void)
{
    char byte;

    while (read(0, &byte, 1) == 1)
        ;
}

/* Tells the test to search a process, and waits until the test closes standard input. */
static void wait_for_search(pid_t process)
{
    char line[32];
    int length = snprintf(line, sizeof line, "%ld\n", (long)process);

    CHECK(write(1, line, (size_t)length) == length);
    wait_for_end();
}

/* The allocator: the test lets an allocation fail, or stops a thread in free(). The C library
 * exports its own functions under these names, too. */
extern void *__libc_malloc(size_t size);
extern void __libc_free(void *block);

static __thread long allocations_left = -1;
static __thread int stops_in_free;
static pthread_barrier_t stopped;

void *malloc(size_t size)
{
    if (allocations_left == 0) {
        errno = ENOMEM;
        return NULL;
    }
    if (allocations_left > 0)
        allocations_left--;
    return __libc_malloc(size);
}

void free(void *block)
{
    if (stops_in_free && block != NULL) {
        stops_in_free = 0;
        pthread_barrier_wait(&stopped);
        pause();
    }
    __libc_free(block);
}

/* Failing calls. */

/* How many more calls must fail until the operation stops. */
static long failures_left;

/* The place in main() where it stops. The function longjmp() would overwrite the stack. */
static void *above[5];

/* The registers that a function may change, except the one with its status. They are saved
 * directly after a call that may fail, because this program changes them, too. */
static struct {
    unsigned char vector[512];
    unsigned long general[8];
} registers __attribute__((aligned(16)));

#define SAVE_REGISTERS()                                                                 \
    __asm__ volatile(                                                                    \
        "fxsave %0\n\tmovq %%rcx, %1\n\tmovq %%rdx, %2\n\tmovq %%rsi, %3\n\t"            \
        "movq %%rdi, %4\n\tmovq %%r8, %5\n\tmovq %%r9, %6\n\tmovq %%r10, %7\n\t"         \
        "movq %%r11, %8"                                                                 \
        : "=m"(registers.vector), "=m"(registers.general[0]),                            \
          "=m"(registers.general[1]), "=m"(registers.general[2]),                        \
          "=m"(registers.general[3]), "=m"(registers.general[4]),                        \
          "=m"(registers.general[5]), "=m"(registers.general[6]),                        \
          "=m"(registers.general[7]))

#define STOP_IF_FAILED(status)                                                           \
    do {                                                                                 \
        if ((status) != CAP_STATUS_OK && --failures_left == 0)                           \
            __builtin_longjmp(above, 1);                                                 \
    } while (0)

/* Evaluates a call that gives `expected`. If it fails, the operation may stop. */
#define GIVES(call, expected)                                                            \
    do {                                                                                 \
        cap_status given = (call);                                                       \
                                                                                         \
        SAVE_REGISTERS();                                                                \
        CHECK(given == (expected));                                                      \
        STOP_IF_FAILED(given);                                                           \
    } while (0)

/* Handles. */

static cap_token *new_capability(void)
{
    cap_token *token;

    OK(cap_new(SID, secret, &token));
    OK(cap_allow_incoming(token, "Alice"));
    return token;
}

static cap_token *new_access(void)
{
    cap_token *token;

    OK(cap_new_access(SID, SID, secret, &token));
    OK(cap_allow_incoming(token, "Alice"));
    return token;
}

static cap_token *new_from_defaults(void)
{
    cap_token *token;

    OK(cap_new(NULL, NULL, &token));
    OK(cap_allow_incoming(token, "Alice"));
    return token;
}

/* Two tokens: the second one continues from the state that the first one has stored. */
static void mint_two(const cap_token *token)
{
    char jwt[TOKEN_SIZE];

    OK(cap_generate_at(token, NOW, 3600, jwt, sizeof jwt, NULL));
    OK(cap_generate_at(token, NOW, 3600, jwt, sizeof jwt, NULL));
}

static void *make_mint_and_free(void *unused)
{
    cap_token *token = new_capability();

    mint_two(token);
    cap_token_free(token);
    return unused;
}

/* Operations. */

static void none(void)
{
}

static void live_handle(void)
{
    mint_two(new_capability());
}

static void live_defaults(void)
{
    OK(cap_configure(SID, secret));
}

static void unminted_free(void)
{
    cap_token_free(new_capability());
}

static void token_free(void)
{
    make_mint_and_free(NULL);
}

static void access_free(void)
{
    cap_token *token = new_access();

    mint_two(token);
    CHECK(cap_free(token) == 0);
}

/* Every setter copies or moves a part of a handle. */
static void changed_free(void)
{
    cap_token *token = new_access();

    mint_two(token);
    OK(cap_allow_outgoing(token, "AP123123"));
    OK(cap_add_outgoing_param(token, "Foo", "Bar"));
    OK(cap_set_client_name(token, "Bob"));
    OK(cap_add_claim(token, "user", "{\"id\":[42]}"));
    OK(cap_set_not_before(token, NOW));
    OK(cap_set_region(token, "ie1"));
    OK(cap_set_push_credential(token, "CR123123"));
    OK(cap_add_grant(token, "video", "{\"room\":\"standup\"}"));
    mint_two(token);
    cap_token_free(token);
}

static void configure_replaced(void)
{
    OK(cap_configure(SID, secret));
    OK(cap_configure("ACother", "other"));
}

static void configure_cleared(void)
{
    cap_token *token;

    OK(cap_configure(SID, secret));
    token = new_from_defaults();
    mint_two(token);
    OK(cap_configure(NULL, NULL));
    cap_token_free(token);
}

/* Evaluates a call while one more allocation succeeds each time, until it does not run out of
 * memory. */
#define WITH_FAILING_MEMORY(call)                                                        \
    do {                                                                                 \
        long allowed = 0;                                                                \
        cap_status status;                                                               \
                                                                                         \
        do {                                                                             \
            allocations_left = allowed;                                                  \
            status = (call);                                                             \
            SAVE_REGISTERS();                                                            \
            allocations_left = -1;                                                       \
            CHECK(status == CAP_STATUS_OUT_OF_MEMORY || status == CAP_STATUS_OK);        \
            CHECK(status == CAP_STATUS_OUT_OF_MEMORY || allowed > 0);                    \
            STOP_IF_FAILED(status);                                                      \
            allowed++;                                                                   \
        } while (status == CAP_STATUS_OUT_OF_MEMORY);                                    \
    } while (0)

/* Evaluates a call while the secret ends in a byte that is not UTF-8. */
#define WITH_INVALID_SECRET(call)                                                        \
    do {                                                                                 \
        size_t end = strlen(secret);                                                     \
                                                                                         \
        secret[end] = '\xff';                                                            \
        GIVES(call, CAP_STATUS_INVALID_UTF8);                                            \
        secret[end] = '\0';                                                              \
    } while (0)

/* A failed replacement leaves the defaults, which have another secret. */
static void configure_fails(void)
{
    OK(cap_configure("ACother", "other"));
    GIVES(cap_configure("", secret), CAP_STATUS_EMPTY_ARGUMENT);
    GIVES(cap_configure("\xff", secret), CAP_STATUS_INVALID_UTF8);
    GIVES(cap_configure(NULL, secret), CAP_STATUS_NULL_ARGUMENT);
    WITH_INVALID_SECRET(cap_configure(SID, secret));
    WITH_FAILING_MEMORY(cap_configure(LONG_SID, secret));
    OK(cap_configure(NULL, NULL));
}

static void new_fails(void)
{
    cap_token *token;

    GIVES(cap_new("", secret, &token), CAP_STATUS_EMPTY_ARGUMENT);
    GIVES(cap_new("\xff", secret, &token), CAP_STATUS_INVALID_UTF8);
    GIVES(cap_new(NULL, secret, &token), CAP_STATUS_NO_CREDENTIALS);
    GIVES(cap_new(SID, secret, NULL), CAP_STATUS_NULL_ARGUMENT);
    WITH_INVALID_SECRET(cap_new(SID, secret, &token));
    WITH_FAILING_MEMORY(cap_new(LONG_SID, secret, &token));
    cap_token_free(token);
}

static void new_access_fails(void)
{
    cap_token *token;

    GIVES(cap_new_access("", SID, secret, &token), CAP_STATUS_EMPTY_ARGUMENT);
    GIVES(cap_new_access(SID, "\xff", secret, &token), CAP_STATUS_INVALID_UTF8);
    GIVES(cap_new_access(SID, SID, secret, NULL), CAP_STATUS_NULL_ARGUMENT);
    WITH_INVALID_SECRET(cap_new_access(SID, SID, secret, &token));
    WITH_FAILING_MEMORY(cap_new_access(LONG_SID, LONG_SID, secret, &token));
    cap_token_free(token);
}

/* A handle that main() frees, because the operation may stop. */
static cap_token *live;

/* The setters and the tokens of a handle that stays as it is. */
static void change_fails(void)
{
    cap_token *token = new_capability();
    char jwt[TOKEN_SIZE];

    live = token;
    GIVES(cap_allow_incoming(token, ""), CAP_STATUS_EMPTY_ARGUMENT);
    GIVES(cap_set_region(token, "ie1"), CAP_STATUS_UNSUPPORTED);
    GIVES(cap_add_claim(token, "user", "{"), CAP_STATUS_INVALID_JSON);
    WITH_FAILING_MEMORY(cap_add_claim(token, "user", "\"" LONG_SID LONG_SID "\""));
    GIVES(cap_generate_at(token, NOW, 0, jwt, sizeof jwt, NULL), CAP_STATUS_INVALID_TTL);
    GIVES(cap_generate_at(token, NOW, 60, jwt, 9, NULL), CAP_STATUS_BUFFER_TOO_SMALL);
    OK(cap_generate_at(token, NOW, 60, jwt, sizeof jwt, NULL));
}

/* Requests of cap_mint(). */
#define ACCOUNT "\"account_sid\":\"" SID "\""
#define CAPABILITY "{" ACCOUNT ",\"incoming\":\"Alice\"}"
#define ACCESS "{" ACCOUNT ",\"api_key_sid\":\"" SID "\",\"incoming\":\"Alice\"}"
#define LONG_ACCESS                                                                      \
    "{\"account_sid\":\"" LONG_SID "\",\"api_key_sid\":\"" LONG_SID                      \
    "\",\"claims\":{\"a\":\"" LONG_SID LONG_SID LONG_SID LONG_SID LONG_SID LONG_SID      \
    "\",\"b\":\"" LONG_SID LONG_SID LONG_SID LONG_SID LONG_SID LONG_SID                  \
    "\"},\"grants\":{\"video\":{}}}"

static void mint(void)
{
    char jwt[TOKEN_SIZE];

    OK(cap_mint(secret, CAPABILITY, NOW, 3600, jwt, sizeof jwt, NULL));
    OK(cap_mint(secret, ACCESS, NOW, 3600, jwt, sizeof jwt, NULL));
}

/* The request is wrong, then its values, then everything that is checked after the key. */
static void mint_fails(void)
{
    static char jwt[4 * TOKEN_SIZE];

#define FAILS(request, now, ttl, size, expected)                                         \
    GIVES(cap_mint(secret, request, now, ttl, jwt, size, NULL), expected)

    FAILS(NULL, NOW, 60, sizeof jwt, CAP_STATUS_NULL_ARGUMENT);
    FAILS("\xff", NOW, 60, sizeof jwt, CAP_STATUS_INVALID_UTF8);
    FAILS("{", NOW, 60, sizeof jwt, CAP_STATUS_INVALID_REQUEST);
    FAILS("{\"account_sid\":\"\"}", NOW, 60, sizeof jwt, CAP_STATUS_EMPTY_ARGUMENT);
    FAILS("{" ACCOUNT ",\"region\":\"ie1\"}", NOW, 60, sizeof jwt,
          CAP_STATUS_UNSUPPORTED);
    FAILS("{" ACCOUNT ",\"claims\":{\"exp\":1}}", NOW, 60, sizeof jwt,
          CAP_STATUS_RESERVED_NAME);
    FAILS(CAPABILITY, -1, 60, sizeof jwt, CAP_STATUS_INVALID_TIME);
    FAILS(CAPABILITY, NOW, 0, sizeof jwt, CAP_STATUS_INVALID_TTL);
    FAILS(CAPABILITY, NOW, 60, 9, CAP_STATUS_BUFFER_TOO_SMALL);
    GIVES(cap_mint(secret, ACCESS, NOW, 60, NULL, 9, NULL), CAP_STATUS_NULL_ARGUMENT);
    WITH_INVALID_SECRET(cap_mint(secret, ACCESS, NOW, 60, jwt, sizeof jwt, NULL));
    WITH_FAILING_MEMORY(cap_mint(secret, LONG_ACCESS, NOW, 60, jwt, sizeof jwt, NULL));
}

/* argv[3...]: each token and its status. */
static void verify(void)
{
    char payload[TOKEN_SIZE];
    char **token;

    CHECK(tokens[0] != NULL);
    for (token = tokens; token[0] != NULL; token += 2) {
        const cap_status expected = (cap_status)atoi(token[1]);

        GIVES(cap_verify(token[0], secret, NOW, payload, sizeof payload, NULL), expected);
        GIVES(cap_verify(token[0], secret, NOW, NULL, 0, NULL), expected);
        if (expected != CAP_STATUS_OK)
            continue;
        GIVES(cap_verify(token[0], secret, NOW, payload, 1, NULL),
              CAP_STATUS_BUFFER_TOO_SMALL);
        WITH_INVALID_SECRET(cap_verify(token[0], secret, NOW, NULL, 0, NULL));
        WITH_FAILING_MEMORY(cap_verify(token[0], secret, NOW, NULL, 0, NULL));
    }
}

/* No program should do this, but nothing is left of it. */
static void other_functions(void)
{
    cap_token *token;
    char jwt[TOKEN_SIZE];

    OK(cap_check_client_name(secret));
    CHECK(cap_strerror(18) != NULL && cap_version() != NULL);
    OK(cap_new(SID, "other", &token));
    GIVES(cap_add_claim(token, "user", secret), CAP_STATUS_INVALID_JSON);
    OK(cap_generate(token, 60, jwt, sizeof jwt, NULL));
    cap_token_free(token);
}

/* Threads. */

enum { THREADS = 4 };

static pthread_barrier_t barrier;

static void start(pthread_t *thread, void *(*run)(void *))
{
    pthread_attr_t attributes;

    /* A core file contains the whole stack. */
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, 65536) == 0);
    CHECK(pthread_create(thread, &attributes, run, NULL) == 0);
    CHECK(pthread_attr_destroy(&attributes) == 0);
}

static void ended_threads(void)
{
    pthread_t threads[THREADS];
    int i;

    for (i = 0; i < THREADS; i++)
        start(&threads[i], make_mint_and_free);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

static void *use_and_stay(void *unused)
{
    make_mint_and_free(NULL);
    mint();
    pthread_barrier_wait(&barrier);
    pause();
    return unused;
}

/* The threads exist during the search, with their stacks and registers. */
static void living_threads(void)
{
    pthread_t thread;
    int i;

    CHECK(pthread_barrier_init(&barrier, NULL, THREADS + 1) == 0);
    for (i = 0; i < THREADS; i++)
        start(&thread, use_and_stay);
    pthread_barrier_wait(&barrier);
}

/* Children. */

/* Runs in the child; the parent wipes the secret and waits for it. */
static void in_child(void (*run)(void *argument), void *argument)
{
    int status;
    pid_t child = fork();

    CHECK(child != -1);
    if (child == 0) {
        run(argument);
        wipe(secret, sizeof secret);
        wait_for_search(getpid());
        _exit(EXIT_SUCCESS);
    }
    wipe(secret, sizeof secret);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
    _exit(EXIT_SUCCESS);
}

/* The child keeps everything; the parent is searched. */
static void parent_frees(void)
{
    cap_token *token = new_access();
    pid_t child;

    mint_two(token);
    OK(cap_configure(SID, secret));
    child = fork();
    CHECK(child != -1);
    if (child == 0) {
        wait_for_end();
        _exit(EXIT_SUCCESS);
    }
    cap_token_free(token);
    OK(cap_configure(NULL, NULL));
}

static void free_and_clear(void *token)
{
    cap_token_free((cap_token *)token);
    OK(cap_configure(NULL, NULL));
}

/* The parent keeps everything; the child is searched. */
static void child_frees(void)
{
    cap_token *token = new_access();

    mint_two(token);
    OK(cap_configure(SID, secret));
    in_child(free_and_clear, token);
}

static void *replace_defaults(void *unused)
{
    OK(cap_configure(SID, "before"));
    OK(cap_configure(SID, secret));
    stops_in_free = 1;
    /* Stops while it frees the account SID of the defaults with the secret. */
    OK(cap_configure(SID, "after"));
    return unused;
}

static void clear_defaults(void *unused)
{
    (void)unused;
    OK(cap_configure(NULL, NULL));
}

/* Another thread is in cap_configure() when the process forks. */
static void child_of_configure(void)
{
    pthread_t thread;

    CHECK(pthread_barrier_init(&stopped, NULL, 2) == 0);
    start(&thread, replace_defaults);
    pthread_barrier_wait(&stopped);
    in_child(clear_defaults, NULL);
}

/* Controls: the search must find these. */

static char planted[256] = "a writable static variable";

static void plant_static(void)
{
    memcpy(planted, secret + 3, 8);
}

static void plant_heap(void)
{
    char *block = malloc(100);

    CHECK(block != NULL);
    memcpy(block + 13, secret + 3, 8);
}

/* Below the frames of the calls that follow. */
static void plant_stack(void)
{
    char frame[16384];

    memcpy(frame + 100, secret + 3, 8);
    __asm__ volatile("" : : "r"(frame) : "memory");
}

static void plant_register(void)
{
    __asm__ volatile("movq %0, %%xmm13" : : "m"(secret[3]) : "xmm13");
}

static const struct operation {
    const char *name;
    void (*run)(void);
} operations[] = {
    {"none", none},
    {"live_handle", live_handle},
    {"live_defaults", live_defaults},
    {"plant_static", plant_static},
    {"plant_heap", plant_heap},
    {"plant_stack", plant_stack},
    {"plant_register", plant_register},
    {"unminted_free", unminted_free},
    {"token_free", token_free},
    {"access_free", access_free},
    {"changed_free", changed_free},
    {"change_fails", change_fails},
    {"configure_replaced", configure_replaced},
    {"configure_cleared", configure_cleared},
    {"configure_fails", configure_fails},
    {"new_fails", new_fails},
    {"new_access_fails", new_access_fails},
    {"mint", mint},
    {"mint_fails", mint_fails},
    {"verify", verify},
    {"other_functions", other_functions},
    {"ended_threads", ended_threads},
    {"living_threads", living_threads},
    {"parent_frees", parent_frees},
    {"child_frees", child_frees},
    {"child_of_configure", child_of_configure},
};

/* Runs an operation far below the frames of later calls, which would overwrite what it leaves. */
static void run_deep(void (*run)(void))
{
    char unused[32768];

    __asm__ volatile("" : : "r"(unused) : "memory");
    run();
}

int main(int argc, char **argv)
{
    const struct operation *operation = operations;

#ifdef PR_SET_PTRACER
    /* Otherwise the security module Yama lets only the parent process trace this one. */
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
#endif
    CHECK(argc >= 3);
    failures_left = atol(argv[2]);
    tokens = argv + 3;
    while (strcmp(operation->name, argv[1]) != 0)
        CHECK(++operation < operations + sizeof operations / sizeof *operations);
    read_secret();
    if (__builtin_setjmp(above) == 0)
        run_deep(operation->run);
    cap_token_free(live);
    wipe(secret, sizeof secret);
    wait_for_search(failures_left > 0 ? 0 : getpid());
    _exit(EXIT_SUCCESS);
}
