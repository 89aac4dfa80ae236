/* The same in a program that is linked with libcap. */
#define LIBCAP_LINKED
#include "dlopen.c"
