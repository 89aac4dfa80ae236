/* Runs workloads of a contestant on request and otherwise sleeps. The orders are:
 *
 *     show WORK               runs it once and prints the result
 *     run WORK TIMES          runs it TIMES times and prints the nanoseconds
 *     run WORK TIMES CORE...  the same with a thread on each core, TIMES times each
 *     heap WORK               prints its heap calls, which heap.c counts: allocations, and
 *                             all calls
 */
#define _GNU_SOURCE

#include "worker.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 64 };

/* Defined by heap.c, if that is preloaded. */
__attribute__((weak)) void heap_calls(long *allocations, long *all);

struct share {
    const struct work *work;
    long times;
    int core;
    int threads;
    int64_t start;
    int64_t end;
};

/* The number of threads that are ready to begin. */
static atomic_int ready;

static void repeat(const struct work *work, long times)
{
    char out[OUT_SIZE];

    for (long i = 0; i < times; i++)
        work->once(out);
}

static void show(const struct work *work)
{
    char out[OUT_SIZE];

    work->once(out);
    if (work->bytes == 0)
        printf("%s", out);
    for (size_t i = 0; i < work->bytes; i++)
        printf("%02x", (unsigned char)out[i]);
    printf("\n");
}

static void run(const struct work *work, long times)
{
    int64_t start = clock_now();

    repeat(work, times);
    printf("%lld\n", (long long)(clock_now() - start));
}

static void *run_share(void *argument)
{
    struct share *share = argument;
    cpu_set_t cores;

    CPU_ZERO(&cores);
    CPU_SET(share->core, &cores);
    require(sched_setaffinity(0, sizeof cores, &cores) == 0,
            "cannot pin a thread to its core");
    repeat(share->work, 1);
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < share->threads)
        ;
    share->start = clock_now();
    repeat(share->work, share->times);
    share->end = clock_now();
    return NULL;
}

/* Prints the time from the start of the first thread to the end of the last. */
static void run_threads(const struct work *work, long times, const int *cores,
                        int threads)
{
    pthread_t ids[MOST_THREADS];
    struct share shares[MOST_THREADS];
    int64_t start = INT64_MAX;
    int64_t end = 0;

    atomic_store(&ready, 0);
    for (int i = 0; i < threads; i++) {
        shares[i] = (struct share){work, times, cores[i], threads, 0, 0};
        require(pthread_create(&ids[i], NULL, run_share, &shares[i]) == 0,
                "cannot start a thread");
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        start = shares[i].start < start ? shares[i].start : start;
        end = shares[i].end > end ? shares[i].end : end;
    }
    printf("%lld\n", (long long)(end - start));
}

static void heap(const struct work *work)
{
    long allocations_before, allocations, all_before, all;

    require(heap_calls != NULL, "heap.c is not preloaded");
    repeat(work, 1);
    heap_calls(&allocations_before, &all_before);
    repeat(work, 1);
    heap_calls(&allocations, &all);
    printf("%ld %ld\n", allocations - allocations_before, all - all_before);
}

static const struct work *find(const char *name)
{
    const struct work *work = works;

    while (work->name != NULL && (name == NULL || strcmp(work->name, name) != 0))
        work++;
    require(work->name != NULL, "unknown workload");
    return work;
}

static void obey(char *line)
{
    const char *order = strtok(line, " \n");
    const struct work *work = find(strtok(NULL, " \n"));
    const char *times = strtok(NULL, " \n");
    int cores[MOST_THREADS];
    int threads = 0;

    for (const char *core;
         (core = strtok(NULL, " \n")) != NULL && threads < MOST_THREADS;)
        cores[threads++] = atoi(core);

    if (strcmp(order, "show") == 0)
        show(work);
    else if (strcmp(order, "heap") == 0)
        heap(work);
    else if (threads == 0)
        run(work, atol(times));
    else
        run_threads(work, atol(times), cores, threads);
    fflush(stdout);
}

int main(void)
{
    char line[256];

    read_input();
    prepare();
    while (fgets(line, sizeof line, stdin) != NULL)
        obey(line);
    return 0;
}
