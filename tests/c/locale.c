/* Makes any program use the locale of its environment, if LD_PRELOAD names this library. */
#define _GNU_SOURCE

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void use_locale(void)
{
    if (setlocale(LC_ALL, "") == NULL) {
        fputs("there is no such locale\n", stderr);
        abort();
    }
}
