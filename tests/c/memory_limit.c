/* Calls every function that allocates with 1 GiB of input, while the process may use only
 * 32 MiB more (RLIMIT_AS). Prints the name of each function. */
#define _GNU_SOURCE
#include "check.h"
#include <captoken.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOW 1400000000
#define CHUNK ((size_t)2 << 20)
#define LENGTH ((size_t)1 << 30)
#define ALLOWED ((rlim_t)32 << 20)

static char *huge;

/* LENGTH times the letter a. All chunks share the same memory, except changed pages. */
static char *make_huge(void)
{
    char *string =
        mmap(NULL, LENGTH + CHUNK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *letters = malloc(CHUNK);
    int file = memfd_create("letters", 0);
    size_t i;

    CHECK(string != MAP_FAILED && letters && file >= 0);
    memset(letters, 'a', CHUNK);
    CHECK(write(file, letters, CHUNK) == (ssize_t)CHUNK);
    for (i = 0; i <= LENGTH; i += CHUNK)
        CHECK(mmap(string + i, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
                   file, 0)
              != MAP_FAILED);
    string[LENGTH] = '\0';
    free(letters);
    close(file);
    return string;
}

/* The huge string with another start and end. */
static const char *between(const char *start, const char *end)
{
    memset(huge, 'a', 200);
    memset(huge + LENGTH - 200, 'a', 200);
    memcpy(huge, start, strlen(start));
    memcpy(huge + LENGTH - strlen(end), end, strlen(end));
    return huge;
}

static void limit_memory(void)
{
    unsigned long pages;
    struct rlimit limit;
    FILE *file = fopen("/proc/self/statm", "r");

    CHECK(file && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + ALLOWED;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

static cap_token *make(void)
{
    cap_token *token;

    CHECK(cap_new_access("AC123123", "SK123123", "secret", &token) == CAP_STATUS_OK);
    CHECK(cap_allow_outgoing(token, "AP123123") == CAP_STATUS_OK);
    return token;
}

/* The tokens of two handles and of the defaults. */
static void mint(const cap_token *token, const cap_token *capability, char jwts[3][512])
{
    cap_token *of_defaults;

    CHECK(cap_new(NULL, NULL, &of_defaults) == CAP_STATUS_OK);
    CHECK(cap_generate_at(token, NOW, 60, jwts[0], 512, NULL) == CAP_STATUS_OK);
    CHECK(cap_generate_at(capability, NOW, 60, jwts[1], 512, NULL) == CAP_STATUS_OK);
    CHECK(cap_generate_at(of_defaults, NOW, 60, jwts[2], 512, NULL) == CAP_STATUS_OK);
    cap_token_free(of_defaults);
}

static void expect(const char *function, cap_status status, cap_status expected)
{
    if (status != expected)
        fprintf(stderr, "%s: %s\n", function, cap_strerror(status));
    CHECK(status == expected);
    puts(function);
}

#define FAILS(function, arguments)                                                       \
    expect(#function, function arguments, CAP_STATUS_OUT_OF_MEMORY)

int main(void)
{
    static char before[3][512], after[3][512];
    const size_t big = 40 << 20;
    char *json = malloc(big), *jwt = malloc(2 * big);
    cap_token *token = make(), *capability, *big_token = make(), *none;
    const char *string, *request;
    size_t length;

    CHECK(json && jwt);
    memset(json, 'a', big);
    json[0] = json[big - 2] = '"';
    json[big - 1] = '\0';
    CHECK(cap_new("AC123123", "secret", &capability) == CAP_STATUS_OK);
    CHECK(cap_allow_event_stream(capability) == CAP_STATUS_OK);
    CHECK(cap_add_claim(big_token, "big", json) == CAP_STATUS_OK);
    CHECK(cap_configure("ACdefault", "default") == CAP_STATUS_OK);
    mint(token, capability, before);
    huge = make_huge();
    limit_memory();

    string = between("", "");
    FAILS(cap_new, (string, "secret", &none));
    CHECK(!none);
    FAILS(cap_new_access, (string, "SK123123", "secret", &none));
    FAILS(cap_new_access, ("AC123123", string, "secret", &none));
    CHECK(!none);
    FAILS(cap_configure, (string, "secret"));
    FAILS(cap_allow_incoming, (token, string));
    FAILS(cap_allow_outgoing, (token, string));
    FAILS(cap_add_outgoing_param, (token, string, ""));
    FAILS(cap_add_outgoing_param, (token, "", string));
    FAILS(cap_set_client_name, (token, string));
    FAILS(cap_add_event_filter, (capability, string, ""));
    FAILS(cap_add_event_filter, (capability, "", string));
    FAILS(cap_set_region, (token, string));
    FAILS(cap_set_push_credential, (token, string));
    FAILS(cap_add_claim, (token, string, "1"));
    FAILS(cap_add_claim, (token, "a", between("\"", "\"")));
    FAILS(cap_add_grant, (token, string, "{}"));
    FAILS(cap_add_grant, (token, "a", between("{\"a\":\"", "\"}")));

    length = 1;
    request = between("{\"account_sid\":\"", "\"}");
    FAILS(cap_mint, ("secret", request, NOW, 60, jwt, 2 * big, &length));
    CHECK(length == 0 && jwt[0] == '\0');
    request = between("{\"account_sid\":\"a\",\"claims\":{\"a\":\"", "\"}}");
    FAILS(cap_mint, ("secret", request, NOW, 60, jwt, 2 * big, &length));
    FAILS(cap_verify,
          (between("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.",
                   ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
           "secret", NOW, jwt, 2 * big, &length));
    FAILS(cap_generate, (big_token, 60, jwt, 2 * big, &length));
    FAILS(cap_generate_at, (big_token, NOW, 60, jwt, 2 * big, &length));
    CHECK(length == 0 && jwt[0] == '\0');

    /* A secret is hashed, not copied. */
    CHECK(cap_new("AC123123", between("", ""), &none) == CAP_STATUS_OK);
    cap_token_free(none);
    expect("cap_check_client_name", cap_check_client_name(huge),
           CAP_STATUS_INVALID_CLIENT_NAME);

    mint(token, capability, after);
    CHECK(memcmp(before, after, sizeof before) == 0);
    cap_token_free(token);
    cap_token_free(capability);
    cap_token_free(big_token);
    free(json);
    free(jwt);
    return 0;
}
