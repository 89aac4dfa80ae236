//go:build asan

package captoken_test

// AddressSanitizer's checks move the header of Generate's slice to the heap, too.
const allocationsPerToken, allocationsPerRequest = 2, 2
