// golangjwt measures golang-jwt as its documentation shows it: NewWithClaims and
// SignedString, with a claims type, which is faster than MapClaims.
package main

import (
	"time"

	"compare/worker"
	"github.com/golang-jwt/jwt/v4"
)

type claims struct {
	Scope string `json:"scope"`
	Iss   string `json:"iss"`
	Exp   int64  `json:"exp"`
}

func (c claims) Valid() error {
	if time.Now().Unix() >= c.Exp {
		return jwt.ErrTokenExpired
	}
	return nil
}

func main() {
	subject := worker.Read()
	secret := []byte(subject.Secret)
	worker.Obey(map[string]worker.Work{
		"s1": func() (string, error) {
			claims := claims{subject.Scope(), subject.Account, time.Now().Add(worker.TTL).Unix()}
			return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret)
		},
	})
}
