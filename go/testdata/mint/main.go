// Mint prints a token:
//
//	mint NOW TTL CLIENT APPLICATION [KEY VALUE]...
//
// NOW 0 stands for the clock. The tests build it as users build their programs.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"captoken"
)

func main() {
	now, ttl := number(os.Args[1]), time.Duration(number(os.Args[2]))*time.Second
	var params []captoken.Param
	for rest := os.Args[5:]; len(rest) > 0; rest = rest[2:] {
		params = append(params, captoken.Param{Key: rest[0], Value: rest[1]})
	}

	token, err := captoken.New(os.Getenv("TWILIO_ACCOUNT_SID"), os.Getenv("TWILIO_AUTH_TOKEN"))
	check(err)
	defer token.Close()
	check(token.AllowIncoming(os.Args[3]))
	check(token.AllowOutgoing(os.Args[4], params...))
	jwt, err := token.Generate(ttl)
	if now != 0 {
		jwt, err = token.GenerateAt(time.Unix(now, 0), ttl)
	}
	check(err)
	fmt.Print(jwt)
}

func number(text string) int64 {
	number, err := strconv.ParseInt(text, 10, 64)
	check(err)
	return number
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
