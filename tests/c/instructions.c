/* Two workloads for tests/it/instructions.rs: a full cycle, and another token of a
 * handle. */
#include <captoken.h>
#include <stdlib.h>

static const char *account = "AC0123456789abcdef0123456789abcdef";
static const char *application = "AP0123456789abcdef0123456789abcdef";
static const char *secret = "0123456789abcdef0123456789abcdef";

static char jwt[1024];

static void check(cap_status status)
{
    if (status != CAP_STATUS_OK)
        abort();
}

static cap_token *make(void)
{
    cap_token *token;

    check(cap_new(account, secret, &token));
    check(cap_allow_incoming(token, "alice"));
    check(cap_allow_outgoing(token, application));
    check(cap_add_outgoing_param(token, "user_id", "42"));
    return token;
}

/* External linkage, so that valgrind finds the functions by name. */
void full_cycle(void);
void again(const cap_token *token, int64_t now);

void full_cycle(void)
{
    cap_token *token = make();

    check(cap_generate(token, CAP_TTL_DEFAULT, jwt, sizeof jwt, NULL));
    cap_token_free(token);
}

void again(const cap_token *token, int64_t now)
{
    check(cap_generate_at(token, now, CAP_TTL_DEFAULT, jwt, sizeof jwt, NULL));
}

/* Only the third call is counted, without the one-time work of the process and the
 * handle. */
int main(void)
{
    cap_token *token = make();
    int i;

    for (i = 0; i < 3; i++)
        full_cycle();
    for (i = 0; i < 3; i++)
        again(token, 1400000000 + i);
    cap_token_free(token);
    return 0;
}
