/* Loads captoken several times. Each copy has its own defaults.
 * argv[1...]: the files of the copies. The last one goes into another namespace of the dynamic
 * linker, with another C library. */
#define _GNU_SOURCE

#include "load.h"

#include <captoken.h>

enum { COPIES_MAX = 4 };

struct copy {
    void *library;
    char secret[16];
    cap_status (*configure)(const char *sid, const char *secret);
    cap_status (*create)(const char *sid, const char *secret, cap_token **token);
    cap_status (*generate_at)(const cap_token *token, int64_t now, int64_t ttl,
                              char *buffer, size_t size, size_t *length);
    cap_status (*verify)(const char *jwt, const char *secret, int64_t now, char *payload,
                         size_t size, size_t *length);
    void (*release)(cap_token *token);
};

static void find_functions(struct copy *copy)
{
    find(copy->library, "cap_configure", &copy->configure);
    find(copy->library, "cap_new", &copy->create);
    find(copy->library, "cap_generate_at", &copy->generate_at);
    find(copy->library, "cap_verify", &copy->verify);
    find(copy->library, "cap_token_free", &copy->release);
}

/* Mints from the copy's defaults, and verifies the token with each other copy. */
static void use(const struct copy *copy, const struct copy *copies, int count)
{
    cap_token *token;
    char jwt[512];
    int i;

    CHECK(copy->create(NULL, NULL, &token) == CAP_STATUS_OK);
    CHECK(copy->generate_at(token, 0, 60, jwt, sizeof jwt, NULL) == CAP_STATUS_OK);
    copy->release(token);
    for (i = 0; i < count; i++)
        CHECK(copies[i].verify(jwt, copy->secret, 0, NULL, 0, NULL) == CAP_STATUS_OK);
}

int main(int argc, char **argv)
{
    static struct copy copies[COPIES_MAX];
    cap_token *token;
    int i, count = argc - 1;

    CHECK(count >= 2 && count <= COPIES_MAX);
    for (i = 0; i < count; i++) {
        copies[i].library = i < count - 1 ? load(argv[i + 1])
                                          : dlmopen(LM_ID_NEWLM, argv[i + 1], RTLD_NOW);
        if (copies[i].library == NULL)
            fprintf(stderr, "%s\n", dlerror());
        CHECK(copies[i].library != NULL);
        find_functions(&copies[i]);
        CHECK(i == 0 || copies[i].create != copies[i - 1].create);
        /* The others are configured. */
        CHECK(copies[i].create(NULL, NULL, &token) == CAP_STATUS_NO_CREDENTIALS);
        sprintf(copies[i].secret, "secret %d", i);
        CHECK(copies[i].configure("AC123123", copies[i].secret) == CAP_STATUS_OK);
    }
    for (i = 0; i < count; i++)
        use(&copies[i], copies, count);
    for (i = 0; i < count; i++) {
        CHECK(copies[i].configure(NULL, NULL) == CAP_STATUS_OK);
        CHECK(dlclose(copies[i].library) == 0);
        if (i < count - 1)
            use(&copies[i + 1], copies + i + 1, count - i - 1);
    }
    return EXIT_SUCCESS;
}
