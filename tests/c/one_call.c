/* cap_mint() as in the header's example: the same token as from a handle, and nothing to
 * free. */
#include <captoken.h>
#include <string.h>

#include "check.h"

int main(void)
{
    const int64_t now = 1400000000;
    const char *account_sid = "AC123123", *auth_token = "secret",
               *application_sid = "AP123123";
    char token[1024], expected[1024];
    size_t length = 0;
    cap_token *handle;

    CHECK(cap_new(account_sid, auth_token, &handle) == CAP_STATUS_OK);
    CHECK(cap_allow_incoming(handle, "alice") == CAP_STATUS_OK);
    CHECK(cap_allow_outgoing(handle, application_sid) == CAP_STATUS_OK);
    CHECK(cap_add_outgoing_param(handle, "user_id", "42") == CAP_STATUS_OK);
    CHECK(cap_add_outgoing_param(handle, "plan", "gold") == CAP_STATUS_OK);
    CHECK(cap_generate_at(handle, now, CAP_TTL_DEFAULT, expected, sizeof expected, NULL)
          == CAP_STATUS_OK);
    cap_token_free(handle);

    CHECK(cap_mint(auth_token,
                   "{\"account_sid\":\"AC123123\",\"incoming\":\"alice\","
                   "\"outgoing\":{\"application_sid\":\"AP123123\","
                   "\"params\":[[\"user_id\",\"42\"],[\"plan\",\"gold\"]]}}",
                   now, CAP_TTL_DEFAULT, token, sizeof token, &length)
          == CAP_STATUS_OK);
    CHECK(strcmp(token, expected) == 0 && length == strlen(expected));
    return EXIT_SUCCESS;
}
