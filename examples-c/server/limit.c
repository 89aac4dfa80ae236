/* Limits the requests of each caller.
 *
 * libmicrohttpd calls this from one thread, so there is no lock. */
#define _POSIX_C_SOURCE 200809L

#include "server.h"

#include <netinet/in.h>
#include <string.h>
#include <time.h>

/* Memory is bounded: if more callers than this come within a minute, the server forgets the
 * one whose minute began first. */
enum { CALLERS = 1024, MINUTE = 60 };

static struct caller {
    in_addr_t address;
    unsigned int requests; /* 0: unused */
    time_t began;
} callers[CALLERS];

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* Finds a caller, or replaces the one whose minute began first. */
static struct caller *find(in_addr_t address)
{
    struct caller *oldest = callers;
    struct caller *caller;

    for (caller = callers; caller < callers + CALLERS; caller++) {
        if (caller->requests > 0 && caller->address == address)
            return caller;
        if (oldest->requests > 0
            && (caller->requests == 0 || caller->began < oldest->began))
            oldest = caller;
    }
    oldest->address = address;
    oldest->requests = 0;
    return oldest;
}

unsigned int seconds_to_wait(const struct sockaddr *address_of_caller, unsigned int limit)
{
    struct sockaddr_in address; /* the server listens only on an IPv4 address */
    struct caller *caller;
    time_t time = now();

    memcpy(&address, address_of_caller, sizeof address);
    caller = find(address.sin_addr.s_addr);
    if (caller->requests == 0 || time - caller->began >= MINUTE) {
        caller->began = time;
        caller->requests = 0;
    }
    if (caller->requests >= limit)
        return (unsigned int)(caller->began + MINUTE - time);
    caller->requests++;
    return 0;
}
