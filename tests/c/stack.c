/* Calls every function of captoken.h (tests/c/functions.c) on a thread, and prints the name of
 * each, with the stack that it needs. The first line has the size of the thread's stack.
 *
 * argv[1]: that size. If the system refuses it, the smallest that the system allows.
 * argv[2...]: tokens for cap_verify(). */
#define _GNU_SOURCE

#include "check.h"
#include "functions.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { FUNCTIONS_MAX = 64 };

static struct {
    const char *name;
    size_t bytes; /* of stack: the most of all calls */
} functions[FUNCTIONS_MAX];

/* The unused end of the stack, which grows down to `bottom`. */
static volatile unsigned char *bottom;

static const unsigned char PAINT = 0xa5;

/* Paints the stack below this function. */
static void paint(void)
{
    volatile unsigned char here;
    volatile unsigned char *byte;

    for (byte = bottom; byte < &here - 256; byte++)
        *byte = PAINT;
}

/* Counts the bytes down to the last one that has lost its paint. */
static void measure(const char *name)
{
    volatile unsigned char here;
    volatile unsigned char *byte = bottom;
    size_t i = 0, bytes;

    while (byte < &here && *byte == PAINT)
        byte++;
    bytes = (size_t)(&here - byte);
    while (functions[i].name != NULL && strcmp(functions[i].name, name) != 0)
        CHECK(++i < FUNCTIONS_MAX - 1);
    functions[i].name = name;
    if (bytes > functions[i].bytes)
        functions[i].bytes = bytes;
}

static void *run(void *tokens)
{
    struct calls calls = {paint, measure, NULL};
    pthread_attr_t attributes;
    void *start;
    size_t size;

    calls.tokens = (char **)tokens;
    CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
    CHECK(pthread_attr_getstack(&attributes, &start, &size) == 0);
    CHECK(pthread_attr_destroy(&attributes) == 0);
    bottom = (unsigned char *)start;
    call_every_function(&calls);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_attr_t attributes;
    pthread_t thread;
    size_t i, size;

    CHECK(argc >= 2);
    size = (size_t)atol(argv[1]);
    CHECK(pthread_attr_init(&attributes) == 0);
    if (pthread_attr_setstacksize(&attributes, size) != 0) {
        size = (size_t)PTHREAD_STACK_MIN;
        CHECK(pthread_attr_setstacksize(&attributes, size) == 0);
    }
    CHECK(pthread_create(&thread, &attributes, run, argv + 2) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    printf("size %lu\n", (unsigned long)size);
    for (i = 0; functions[i].name != NULL; i++)
        printf("%s %lu\n", functions[i].name, (unsigned long)functions[i].bytes);
    return EXIT_SUCCESS;
}
