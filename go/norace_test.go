//go:build !race

package captoken_test

const poolsForget = false
