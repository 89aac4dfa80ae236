/* What a contestant in C offers; worker.c does the rest. */
#ifndef WORKER_H
#define WORKER_H

#include <stddef.h>
#include <stdint.h>

/* Room for what a work writes: the token of a thousand parameters is the longest. */
enum { OUT_SIZE = 128 * 1024 };

struct work {
    const char *name;
    /* Does the work once, and writes its result to `out`. */
    void (*once)(char *out);
    /* How many bytes the result has, or 0 where it is a text. */
    size_t bytes;
};

/* All works of the contestant; the last has no name. */
extern const struct work works[];

/* Called once, before any work: the first reads the input and calls nothing of the
 * library, the second makes what works find there. */
void read_input(void);
void prepare(void);

/* An environment variable that must be there. */
const char *input(const char *name);

/* Ends the program with a message unless all is well. */
void require(int well, const char *what);

/* In nanoseconds, since some time or other. */
int64_t clock_now(void);

#endif
