/* What is not ours goes to whichever cap_free() comes next. Compiled once as a
 * library that has one (OTHER), and once as a program that is linked with captoken
 * and then with that library, or with captoken alone (NOBODY). */
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
#ifdef NOBODY
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
