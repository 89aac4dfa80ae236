package captoken_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"captoken"
)

// scope returns the scope claim of a token, which says what the token allows.
func scope(jwt string) string {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])
	if err != nil {
		log.Fatal(err)
	}
	var claims struct{ Scope string }
	if err := json.Unmarshal(payload, &claims); err != nil {
		log.Fatal(err)
	}
	return claims.Scope
}

// A browser that can be called as alice, and whose calls an application handles.
func Example() {
	token, err := captoken.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	if err := token.AllowIncoming("alice"); err != nil {
		log.Fatal(err)
	}
	if err := token.AllowOutgoing("AP123123"); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(captoken.DefaultTTL)
	if err != nil {
		log.Fatal(err)
	}
	for _, permission := range strings.Fields(scope(jwt)) {
		fmt.Println(permission)
	}
	// Output:
	// scope:client:incoming?clientName=alice
	// scope:client:outgoing?appSid=AP123123&clientName=alice
}

// Twilio's page for Python: a client that can be called.
func ExampleToken_AllowIncoming() {
	token, err := captoken.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	if err := token.AllowIncoming("Alice"); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(captoken.DefaultTTL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:incoming?clientName=Alice
}

// Twilio's page for Python: a client that can also call an application.
func ExampleToken_AllowIncoming_andOutgoing() {
	token, err := captoken.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	if err := token.AllowIncoming("Alice"); err != nil {
		log.Fatal(err)
	}
	if err := token.AllowOutgoing("APabe7650f654fc34655fc81ae71caa3ff"); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(captoken.DefaultTTL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:incoming?clientName=Alice scope:client:outgoing?appSid=APabe7650f654fc34655fc81ae71caa3ff&clientName=Alice
}

// Twilio's page for Ruby: credentials that are configured once for the process.
func ExampleConfigure() {
	if err := captoken.Configure("ACXXXXXXXXXXXXXXXXX", "YYYYYYYYYYYYYYYYYY"); err != nil {
		log.Fatal(err)
	}
	// At the end of the program, so that the secret is wiped from memory.
	defer captoken.Configure("", "")

	token, err := captoken.New("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	if err := token.AllowOutgoing("APabe7650f654fc34655fc81ae71caa3ff"); err != nil {
		log.Fatal(err)
	}
	if err := token.AllowIncoming("Alice"); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(captoken.DefaultTTL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:incoming?clientName=Alice scope:client:outgoing?appSid=APabe7650f654fc34655fc81ae71caa3ff&clientName=Alice
}

// Twilio's page for PHP: a client that can only call an application.
func ExampleToken_AllowOutgoing() {
	token, err := captoken.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	if err := token.AllowOutgoing("AP123123"); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(captoken.DefaultTTL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:outgoing?appSid=AP123123
}

// Twilio's page for PHP: a parameter for the application, and ten minutes to live.
func ExampleToken_Generate() {
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
	jwt, err := token.Generate(10 * time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:incoming?clientName=Alice scope:client:outgoing?appSid=AP123123&appParams=Foo%3DBar&clientName=Alice
}

// Twilio's page for PHP: the application is told who calls.
func ExampleParam() {
	token, err := captoken.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	user := captoken.Param{Key: "user_id", Value: "42"}
	if err := token.AllowOutgoing("APabe7650f654fc34655fc81ae71caa3ff", user); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(captoken.DefaultTTL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:outgoing?appSid=APabe7650f654fc34655fc81ae71caa3ff&appParams=user_id%3D42
}

// Errors are told apart by errors.Is.
func ExampleError() {
	token, err := captoken.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	_, err = token.Generate(48 * time.Hour)
	if errors.Is(err, captoken.ErrInvalidTTL) {
		fmt.Println(err)
	}
	// Output:
	// captoken: the time to live is not in whole seconds, from one second to one day
}
