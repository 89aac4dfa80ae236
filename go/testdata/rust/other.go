package main

// #include <stdint.h>
// uint64_t other_sum(uint64_t last);
// #cgo LDFLAGS: ${SRCDIR}/libother.a
import "C"

import "fmt"

func init() {
	fmt.Println("other:", C.other_sum(100), C.other_sum(1000))
}
