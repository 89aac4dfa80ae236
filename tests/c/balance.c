/* Checks the memory of a static program, which valgrind cannot do. The linker option
 * --wrap (tests/support/c_compiler.rs) redirects malloc() and its relatives to these
 * functions. They end the program with status 99 after a double free, a free of a foreign
 * pointer, a write after the end of a block, or a leak. */
#define _GNU_SOURCE

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern void *__real_malloc(size_t size);
extern void __real_free(void *block);

extern void *__wrap_malloc(size_t size);
extern void *__wrap_calloc(size_t count, size_t size);
extern void *__wrap_realloc(void *block, size_t size);
extern int __wrap_posix_memalign(void **block, size_t alignment, size_t size);
extern void __wrap_free(void *block);

extern int __real_main(int argc, char **argv);
extern int __wrap_main(int argc, char **argv);
extern int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                 void *(*run)(void *), void *argument);
extern int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                 void *(*run)(void *), void *argument);

enum { BLOCKS_MAX = 4096, FENCE = 16 };

static struct {
    unsigned char *start;
    size_t size;
    int of_c_library; /* from starting the program or a thread: never freed */
} blocks[BLOCKS_MAX];

static int program_started;
static __thread int thread_starts;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char in_buffer[4096], out_buffer[4096];

static void fail(const char *what)
{
    static const char prefix[] = "balance: ";

    if (write(2, prefix, sizeof prefix - 1) < 0 || write(2, what, strlen(what)) < 0
        || write(2, "\n", 1) < 0)
        _exit(98);
    _exit(99);
}

/* The entry of a block, or an unused entry for NULL. Requires the lock. */
static size_t find(const void *start)
{
    size_t i = 0;

    while (i < BLOCKS_MAX && blocks[i].start != start)
        i++;
    return i;
}

void *__wrap_malloc(size_t size)
{
    unsigned char *start = (unsigned char *)__real_malloc(size + FENCE);
    size_t i;

    if (start == NULL)
        return NULL;
    memset(start + size, 0xfe, FENCE);
    pthread_mutex_lock(&lock);
    i = find(NULL);
    if (i == BLOCKS_MAX)
        fail("too many blocks");
    blocks[i].start = start;
    blocks[i].size = size;
    blocks[i].of_c_library = !program_started || thread_starts;
    pthread_mutex_unlock(&lock);
    return start;
}

/* Checks a block, removes its entry and returns its size. */
static size_t take(const void *start)
{
    size_t i, j, size;

    pthread_mutex_lock(&lock);
    i = find(start);
    if (i == BLOCKS_MAX)
        fail("freed twice, or never allocated");
    size = blocks[i].size;
    for (j = 0; j < FENCE; j++)
        if (blocks[i].start[size + j] != 0xfe)
            fail("written after the end");
    blocks[i].start = NULL;
    pthread_mutex_unlock(&lock);
    return size;
}

void __wrap_free(void *block)
{
    if (block == NULL)
        return;
    take(block);
    __real_free(block);
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *block;

    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    block = __wrap_malloc(count * size);
    return block == NULL ? NULL : memset(block, 0, count * size);
}

void *__wrap_realloc(void *block, size_t size)
{
    void *larger = __wrap_malloc(size);
    size_t before;

    if (block == NULL || larger == NULL)
        return larger;
    before = take(block);
    memcpy(larger, block, before < size ? before : size);
    __real_free(block);
    return larger;
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size)
{
    (void)block;
    (void)alignment;
    (void)size;
    fail("posix_memalign is not supported");
    return -1;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument)
{
    int result;

    thread_starts = 1;
    result = __real_pthread_create(thread, attributes, run, argument);
    thread_starts = 0;
    return result;
}

int __wrap_main(int argc, char **argv)
{
    int result;
    size_t i;

    setvbuf(stdin, in_buffer, _IOFBF, sizeof in_buffer);
    setvbuf(stdout, out_buffer, _IOFBF, sizeof out_buffer);
    program_started = 1;
    result = __real_main(argc, argv);
    for (i = 0; i < BLOCKS_MAX; i++)
        if (blocks[i].start != NULL && !blocks[i].of_c_library)
            fail("not freed");
    return result;
}
