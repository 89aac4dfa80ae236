package captoken_test

import (
	"runtime"
	"testing"

	"captoken"
)

// measure also reports the number of C calls per operation.
func measure(b *testing.B, operation func()) {
	b.ReportAllocs()
	b.ResetTimer()
	before := runtime.NumCgoCall()
	operation()
	b.ReportMetric(float64(runtime.NumCgoCall()-before)/float64(b.N), "cgocalls/op")
}

func BenchmarkGenerate(b *testing.B) {
	token := fullToken(b)
	defer token.Close()
	measure(b, func() {
		for i := 0; i < b.N; i++ {
			if _, err := token.Generate(captoken.DefaultTTL); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkGenerateParallel(b *testing.B) {
	token := fullToken(b)
	defer token.Close()
	measure(b, func() {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := token.Generate(captoken.DefaultTTL); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

// BenchmarkCycle measures a server that creates a Token for each request.
func BenchmarkCycle(b *testing.B) {
	measure(b, func() {
		for i := 0; i < b.N; i++ {
			token := fullToken(b)
			if _, err := token.Generate(captoken.DefaultTTL); err != nil {
				b.Fatal(err)
			}
			if err := token.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	token := fullToken(b)
	defer token.Close()
	jwt := mint(b, token)
	measure(b, func() {
		for i := 0; i < b.N; i++ {
			if _, err := captoken.Verify(jwt, authToken, frozen); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// fullToken returns a Token with both permissions and a param. It does not use check,
// because t.Helper takes as long as minting a token.
func fullToken(b *testing.B) *captoken.Token {
	token, err := captoken.New(accountSID, authToken)
	if err == nil {
		err = token.AllowIncoming("Alice")
	}
	if err == nil {
		err = token.AllowOutgoing(applicationSID, captoken.Param{Key: "Foo", Value: "Bar"})
	}
	if err != nil {
		b.Fatal(err)
	}
	return token
}
