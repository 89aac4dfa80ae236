/* Mints a token for each request on standard input, and prints it or the status. Four lines are one
 * call of cap_mint(): secret, request, time, time to live. The module dist runs this on other
 * machines. With OTHER, the program also contains another library written in Rust. */
#define _POSIX_C_SOURCE 200809L

#include <captoken.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef OTHER
uint64_t other_sum(uint64_t last);
#endif

enum { FIELDS = 4 };

/* Returns whether there is another line, without its line break. */
static int read_line(char **line, size_t *size)
{
    ssize_t length = getline(line, size, stdin);

    if (length <= 0)
        return 0;
    (*line)[length - 1] = '\0';
    return 1;
}

int main(void)
{
    static char jwt[65536];
    char *fields[FIELDS] = {0};
    size_t sizes[FIELDS] = {0};
    int i;

#ifdef OTHER
    /* The second call panics inside, which the library stops. */
    if (other_sum(100) != 5050 || other_sum(1000) != 0)
        return 1;
#endif
    for (;;) {
        cap_status status;

        for (i = 0; i < FIELDS && read_line(&fields[i], &sizes[i]); i++)
            ;
        if (i < FIELDS)
            break;
        status = cap_mint(fields[0], fields[1], strtoll(fields[2], NULL, 10),
                          strtoll(fields[3], NULL, 10), jwt, sizeof jwt, NULL);
        if (status == CAP_STATUS_OK)
            puts(jwt);
        else
            printf("%d\n", (int)status);
    }
    for (i = 0; i < FIELDS; i++)
        free(fields[i]);
    return fflush(stdout) != 0;
}
