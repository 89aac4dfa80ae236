/* A bcryptprimitives.dll for wine 8, which has none. Rust's standard library takes
 * the random numbers of its hash tables from it. */
#include <windows.h>

#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    return RtlGenRandom(data, (ULONG)size);
}
