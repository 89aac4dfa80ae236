/* Reads the parts of a request on which the answer depends. */
#define _POSIX_C_SOURCE 200809L

#include "server.h"

#include <string.h>
#include <strings.h>

/* Called for each line of a header. libmicrohttpd takes `Content-Length : 5`, with the
 * space in the name, for another header. A proxy may not, and the two would disagree where
 * the request ends. */
static enum MHD_Result read_line(void *header, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct header *all = (struct header *)header;

    (void)kind;
    if (strcasecmp(name, "Host") == 0) {
        all->hosts++;
        all->host = value;
    } else if (strncasecmp(name, "Transfer-Encoding", strlen("Transfer-Encoding")) == 0) {
        all->has_body = 1;
    } else if (strncasecmp(name, "Content-Length", strlen("Content-Length")) == 0
               && (value == NULL || strcmp(value, "0") != 0)) {
        all->has_body = 1;
    }
    return MHD_YES;
}

struct header read_header(struct MHD_Connection *connection)
{
    struct header header = {0, NULL, 0};

    MHD_get_connection_values(connection, MHD_HEADER_KIND, read_line, &header);
    return header;
}

/* Called for each parameter. MHD_lookup_connection_value() ignores case, and returns the
 * first of several. Another program that checks the name may do neither. */
static enum MHD_Result read_parameter(void *client, enum MHD_ValueKind kind,
                                      const char *name, size_t name_length,
                                      const char *value, size_t length)
{
    struct client *found = (struct client *)client;

    (void)kind;
    if (name_length == strlen("client") && memcmp(name, "client", name_length) == 0) {
        found->count++;
        found->name = value;
        found->length = length;
    }
    return MHD_YES;
}

struct client read_client(struct MHD_Connection *connection)
{
    struct client client = {0, NULL, 0};

    MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, read_parameter,
                                &client);
    return client;
}

const char *allowed_origin(struct MHD_Connection *connection,
                           const struct settings *settings)
{
    const char *origin =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN);

    return is_allowed_origin(settings->origins, origin) ? origin : NULL;
}
