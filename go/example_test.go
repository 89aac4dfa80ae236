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

// scope returns the scope claim of a capability token, which says what the token allows.
func scope(jwt string) string {
	var scope string
	if err := json.Unmarshal(claim(jwt, "scope"), &scope); err != nil {
		log.Fatal(err)
	}
	return scope
}

// grants returns the grants claim of an access token, which says what the token allows.
func grants(jwt string) string {
	return string(claim(jwt, "grants"))
}

func claim(jwt, name string) json.RawMessage {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])
	if err != nil {
		log.Fatal(err)
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(payload, &claims); err != nil {
		log.Fatal(err)
	}
	return claims[name]
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

// Calls come from a name that cannot be called.
func ExampleToken_SetClientName() {
	token, err := captoken.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	if err := token.AllowOutgoing("AP123123"); err != nil {
		log.Fatal(err)
	}
	if err := token.SetClientName("alice"); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(captoken.DefaultTTL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:outgoing?appSid=AP123123&clientName=alice
}

// A browser that follows the calls of an account, but none of its other events.
func ExampleToken_AllowEventStream() {
	token, err := captoken.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	calls := captoken.Param{Key: "ResourceType", Value: "call"}
	if err := token.AllowEventStream(calls); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(captoken.DefaultTTL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scope(jwt))
	// Output:
	// scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=ResourceType%3Dcall
}

// One token for Twilio and for the program's own interface: it says who the user is,
// and nobody else can write such a token.
func ExampleToken_AddClaim() {
	type User struct {
		ID    int      `json:"id"`
		Roles []string `json:"roles"`
	}

	token, err := captoken.New("AC123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	if err := token.AllowIncoming("alice"); err != nil {
		log.Fatal(err)
	}
	if err := token.AddClaim("user", User{42, []string{"agent"}}); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(captoken.DefaultTTL)
	if err != nil {
		log.Fatal(err)
	}

	// Where the program is asked for something, with this token.
	claims, err := captoken.Verify(jwt, "secret", time.Now())
	if err != nil {
		log.Fatal(err)
	}
	var user User
	if err := json.Unmarshal(claims.Custom["user"], &user); err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.ID, user.Roles)
	// Output:
	// 42 [agent]
}

// An access token for the same browser. All but the first call is as with [New].
func ExampleNewAccess() {
	token, err := captoken.NewAccess("AC123123", "SK123123", "secret")
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
	fmt.Println(grants(jwt))
	// Output:
	// {"identity":"alice","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP123123"}}}
}

// A token for a room of video and for chat, besides calls.
func ExampleToken_AddGrant() {
	type ChatGrant struct {
		ServiceSID string `json:"service_sid"`
	}

	token, err := captoken.NewAccess("AC123123", "SK123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	if err := token.AllowIncoming("alice"); err != nil {
		log.Fatal(err)
	}
	if err := token.AddGrant("video", map[string]string{"room": "standup"}); err != nil {
		log.Fatal(err)
	}
	if err := token.AddGrant("chat", ChatGrant{"IS123123"}); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(captoken.DefaultTTL)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(grants(jwt))

	// A map that was never made is no grant.
	var room map[string]string
	fmt.Println(token.AddGrant("video", room))
	// Output:
	// {"identity":"alice","voice":{"incoming":{"allow":true}},"video":{"room":"standup"},"chat":{"service_sid":"IS123123"}}
	// captoken: grant "video": null is not a JSON object
}

// Whoever made an access token, its grants are Go values.
func ExampleVerify_access() {
	token, err := captoken.NewAccess("AC123123", "SK123123", "secret")
	if err != nil {
		log.Fatal(err)
	}
	defer token.Close()
	if err := token.AllowIncoming("alice"); err != nil {
		log.Fatal(err)
	}
	user := captoken.Param{Key: "user_id", Value: "42"}
	if err := token.AllowOutgoing("AP123123", user); err != nil {
		log.Fatal(err)
	}
	if err := token.AddGrant("video", map[string]string{"room": "standup"}); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(captoken.DefaultTTL)
	if err != nil {
		log.Fatal(err)
	}

	claims, err := captoken.Verify(jwt, "secret", time.Now())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Issuer, claims.Subject)
	// Of a capability token, Grants is nil, and of one that is not for calls, Voice is.
	if grants := claims.Grants; grants != nil {
		fmt.Println(grants.Identity, string(grants.Others["video"]))
		if voice := grants.Voice; voice != nil {
			fmt.Println(voice.Incoming, voice.ApplicationSID, string(voice.Params))
		}
	}
	// Output:
	// SK123123 AC123123
	// alice {"room":"standup"}
	// true AP123123 {"user_id":"42"}
}

// What a token says, and until when.
func ExampleVerify() {
	// Of twilio-ruby 3.16.1.
	const jwt = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6InNjb3BlOmNsaWVudDppbmNvbWluZ" +
		"z9jbGllbnROYW1lPUFsaWNlIHNjb3BlOmNsaWVudDpvdXRnb2luZz9hcHBTaWQ9QVAxMjMxMjMmYXB" +
		"wUGFyYW1zPUZvbyUzREJhciZjbGllbnROYW1lPUFsaWNlIiwiaXNzIjoiQUMxMjMxMjMiLCJleHAiO" +
		"jE0MDAwMDA2MDB9.e_b4lHrQpemrtcSgsYhMOn_LtL3nVo3jDbTx8tQT2YE"
	now := time.Unix(1400000000, 0)

	claims, err := captoken.Verify(jwt, "secret", now)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Issuer, claims.ExpiresAt.Sub(now))
	for _, scope := range claims.Scopes {
		fmt.Println(scope.Service, scope.Privilege, scope.ClientName, scope.Params)
	}

	// A day later. Is the token to blame, or the program?
	_, err = captoken.Verify(jwt, "secret", now.Add(24*time.Hour))
	switch {
	case errors.Is(err, captoken.ErrInvalidToken):
		fmt.Println("401:", err)
	case err != nil:
		fmt.Println("500:", err)
	}
	// Output:
	// AC123123 10m0s
	// client incoming Alice []
	// client outgoing Alice [{Foo Bar}]
	// 401: captoken: the token has expired
}

// A name that a user has chosen is refused before a token is made for it.
func ExampleCheckClientName() {
	for _, name := range []string{"alice_42", "Alice Smith"} {
		fmt.Println(captoken.CheckClientName(name))
	}
	// Output:
	// <nil>
	// captoken: the client name is not 1 to 256 ASCII letters, digits and underscores
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
