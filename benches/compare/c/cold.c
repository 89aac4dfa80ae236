/* cold LIBRARY CONTESTANT
 *
 * What a program pays that has just started: prints how many nanoseconds it took to load
 * the library, and the first work of the contestant, which is loaded in between. The
 * contestant is one of those that worker.c runs, compiled as a library; what it calls, it
 * finds in the one that is loaded already. */
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
    require(first != NULL && read_its_input != NULL, "a contestant");
    read_its_input();
    start = clock_now();
    first->once(out);
    printf("%lld %lld\n", (long long)loaded, (long long)(clock_now() - start));
    return 0;
}
