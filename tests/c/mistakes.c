/* Makes the memory error that its argument names; the tests check that it is found. */
#include <captoken.h>
#include <string.h>

#include "check.h"

int main(int argc, char **argv)
{
    cap_token *token;
    char *volatile block = (char *)malloc(16);

    CHECK(argc == 2 && block != NULL);
    CHECK(cap_new("AC123123", "secret", &token) == CAP_STATUS_OK);
    if (strcmp(argv[1], "overrun") == 0)
        block[16] = 'x';
    if (strcmp(argv[1], "leak") != 0)
        free(block);
    if (strcmp(argv[1], "twice") == 0)
        free(block);
    if (strcmp(argv[1], "handle") != 0)
        cap_token_free(token);
    return EXIT_SUCCESS;
}
