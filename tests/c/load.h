#include <dlfcn.h>
#include <string.h>

#include "check.h"

/* Loads a library by name. */
static inline void *load(const char *name)
{
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        fprintf(stderr, "%s\n", dlerror());
    CHECK(library != NULL);
    return library;
}

/* Finds a function by name. POSIX recommends this copy through memory. */
static inline void find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);

    CHECK(address != NULL);
    memcpy(function, &address, sizeof address);
}
