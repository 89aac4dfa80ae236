// Mint prints the token of an input that an official library has a token for.
package main

import (
	"fmt"
	"log"
	"time"

	"captoken"
)

func main() {
	token, err := captoken.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	if err := token.AllowIncoming("Alice"); err != nil {
		log.Fatal(err)
	}
	if err := token.AllowOutgoing("AP123123", captoken.Param{Key: "Foo", Value: "Bar"}); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.GenerateAt(time.Unix(1400000000, 0), 10*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(jwt)
}
