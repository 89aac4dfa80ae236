// standard measures a token made with only the standard library.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"time"

	"compare/worker"
)

type claims struct {
	Scope string `json:"scope"`
	Iss   string `json:"iss"`
	Exp   int64  `json:"exp"`
}

var header = base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`))

func main() {
	subject := worker.Read()
	secret := []byte(subject.Secret)
	signingInput := []byte(worker.Input("BENCH_SIGNING_INPUT"))
	worker.Obey(map[string]worker.Work{
		"s1": func() (string, error) {
			claims := claims{subject.Scope(), subject.Account, time.Now().Add(worker.TTL).Unix()}
			payload, err := json.Marshal(claims)
			if err != nil {
				return "", err
			}
			text := header + "." + base64.RawURLEncoding.EncodeToString(payload)
			return text + "." + base64.RawURLEncoding.EncodeToString(sign(secret, []byte(text))), nil
		},
		"mac": func() (string, error) {
			return hex.EncodeToString(sign(secret, signingInput)), nil
		},
	})
}

func sign(secret, text []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(text)
	return mac.Sum(nil)
}
