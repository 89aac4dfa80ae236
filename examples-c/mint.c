/* Mints a capability token and prints it. Copy it as a start.
 *
 *     mint [-i CLIENT_NAME] [-o APPLICATION_SID [-p KEY=VALUE]...]
 *          [-t SECONDS] [-n TIME]
 *     mint -h
 *
 * The account SID and the auth token come from the environment variables
 * TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, because other users can read a command
 * line, and the auth token is a secret.
 *
 *     cc mint.c -lcaptoken -o mint
 */
#define _POSIX_C_SOURCE 200809L

#include <captoken.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char options[] = "i:o:p:t:n:h";

static const char usage[] =
    "usage: mint [-i CLIENT_NAME] [-o APPLICATION_SID [-p KEY=VALUE]...]\n"
    "            [-t SECONDS] [-n TIME]\n"
    "\n"
    "Prints a capability token for the account in TWILIO_ACCOUNT_SID, signed\n"
    "with TWILIO_AUTH_TOKEN.\n"
    "\n"
    "  -i CLIENT_NAME      allow incoming calls to this client name\n"
    "  -o APPLICATION_SID  allow outgoing calls, which this application handles\n"
    "  -p KEY=VALUE        a parameter for the application\n"
    "  -t SECONDS          time to live, at most a day; default: an hour\n"
    "  -n TIME             current time in seconds since 1970; default: the clock\n"
    "  -h                  print this help\n";

/* Reports a failed call. Returns whether it succeeded. */
static int check(cap_status status, const char *what)
{
    if (status != CAP_STATUS_OK)
        fprintf(stderr, "mint: %s: %s\n", what, cap_strerror((int)status));
    return status == CAP_STATUS_OK;
}

/* Parses a whole number. The library checks its range. */
static int read_number(const char *text, int64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0) {
        fprintf(stderr, "mint: not a whole number: %s\n", text);
        return 0;
    }
    return 1;
}

/* Adds KEY=VALUE, split at the first '='. */
static int add_param(cap_token *token, char *param)
{
    char *value = strchr(param, '=');

    if (value == NULL) {
        fprintf(stderr, "mint: a parameter lacks '=': %s\n", param);
        return 0;
    }
    *value++ = '\0';
    return check(cap_add_outgoing_param(token, param, value),
                 "parameter (-o comes first)");
}

/* Returns a token of any length, or NULL on failure. The caller frees it. */
static char *generate(const cap_token *token, const int64_t *now, int64_t ttl)
{
    char *jwt = NULL;
    size_t size = 0;
    cap_status status;

    /* The first call returns the length, the second writes the token. It is a loop
     * because the time may get one more digit in between. */
    do {
        char *larger = (char *)realloc(jwt, size + 1);
        if (larger == NULL) {
            free(jwt);
            fprintf(stderr, "mint: out of memory\n");
            return NULL;
        }
        jwt = larger;
        status = now != NULL ? cap_generate_at(token, *now, ttl, jwt, size + 1, &size)
                             : cap_generate(token, ttl, jwt, size + 1, &size);
    } while (status == CAP_STATUS_BUFFER_TOO_SMALL);

    if (!check(status, "token")) {
        free(jwt);
        return NULL;
    }
    return jwt;
}

/* Returns whether the options are valid. Prints help and exits if -h is among
 * them. */
static int understood(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, options)) != -1) {
        if (option == 'h') {
            if (fputs(usage, stdout) >= 0 && fflush(stdout) == 0)
                exit(EXIT_SUCCESS);
            perror("mint: standard output");
            exit(EXIT_FAILURE);
        }
        if (option == '?')
            break;
    }
    if (option == '?' || optind < argc) {
        fputs(usage, stderr);
        return 0;
    }
    optind = 1;
    return 1;
}

/* Applies the options and prints the token. Returns whether it succeeded. */
static int run(cap_token *token, int argc, char **argv)
{
    int64_t ttl = CAP_TTL_DEFAULT;
    int64_t time, *now = NULL;
    char *jwt;
    int option, ok = 1;

    while (ok && (option = getopt(argc, argv, options)) != -1) {
        switch (option) {
        case 'i':
            ok = check(cap_allow_incoming(token, optarg), "client name");
            break;
        case 'o':
            ok = check(cap_allow_outgoing(token, optarg), "application SID");
            break;
        case 'p':
            ok = add_param(token, optarg);
            break;
        case 't':
            ok = read_number(optarg, &ttl);
            break;
        case 'n':
            ok = read_number(optarg, &time);
            now = &time;
            break;
        }
    }
    if (!ok)
        return 0;

    jwt = generate(token, now, ttl);
    if (jwt == NULL)
        return 0;
    ok = puts(jwt) >= 0 && fflush(stdout) == 0;
    if (!ok)
        perror("mint: standard output");
    free(jwt);
    return ok;
}

int main(int argc, char **argv)
{
    const char *account_sid = getenv("TWILIO_ACCOUNT_SID");
    const char *auth_token = getenv("TWILIO_AUTH_TOKEN");
    cap_token *token;
    int ok;

    if (!understood(argc, argv))
        return EXIT_FAILURE;
    /* A variable that is not set is NULL, which cap_new() reports. */
    if (!check(cap_new(account_sid, auth_token, &token),
               "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"))
        return EXIT_FAILURE;
    ok = run(token, argc, argv);
    cap_token_free(token);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
