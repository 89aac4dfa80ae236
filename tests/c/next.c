/* cap_free() forwards foreign pointers to the next cap_free(). OTHER compiles a library
 * with such a function. Otherwise this is a program that links with captoken and then
 * with that library; with NO_OTHER, only with captoken. */
#include <captoken.h>
#include <errno.h>

#include "check.h"

#ifdef OTHER

int cap_free(void *object)
{
    ++*(int *)object;
    return 7;
}

#else

int main(void)
{
    cap_token *token;
    int object = 0;

    CHECK(cap_new("AC123123", "secret", &token) == CAP_STATUS_OK);
    CHECK(cap_free(token) == 0);
    CHECK(cap_free(NULL) == 0);
    errno = 0;
#ifdef NO_OTHER
    CHECK(cap_free(&object) == -1);
    CHECK(errno == EINVAL);
    CHECK(object == 0);
#else
    CHECK(cap_free(&object) == 7);
    CHECK(errno == 0);
    CHECK(object == 1);
#endif
    return EXIT_SUCCESS;
}

#endif
