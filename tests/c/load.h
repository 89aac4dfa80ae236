#include <dlfcn.h>
#include <string.h>

#include "check.h"

/* A library by its name, which must be there. */
static void *load(const char *name)
{
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        fprintf(stderr, "%s\n", dlerror());
    CHECK(library != NULL);
    return library;
}

/* A function by its name. The detour through memory is POSIX's own. */
static void find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);

    CHECK(address != NULL);
    memcpy(function, &address, sizeof address);
}
