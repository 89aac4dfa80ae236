#include <stdio.h>
#include <stdlib.h>

/* Ends the program with a message if a condition is false. */
#define CHECK(condition)                                                                 \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            exit(EXIT_FAILURE);                                                          \
        }                                                                                \
    } while (0)
