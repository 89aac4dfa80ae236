/* A plug-in that contains captoken, and with HOST the program that loads it next to another
 * version of the library. */
#define _POSIX_C_SOURCE 200809L

#ifdef HOST

#include "load.h"

#ifdef LINKED
extern const char *cap_version(void);
#endif

/* argv: the libraries to load, in this order. Each function is visible to later ones. */
int main(int argc, char **argv)
{
    void (*use)(void) = NULL;
    int i;

#ifdef LINKED
    CHECK(strcmp(cap_version(), "another version") == 0);
#endif
    for (i = 1; i < argc; i++) {
        void *library = dlopen(argv[i], RTLD_LAZY | RTLD_GLOBAL);

        if (library == NULL)
            fprintf(stderr, "%s\n", dlerror());
        CHECK(library != NULL);
        if (dlsym(library, "use") != NULL)
            find(library, "use", &use);
    }
    CHECK(use != NULL);
    use();
    return EXIT_SUCCESS;
}

#else

#include <captoken.h>
#include <string.h>

#include "check.h"

extern void use(void);

void use(void)
{
    cap_token *token;
    char jwt[1024];

    CHECK(strcmp(cap_version(), CAPTOKEN_VERSION) == 0);
    CHECK(cap_configure("AC123123", "secret") == CAP_STATUS_OK);
    CHECK(cap_new(NULL, NULL, &token) == CAP_STATUS_OK);
    CHECK(cap_allow_incoming(token, "Alice") == CAP_STATUS_OK);
    CHECK(cap_allow_outgoing(token, "AP123123") == CAP_STATUS_OK);
    CHECK(cap_add_outgoing_param(token, "Foo", "Bar") == CAP_STATUS_OK);
    CHECK(cap_generate_at(token, 0, 60, jwt, sizeof jwt, NULL) == CAP_STATUS_OK);
    CHECK(cap_verify(jwt, "secret", 0, NULL, 0, NULL) == CAP_STATUS_OK);
    CHECK(cap_free(token) == 0);
    CHECK(cap_configure(NULL, NULL) == CAP_STATUS_OK);
}

#endif
