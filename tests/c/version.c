/* The version macros equal cap_version(). UNUSED compiles a program that ignores the
 * result of cap_verify(), about which compilers warn. */
#include <captoken.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

int main(void)
{
    char version[32];

    snprintf(version, sizeof version, "%d.%d.%d", CAPTOKEN_VERSION_MAJOR,
             CAPTOKEN_VERSION_MINOR, CAPTOKEN_VERSION_PATCH);
    CHECK(strcmp(cap_version(), CAPTOKEN_VERSION) == 0);
    CHECK(strcmp(cap_version(), version) == 0);

    /* More warnings would break programs that build with -Werror. */
    cap_configure(NULL, NULL);
#ifdef UNUSED
    cap_verify("", "secret", 0, NULL, 0, NULL);
#endif
    return 0;
}
