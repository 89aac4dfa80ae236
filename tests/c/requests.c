/* Mints a token for each request on standard input, and prints it or the status. Four lines are one
 * call of cap_mint(): secret, request, time, time to live. The modules dist and other_systems run
 * this on other machines, and on Windows, which has no getline(). With OTHER, the program also
 * contains another library written in Rust. */
#include <captoken.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef OTHER
uint64_t other_sum(uint64_t last);
#endif

enum { FIELDS = 4, MAX_LENGTH = 65536 };

/* Returns whether there is another line, without its line break. */
static int read_line(char *line)
{
    if (fgets(line, MAX_LENGTH, stdin) == NULL)
        return 0;
    line[strcspn(line, "\n")] = '\0';
    return 1;
}

int main(void)
{
    static char fields[FIELDS][MAX_LENGTH];
    static char jwt[MAX_LENGTH];
    int i;

#ifdef OTHER
    /* The second call panics inside, which the library stops. */
    if (other_sum(100) != 5050 || other_sum(1000) != 0)
        return 1;
#endif
    for (;;) {
        cap_status status;

        for (i = 0; i < FIELDS && read_line(fields[i]); i++)
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
    return fflush(stdout) != 0;
}
