//go:build race

package captoken_test

// The race detector makes sync.Pool drop a quarter of what it gets, so allocations cannot
// be counted.
const poolsForget = true
