/* cold LIBRARY CONTESTANT
 *
 * Prints how many nanoseconds two things took in a new process: loading the library, and
 * the first workload of the contestant. The contestant is one that worker.c runs, compiled
 * as a shared library. It is loaded in between, and calls the library that is already
 * loaded. */
#include "worker.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>

static void *load(const char *file, int mode)
{
    void *library = dlopen(file, mode);

    require(library != NULL, file);
    return library;
}

int main(int argc, char **argv)
{
    char out[OUT_SIZE];
    const struct work *first;
    void (*read_its_input)(void);
    void *contestant;
    int64_t start, loaded;

    require(argc == 3, "usage: cold LIBRARY CONTESTANT");
    start = clock_now();
    load(argv[1], RTLD_NOW | RTLD_GLOBAL);
    loaded = clock_now() - start;

    contestant = load(argv[2], RTLD_NOW);
    first = dlsym(contestant, "works");
    *(void **)&read_its_input = dlsym(contestant, "read_input");
    require(first != NULL && read_its_input != NULL,
            "a contestant exports works and read_input");
    read_its_input();
    start = clock_now();
    first->once(out);
    printf("%lld %lld\n", (long long)loaded, (long long)(clock_now() - start));
    return 0;
}
