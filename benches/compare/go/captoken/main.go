// captoken measures our Go package, with a new Token for each request and with a kept one.
package main

import (
	"log"

	"captoken"
	"compare/worker"
)

func main() {
	subject := worker.Read()
	kept, err := newToken(subject)
	if err != nil {
		log.Fatal(err)
	}
	worker.Obey(map[string]worker.Work{
		"s1": func() (string, error) { return fullCycle(subject) },
		"s3": func() (string, error) { return kept.Generate(worker.TTL) },
	})
}

func newToken(subject worker.Subject) (*captoken.Token, error) {
	token, err := captoken.New(subject.Account, subject.Secret)
	if err != nil {
		return nil, err
	}
	if err := token.AllowIncoming(subject.Client); err != nil {
		return nil, err
	}
	param := captoken.Param{Key: subject.Key, Value: subject.Value}
	if err := token.AllowOutgoing(subject.Application, param); err != nil {
		return nil, err
	}
	return token, nil
}

func fullCycle(subject worker.Subject) (string, error) {
	token, err := newToken(subject)
	if err != nil {
		return "", err
	}
	jwt, err := token.Generate(worker.TTL)
	if err != nil {
		return "", err
	}
	return jwt, token.Close()
}
