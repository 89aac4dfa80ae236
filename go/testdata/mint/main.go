// Mint prints a token:
//
//	mint NOW TTL CLIENT APPLICATION [KEY VALUE]...
//
// If TWILIO_API_KEY_SID is set, it is an access token. NOW 0 means the system clock. If
// EVERYTHING is set, the program also calls all other setters, with the parameters as
// filters, too. The tests build it as users build their programs.
package main

import (
	"fmt"
	"log"
	"math"
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

	accountSID := os.Getenv("TWILIO_ACCOUNT_SID")
	apiKeySID, isAccess := os.LookupEnv("TWILIO_API_KEY_SID")
	var token *captoken.Token
	var err error
	if isAccess {
		token, err = captoken.NewAccess(accountSID, apiKeySID, os.Getenv("TWILIO_API_KEY_SECRET"))
	} else {
		token, err = captoken.New(accountSID, os.Getenv("TWILIO_AUTH_TOKEN"))
	}
	check(err)
	defer token.Close()
	check(token.AllowIncoming(os.Args[3]))
	check(token.AllowOutgoing(os.Args[4], params...))
	if _, everything := os.LookupEnv("EVERYTHING"); everything {
		check(token.SetClientName("Bob"))
		check(token.SetNotBefore(time.Unix(now, 0)))
		check(token.AddClaim("user", user{42, "é\U0001F600</>&\""}))
		minusZero := math.Copysign(0, -1)
		list := []any{1, 2.5, minusZero, 1e100, true, nil, []int{}, ""}
		check(token.AddClaim("list", list))
		if isAccess {
			check(token.SetRegion("ie1"))
			check(token.SetPushCredential("CR123123"))
			check(token.AddGrant("video", video{"é\U0001F600</>&\""}))
			check(token.AddGrant("chat", struct{}{}))
		} else {
			check(token.AllowEventStream(params...))
		}
	}
	jwt, err := token.Generate(ttl)
	if now != 0 {
		jwt, err = token.GenerateAt(time.Unix(now, 0), ttl)
	}
	check(err)
	_, err = fmt.Print(jwt)
	check(err)
}

type user struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

type video struct {
	Room string `json:"room"`
}

func number(argument string) int64 {
	number, err := strconv.ParseInt(argument, 10, 64)
	check(err)
	return number
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
