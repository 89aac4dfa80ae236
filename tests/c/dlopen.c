/* Loads captoken by its SONAME and finds its functions by name, like a host language. The
 * argument says how libcap is present: "linked", "loaded" by the program, or "absent". */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdint.h>

#include "load.h"

#ifdef LIBCAP_LINKED
extern void *cap_get_proc(void);
#endif

static void use(void *captoken, void *(*get_proc)(void))
{
    static long foreign[8];
    int (*create)(const char *, const char *, void **);
    int (*allow)(void *, const char *);
    int (*generate_at)(const void *, int64_t, int64_t, char *, size_t, size_t *);
    int (*release)(void *);
    char jwt[1024];
    void *token;

    find(captoken, "cap_new", &create);
    find(captoken, "cap_allow_incoming", &allow);
    find(captoken, "cap_generate_at", &generate_at);
    find(captoken, "cap_free", &release);

    CHECK(create("AC123123", "secret", &token) == 0);
    CHECK(allow(token, "Alice") == 0);
    CHECK(generate_at(token, 1400000000, 3600, jwt, sizeof jwt, NULL) == 0);
    CHECK(release(token) == 0);
    CHECK(release(NULL) == 0);
    if (get_proc != NULL)
        CHECK(release(get_proc()) == 0);
    errno = 0;
    CHECK(release(&foreign[4]) == -1);
    CHECK(errno == EINVAL);
}

int main(int argc, char **argv)
{
    void *(*get_proc)(void) = NULL;
    void *libcap = NULL;
    int round;

    CHECK(argc == 2);
    if (strcmp(argv[1], "loaded") == 0) {
        libcap = load("libcap.so.2");
        find(libcap, "cap_get_proc", &get_proc);
    }
#ifdef LIBCAP_LINKED
    CHECK(strcmp(argv[1], "linked") == 0);
    get_proc = cap_get_proc;
#endif

    /* Loads, uses and unloads it repeatedly. */
    for (round = 0; round < 20; round++) {
        void *captoken = load("libcaptoken.so.0");

        use(captoken, get_proc);
        CHECK(dlclose(captoken) == 0);
        CHECK(dlopen("libcaptoken.so.0", RTLD_NOW | RTLD_NOLOAD) == NULL);
    }
    if (libcap != NULL)
        dlclose(libcap);
    return EXIT_SUCCESS;
}
