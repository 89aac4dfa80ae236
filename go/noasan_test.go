//go:build !asan

package captoken_test

const (
	allocationsPerToken   = 1
	allocationsPerRequest = 2
)
