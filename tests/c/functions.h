/* Calls every function of captoken.h: with usual input, with the input that needs the most stack,
 * and with input that is refused. */

struct calls {
    /* Called directly before and after each call, if they are not NULL. */
    void (*before)(void);
    void (*after)(const char *function);
    /* Tokens for cap_verify(), signed with "secret", and NULL. */
    char **tokens;
};

extern void call_every_function(const struct calls *calls);
