/* Sends answers as JSON. */
#include "server.h"

#include <stdio.h>
#include <string.h>

void refuse(struct outcome *outcome, unsigned int code, const char *error)
{
    outcome->code = code;
    snprintf(outcome->body, sizeof outcome->body, "{\"error\":\"%s\"}\n", error);
}

enum MHD_Result answer(struct MHD_Connection *connection, const struct settings *settings,
                       const struct outcome *outcome)
{
    const char *origin = allowed_origin(connection, settings);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(outcome->body), (void *)outcome->body, MHD_RESPMEM_MUST_COPY);
    char wait[16];
    struct {
        int is_sent;
        const char *name;
        const char *value;
    } headers[] = {
        /* No cache may keep a token: it is for one browser. */
        {1, "Cache-Control", "no-store"},
        {1, "Connection", "close"},
        {1, "Vary", "Origin"},
        {1, "X-Content-Type-Options", "nosniff"},
        {outcome->code != MHD_HTTP_NO_CONTENT, "Content-Type", "application/json"},
        {outcome->code == MHD_HTTP_METHOD_NOT_ALLOWED, "Allow", "GET"},
        {outcome->wait > 0, "Retry-After", wait},
        {origin != NULL, "Access-Control-Allow-Origin", origin},
        {outcome->code == MHD_HTTP_NO_CONTENT, "Access-Control-Allow-Methods", "GET"},
        {outcome->code == MHD_HTTP_NO_CONTENT, "Access-Control-Allow-Headers",
         "Authorization, Content-Type"},
    };
    enum MHD_Result result = MHD_YES;
    size_t i;

    if (response == NULL)
        return MHD_NO;
    snprintf(wait, sizeof wait, "%u", outcome->wait);
    for (i = 0; i < sizeof headers / sizeof *headers; i++)
        if (headers[i].is_sent && result == MHD_YES)
            result = MHD_add_response_header(response, headers[i].name, headers[i].value);
    if (result == MHD_YES)
        result = MHD_queue_response(connection, outcome->code, response);
    MHD_destroy_response(response);
    return result;
}
