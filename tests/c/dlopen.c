/* Loads captoken by its SONAME and finds its functions by name, like a host language. Uses it in
 * the main thread and in one that ends, and unloads it, again and again. Fails if the process then
 * keeps more memory, mappings or descriptors than after the first rounds.
 *
 * argv[1]: how libcap is present: "linked", "loaded" by the program, or "absent".
 * argv[2]: the number of rounds. */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>

#include "load.h"

#ifdef LIBCAP_LINKED
extern void *cap_get_proc(void);
#endif

static void *(*get_proc)(void);

static void *use(void *captoken)
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
    return NULL;
}

/* The first rounds fill caches of the C library, such as those of stacks. */
enum { FIRST_ROUNDS = 100, RESIDENT_MORE = 32 };

struct usage {
    unsigned long all, resident; /* pages */
    int mappings, descriptors;
};

static struct usage count(void)
{
    struct usage usage = {0, 0, 0, 0};
    FILE *file = fopen("/proc/self/statm", "r");
    DIR *folder = opendir("/proc/self/fd");
    int byte;

    CHECK(file != NULL && folder != NULL);
    while (readdir(folder) != NULL)
        usage.descriptors++;
    closedir(folder);
    CHECK(fscanf(file, "%lu %lu", &usage.all, &usage.resident) == 2);
    fclose(file);
    file = fopen("/proc/self/maps", "r");
    CHECK(file != NULL);
    while ((byte = getc(file)) != EOF)
        usage.mappings += byte == '\n';
    fclose(file);
    return usage;
}

int main(int argc, char **argv)
{
    void *libcap = NULL;
    struct usage before = {0, 0, 0, 0}, after;
    int round, rounds = argc == 3 ? atoi(argv[2]) : 0;

    CHECK(rounds > 0);
    if (strcmp(argv[1], "loaded") == 0) {
        libcap = load("libcap.so.2");
        find(libcap, "cap_get_proc", &get_proc);
    }
#ifdef LIBCAP_LINKED
    CHECK(strcmp(argv[1], "linked") == 0);
    get_proc = cap_get_proc;
#endif

    for (round = 0; round < rounds; round++) {
        void *captoken = load("libcaptoken.so.0");
        pthread_t thread;

        use(captoken);
        CHECK(pthread_create(&thread, NULL, use, captoken) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(dlclose(captoken) == 0);
        CHECK(dlopen("libcaptoken.so.0", RTLD_NOW | RTLD_NOLOAD) == NULL);
        if (round == FIRST_ROUNDS)
            before = count();
    }
    if (rounds > FIRST_ROUNDS) {
        after = count();
        printf("%lu and %lu pages, %lu and %lu of them resident\n", before.all, after.all,
               before.resident, after.resident);
        CHECK(after.all == before.all);
        CHECK(after.resident <= before.resident + RESIDENT_MORE);
        CHECK(after.mappings == before.mappings);
        CHECK(after.descriptors == before.descriptors);
    }
    if (libcap != NULL)
        dlclose(libcap);
    return EXIT_SUCCESS;
}
