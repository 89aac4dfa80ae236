/* Functions that every contestant in C needs, also if it is loaded as a library. */
#define _POSIX_C_SOURCE 200809L

#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const char *input(const char *name)
{
    const char *value = getenv(name);

    require(value != NULL, name);
    return value;
}

void require(int well, const char *what)
{
    if (!well) {
        fprintf(stderr, "failed: %s\n", what);
        exit(1);
    }
}

int64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}
