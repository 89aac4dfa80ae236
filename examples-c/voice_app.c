/* A miniature telephony server. It configures credentials once, creates one handle with
 * the permissions of a support desk, and mints from it in several threads without a lock.
 *
 *     voice_app [THREADS [TOKENS_PER_THREAD]]
 *
 * The account SID and the auth token come from the environment variables
 * TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.
 *
 *     cc voice_app.c -lcaptoken -lpthread -o voice_app
 */
#define _POSIX_C_SOURCE 200809L

#include <captoken.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS_MAX = 64, TTL = 600, TOKEN_SIZE = 1024 };

struct worker {
    pthread_t thread;
    const cap_token *token; /* const: shared by all workers */
    long wanted;
    long minted;
    cap_status status;    /* of the last call */
    char jwt[TOKEN_SIZE]; /* the last token */
};

/* Runs in each thread: mints a token for each request of a browser. */
static void *serve(void *argument)
{
    struct worker *worker = (struct worker *)argument;

    worker->status = CAP_STATUS_OK;
    while (worker->minted < worker->wanted) {
        worker->status =
            cap_generate(worker->token, TTL, worker->jwt, sizeof worker->jwt, NULL);
        if (worker->status != CAP_STATUS_OK)
            break;
        worker->minted++;
    }
    return NULL;
}

/* Creates the handle, before other threads share it. */
static cap_status prepare(cap_token **token)
{
    cap_status status = cap_new(NULL, NULL, token);

    if (status == CAP_STATUS_OK)
        status = cap_allow_incoming(*token, "support_desk");
    if (status == CAP_STATUS_OK)
        status = cap_allow_outgoing(*token, "APabe7650f654fc34655fc81ae71caa3ff");
    if (status == CAP_STATUS_OK)
        status = cap_add_outgoing_param(*token, "queue", "sales & support");
    if (status != CAP_STATUS_OK) {
        cap_token_free(*token); /* NULL is ignored */
        *token = NULL;
    }
    return status;
}

/* Runs the workers and reports on each. Returns whether all have minted all tokens. */
static int serve_all(const cap_token *token, long threads, long tokens)
{
    static struct worker workers[THREADS_MAX];
    long i, started;
    int ok = 1;

    for (started = 0; started < threads; started++) {
        struct worker *worker = &workers[started];
        worker->token = token;
        worker->wanted = tokens;
        if (pthread_create(&worker->thread, NULL, serve, worker) != 0) {
            fprintf(stderr, "voice_app: cannot start thread %ld\n", started);
            ok = 0;
            break;
        }
    }
    for (i = 0; i < started; i++) {
        struct worker *worker = &workers[i];
        pthread_join(worker->thread, NULL);
        if (worker->status == CAP_STATUS_OK) {
            printf("thread %ld: %ld tokens, the last %s\n", i, worker->minted,
                   worker->jwt);
        } else {
            fprintf(stderr, "thread %ld: %s\n", i, cap_strerror((int)worker->status));
            ok = 0;
        }
    }
    return ok;
}

int main(int argc, char **argv)
{
    long threads = argc > 1 ? strtol(argv[1], NULL, 10) : 4;
    long tokens = argc > 2 ? strtol(argv[2], NULL, 10) : 1000;
    const char *account_sid = getenv("TWILIO_ACCOUNT_SID");
    const char *auth_token = getenv("TWILIO_AUTH_TOKEN");
    cap_token *token = NULL;
    cap_status status;
    int ok;

    if (argc > 3 || threads < 1 || threads > THREADS_MAX || tokens < 1) {
        fprintf(stderr, "usage: voice_app [THREADS [TOKENS_PER_THREAD]]\n");
        return EXIT_FAILURE;
    }

    if (account_sid == NULL || auth_token == NULL) {
        fprintf(stderr, "voice_app: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN\n");
        return EXIT_FAILURE;
    }

    /* Configured once, at start-up. The rest of the program needs no credentials. */
    status = cap_configure(account_sid, auth_token);
    if (status == CAP_STATUS_OK)
        status = prepare(&token);
    ok = status == CAP_STATUS_OK;
    if (ok)
        ok = serve_all(token, threads, tokens);
    else
        fprintf(stderr, "voice_app: %s\n", cap_strerror((int)status));

    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "voice_app: cannot write to standard output\n");
        ok = 0;
    }

    /* Wipes the secret from the handle and from the configuration. */
    cap_token_free(token);
    cap_configure(NULL, NULL);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
