/* Decides which hosts and origins are allowed.
 *
 * A page of a stranger can let its own host name point to this server. The browser then
 * takes the page and the server for one site, and lets the page read tokens. But the
 * browser still sends the stranger's name in the Host header. */
#define _POSIX_C_SOURCE 200809L

#include "server.h"

#include <string.h>
#include <strings.h>

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define NAME UPPER "abcdefghijklmnopqrstuvwxyz" DIGITS ".-_"
#define IPV6 "ABCDEFabcdef" DIGITS ":."

/* Each of these functions returns the length of a part at the start of a string, or 0. */
typedef size_t measure(const char *text);

static size_t host_at(const char *text)
{
    size_t inside;

    if (*text != '[')
        return strspn(text, NAME);
    inside = strspn(text + 1, IPV6);
    return inside > 0 && text[1 + inside] == ']' ? inside + 2 : 0;
}

static size_t port_at(const char *text)
{
    size_t digits = *text == ':' ? strspn(text + 1, DIGITS) : 0;

    return digits >= 1 && digits <= 5 ? digits + 1 : 0;
}

static size_t origin_at(const char *text)
{
    size_t length, host;

    if (strncmp(text, "https://", strlen("https://")) == 0)
        length = strlen("https://");
    else if (strncmp(text, "http://", strlen("http://")) == 0)
        length = strlen("http://");
    else
        return 0;
    host = host_at(text + length);
    length += host;
    return host > 0 ? length + port_at(text + length) : 0;
}

/* Returns the item after one that ends here. Returns NULL after the last one. */
static const char *next_item(const char *end)
{
    end += strspn(end, " ");
    return *end == ',' ? end + 1 : NULL;
}

static int is_list(const char *list, measure *item_at)
{
    for (;;) {
        size_t length;

        list += strspn(list, " ");
        length = item_at(list);
        if (length == 0)
            return 0;
        list += length + strspn(list + length, " ");
        if (*list == '\0')
            return 1;
        if (*list++ != ',')
            return 0;
    }
}

int is_host_list(const char *list)
{
    return is_list(list, host_at);
}

/* An origin in capitals would never equal the one that a browser sends. */
int is_origin_list(const char *list)
{
    return is_list(list, origin_at) && strpbrk(list, UPPER) == NULL;
}

int is_allowed_host(const char *hosts, const char *header)
{
    size_t length = host_at(header);

    if (length == 0 || header[length + port_at(header + length)] != '\0')
        return 0;
    while (hosts != NULL) {
        hosts += strspn(hosts, " ");
        if (host_at(hosts) == length && strncasecmp(hosts, header, length) == 0)
            return 1;
        hosts = next_item(hosts + host_at(hosts));
    }
    return 0;
}

int is_allowed_origin(const char *origins, const char *header)
{
    while (origins != NULL && header != NULL) {
        size_t length;

        origins += strspn(origins, " ");
        length = origin_at(origins);
        if (length == strlen(header) && memcmp(origins, header, length) == 0)
            return 1;
        origins = next_item(origins + length);
    }
    return 0;
}
