/* Workloads whose size a caller's users may choose, for tests/it/growth.rs.
 *
 * growth SIZE...: does each workload once in each size, and prints its name and the length of
 * all names. */
#include "check.h"
#include <captoken.h>
#include <stdint.h>
#include <string.h>

#define NOW 1400000000

static char name[400];
static size_t length; /* of all names */
static char *buffer;
static size_t buffer_size;

static void check(cap_status status)
{
    CHECK(status == CAP_STATUS_OK);
}

static const char *counted(void)
{
    length += strlen(name);
    return name;
}

/* Names in no order: the multiplier is odd, so that no name repeats. */
static const char *shuffled(uint32_t i)
{
    snprintf(name, sizeof name, "%08x", (unsigned)(i * UINT32_C(2654435761)));
    return counted();
}

/* Each name twice. */
static const char *repeated(uint32_t i)
{
    return shuffled(i / 2);
}

/* Names in descending order. */
static const char *descending(uint32_t i)
{
    snprintf(name, sizeof name, "%08x", (unsigned)(UINT32_MAX - i));
    return counted();
}

/* Names with long common beginnings, each of which differs in another bit. Their trie in
 * src/json/names.rs is a chain of 1,800 nodes. */
static const char *nested(uint32_t i)
{
    uint32_t bit = i % 1800, beginning = bit / 6;

    memset(name, '@', beginning);
    snprintf(name + beginning, sizeof name - beginning, "%c%u", '@' ^ (1 << bit % 6),
             (unsigned)(i / 1800));
    return counted();
}

static cap_token *capability(void)
{
    cap_token *token;

    check(cap_new("AC123123", "secret", &token));
    check(cap_allow_outgoing(token, "AP123123"));
    check(cap_allow_event_stream(token));
    return token;
}

static cap_token *access_token(void)
{
    cap_token *token;

    check(cap_new_access("AC123123", "SK123123", "secret", &token));
    check(cap_allow_outgoing(token, "AP123123"));
    return token;
}

/* Adds names to a handle, and frees it. */
static void add(cap_token *token,
                cap_status (*function)(cap_token *token, const char *name,
                                       const char *value),
                const char *(*nth)(uint32_t), const char *value, uint32_t size)
{
    uint32_t i;

    for (i = 0; i < size; i++)
        check(function(token, nth(i), value));
    cap_token_free(token);
}

static void shuffled_claims(uint32_t size)
{
    add(capability(), cap_add_claim, shuffled, "1", size);
}

static void descending_claims(uint32_t size)
{
    add(capability(), cap_add_claim, descending, "1", size);
}

static void nested_claims(uint32_t size)
{
    add(capability(), cap_add_claim, nested, "1", size);
}

static void replaced_claims(uint32_t size)
{
    add(capability(), cap_add_claim, repeated, "1", size);
}

static void grants(uint32_t size)
{
    add(access_token(), cap_add_grant, shuffled, "{}", size);
}

static void access_params(uint32_t size)
{
    add(access_token(), cap_add_outgoing_param, shuffled, "1", size);
}

/* Also generates the token and verifies it. */
static void params_and_filters(uint32_t size)
{
    cap_token *token = capability();
    uint32_t i;

    for (i = 0; i < size; i++) {
        check(cap_add_outgoing_param(token, shuffled(i), "1"));
        check(cap_add_event_filter(token, shuffled(i), "1"));
    }
    check(cap_generate_at(token, NOW, 60, buffer, buffer_size, NULL));
    check(cap_verify(buffer, "secret", NOW, NULL, 0, NULL));
    cap_token_free(token);
}

static void request(uint32_t size)
{
    static const char *lists[] = {
        "\"outgoing\":{\"application_sid\":\"AP123123\",\"params\":[", "]},\"claims\":{",
        "},\"grants\":{"};
    static const char *items[] = {"%s[\"%s\",\"1\"]", "%s\"%s\":1", "%s\"%s\":{}"};
    char *json = buffer + buffer_size / 2;
    char *end = json;
    uint32_t i;
    int list;

    end += sprintf(end, "{\"account_sid\":\"AC123123\",\"api_key_sid\":\"SK123123\",");
    for (list = 0; list < 3; list++) {
        end += sprintf(end, "%s", lists[list]);
        for (i = 0; i < size; i++)
            end += sprintf(end, items[list], i ? "," : "", shuffled(i));
    }
    sprintf(end, "}}");
    check(cap_mint("secret", json, NOW, 60, buffer, buffer_size / 2, NULL));
    check(cap_verify(buffer, "secret", NOW, NULL, 0, NULL));
}

static const struct {
    const char *name;
    void (*work)(uint32_t size);
} workloads[] = {
    {"shuffled claims", shuffled_claims},
    {"descending claims", descending_claims},
    {"nested claims", nested_claims},
    {"replaced claims", replaced_claims},
    {"grants", grants},
    {"access parameters", access_params},
    {"parameters and filters", params_and_filters},
    {"request", request},
};

/* External linkage, so that valgrind finds the function by name. */
void measured(size_t workload, uint32_t size);

void measured(size_t workload, uint32_t size)
{
    workloads[workload].work(size);
}

int main(int argc, char **argv)
{
    size_t workload;
    int i;

    buffer_size = 16 << 20;
    buffer = malloc(buffer_size);
    CHECK(buffer);
    for (workload = 0; workload < sizeof workloads / sizeof *workloads; workload++) {
        for (i = 1; i < argc; i++) {
            uint32_t size = (uint32_t)strtoul(argv[i], NULL, 10);

            length = 0;
            measured(workload, size);
            printf("%s:%lu\n", workloads[workload].name, (unsigned long)length);
        }
    }
    free(buffer);
    return 0;
}
