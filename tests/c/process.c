/* Checks that the library changes nothing in its process: loads it, calls every function in two
 * threads, and unloads it. Meanwhile the environment cannot be read.
 *
 * With PLUGIN defined, the file is the plug-in, which is linked with the library and
 * tests/c/functions.c. Otherwise it is the program.
 * CHANGE may be a statement that changes the process, which the program must notice.
 * argv[1]: the plug-in. argv[2...]: tokens for cap_verify(). */
#define _GNU_SOURCE

#include "functions.h"
#include "load.h"

#include <dirent.h>
#include <errno.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifdef PLUGIN

extern void use(char **tokens);

void use(char **tokens)
{
    struct calls calls = {NULL, NULL, NULL};

    calls.tokens = tokens;
#ifdef CHANGE
    (void)(CHANGE);
#endif
    call_every_function(&calls);
}

#else

/* A description of the process, as text. */
struct state {
    char text[32768];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct state *state,
                                                      const char *format, ...)
{
    size_t left = sizeof state->text - state->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(state->text + state->length, left, format, arguments);
    va_end(arguments);
    CHECK(length >= 0 && (size_t)length < left);
    state->length += (size_t)length;
}

static void add_mask(struct state *state, const char *name, const sigset_t *mask)
{
    int number;

    add(state, "%s:", name);
    for (number = 1; number <= 64; number++)
        if (sigismember(mask, number) == 1)
            add(state, " %d", number);
    add(state, "\n");
}

static void add_signals(struct state *state)
{
    struct sigaction action;
    sigset_t mask;
    stack_t stack;
    int number;

    for (number = 1; number <= 64; number++) {
        /* The C library keeps 32 and 33 for itself. */
        if (sigaction(number, NULL, &action) != 0)
            continue;
        add(state, "signal %d: %lx %x", number, (unsigned long)action.sa_handler,
            (unsigned)action.sa_flags);
        add_mask(state, "", &action.sa_mask);
    }
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0);
    add_mask(state, "blocked", &mask);
    CHECK(sigaltstack(NULL, &stack) == 0);
    add(state, "alternate stack: %p %d %lu\n", stack.ss_sp, stack.ss_flags,
        (unsigned long)stack.ss_size);
}

static void add_timers(struct state *state)
{
    struct itimerval timer;
    int which;

    for (which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        CHECK(getitimer((__itimer_which_t)which, &timer) == 0);
        add(state, "timer %d: %ld %ld\n", which, (long)timer.it_interval.tv_usec,
            (long)timer.it_value.tv_usec);
    }
}

/* The names in a folder, with the targets of links. */
static void add_folder(struct state *state, const char *folder)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;

    CHECK(directory != NULL);
    while ((entry = readdir(directory)) != NULL) {
        char target[256] = "";

        if (readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1) >= 0)
            add(state, "%s/%s: %s\n", folder, entry->d_name, target);
        else
            add(state, "%s/%s\n", folder, entry->d_name);
    }
    CHECK(closedir(directory) == 0);
}

static void add_file(struct state *state, const char *name)
{
    FILE *file = fopen(name, "r");
    char line[256];

    /* The configuration of the kernel decides which files there are. */
    if (file == NULL && errno == ENOENT) {
        add(state, "%s: absent\n", name);
        return;
    }
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        add(state, "%s: %s", name, line);
    CHECK(fclose(file) == 0);
}

static char **environment;

static void describe(struct state *state)
{
    char folder[4096];
    mode_t mask = umask(0);
    char **variable;

    umask(mask);
    state->length = 0;
    add_signals(state);
    add_timers(state);
    add(state, "rounding: %d, exceptions: %d, raised: %d\n", fegetround(), fegetexcept(),
        fetestexcept(FE_ALL_EXCEPT));
    add(state, "umask: %o\n", (unsigned)mask);
    CHECK(getcwd(folder, sizeof folder) != NULL);
    add(state, "folder: %s\n", folder);
    add(state, "locale: %s, %p\n", setlocale(LC_ALL, NULL),
        (void *)uselocale((locale_t)0));
    for (variable = environment; *variable != NULL; variable++)
        add(state, "variable: %p %s\n", (void *)*variable, *variable);
    add_folder(state, "/proc/self/fd");
    add_folder(state, "/proc/self/task");
    add_file(state, "/proc/self/limits");
    add_file(state, "/proc/self/timers");
    add_file(state, "/proc/self/coredump_filter");
}

static void expect_same(const struct state *before, const char *when)
{
    static struct state after;
    size_t i = 0, line = 0;

    describe(&after);
    while (before->text[i] == after.text[i] && before->text[i] != '\0')
        if (before->text[i++] == '\n')
            line = i;
    if (before->text[i] != after.text[i])
        fprintf(stderr, "%s: %.*s, before: %.*s\n", when,
                (int)strcspn(after.text + line, "\n"), after.text + line,
                (int)strcspn(before->text + line, "\n"), before->text + line);
    CHECK(before->text[i] == after.text[i]);
}

/* The kernel may list a thread that was joined for some more time. */
static void wait_until_gone(const char *task)
{
    const struct timespec pause = {0, 1000000};
    int pauses;

    for (pauses = 0; access(task, F_OK) == 0; pauses++) {
        CHECK(pauses < 10000);
        CHECK(nanosleep(&pause, NULL) == 0);
    }
    CHECK(errno == ENOENT);
}

static void handle(int number)
{
    (void)number;
}

/* Differs from the state at the start, so that setting that again is a change, too. */
static void change_state(void)
{
    static char alternate[65536];
    struct sigaction action;
    sigset_t mask;
    stack_t stack;

    memset(&action, 0, sizeof action);
    action.sa_handler = handle;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    action.sa_handler = SIG_DFL;
    CHECK(sigaction(SIGPIPE, &action, NULL) == 0);
    CHECK(sigemptyset(&mask) == 0 && sigaddset(&mask, SIGUSR2) == 0);
    CHECK(pthread_sigmask(SIG_BLOCK, &mask, NULL) == 0);
    memset(&stack, 0, sizeof stack);
    stack.ss_sp = alternate;
    stack.ss_size = sizeof alternate;
    CHECK(sigaltstack(&stack, NULL) == 0);
    CHECK(fesetround(FE_DOWNWARD) == 0);
    umask(077);
}

static void (*use)(char **tokens);

static char task[64];

static void *use_in_thread(void *tokens)
{
    static struct state before;

    sprintf(task, "/proc/self/task/%d", (int)gettid());
    change_state();
    describe(&before);
    use((char **)tokens);
    expect_same(&before, "in a thread");
    return NULL;
}

int main(int argc, char **argv)
{
    static struct state before;
    pthread_t thread;
    void *plugin;

    CHECK(argc >= 2);
    CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL);
    change_state();
    environment = environ;
    describe(&before);
    /* Reading it would end the program. */
    environ = (char **)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(environ != MAP_FAILED);

    plugin = load(argv[1]);
    expect_same(&before, "loaded");
    find(plugin, "use", &use);
    use(argv + 2);
    expect_same(&before, "used");
    CHECK(pthread_create(&thread, NULL, use_in_thread, argv + 2) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    wait_until_gone(task);
    expect_same(&before, "used in a thread");
    CHECK(dlclose(plugin) == 0);
    CHECK(dlopen("libcaptoken.so.0", RTLD_NOW | RTLD_NOLOAD) == NULL);
    expect_same(&before, "unloaded");
    environ = environment;
    return EXIT_SUCCESS;
}

#endif
