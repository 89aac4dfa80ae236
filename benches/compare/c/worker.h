/* The interface of a contestant in C, which worker.c calls. */
#ifndef WORKER_H
#define WORKER_H

#include <stddef.h>
#include <stdint.h>

/* The size of an output buffer. A token with 1,000 parameters is the longest output. */
enum { OUT_SIZE = 128 * 1024 };

struct work {
    const char *name;
    /* Runs the workload once and writes its result to `out`. */
    void (*once)(char *out);
    /* The length of a binary result, or 0 if the result is a string. */
    size_t bytes;
};

/* All workloads. The name of the last one is NULL. */
extern const struct work works[];

/* Called once before any workload. read_input() must not call the measured library;
 * prepare() creates the objects that workloads share. */
void read_input(void);
void prepare(void);

/* Returns an environment variable, or ends the program if it is not set. */
const char *input(const char *name);

/* Ends the program with a message if `well` is 0. */
void require(int well, const char *what);

/* Returns a monotonic time in nanoseconds. */
int64_t clock_now(void);

#endif
