/* A plug-in that uses captoken. HOST compiles the program that loads it; if that program
 * links with libcap, the plug-in's cap_free() is libcap's. */
#define _POSIX_C_SOURCE 200809L

#ifdef HOST

#include "load.h"

#ifdef WITH_LIBCAP
#include <sys/capability.h>
#endif

int main(int argc, char **argv)
{
    void *plugin;
    void (*use)(const char *);

    CHECK(argc == 3);
#ifdef WITH_LIBCAP
    CHECK(cap_free(cap_get_proc()) == 0);
#endif
    plugin = load(argv[1]);
    find(plugin, "use", &use);
    use(argv[2]);
    CHECK(dlclose(plugin) == 0);
    return EXIT_SUCCESS;
}

#else

#include <captoken.h>
#include <errno.h>
#include <string.h>

#include "check.h"

extern void use(const char *winner);

void use(const char *winner)
{
    cap_token *token;
    char jwt[1024];

    CHECK(cap_new("AC123123", "secret", &token) == CAP_STATUS_OK);
    if (strcmp(winner, "captoken") == 0) {
        CHECK(cap_free(token) == 0);
        return;
    }
    errno = 0;
    CHECK(cap_free(token) == -1);
    CHECK(errno == EINVAL);
    CHECK(cap_generate(token, 60, jwt, sizeof jwt, NULL) == CAP_STATUS_OK);
    cap_token_free(token);
}

#endif
