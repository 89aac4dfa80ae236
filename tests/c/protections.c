/* A library that contains captoken, and with a macro lacks a protection. */
#include <captoken.h>

extern const char *version(void);

const char *version(void)
{
    return cap_version();
}

#ifdef TEXT_RELOCATION
/* An address in the code, which the dynamic linker must write. */
__asm__(".pushsection .text\n.quad version\n.popsection");
#endif

#ifdef WRITABLE_CODE
__asm__(".pushsection .writable_code, \"awx\"\n.quad 0\n.popsection");
#endif
