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

// must ends the program if an example fails.
func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// scope returns the claim scope of a capability token, which lists its permissions.
func scope(jwt string) string {
	var scope string
	must(json.Unmarshal(claim(jwt, "scope"), &scope))
	return scope
}

// grants returns the claim grants of an access token, which lists its permissions.
func grants(jwt string) string {
	return string(claim(jwt, "grants"))
}

func claim(jwt, name string) json.RawMessage {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])
	must(err)
	var claims map[string]json.RawMessage
	must(json.Unmarshal(payload, &claims))
	return claims[name]
}

// A browser receives calls as alice and places calls through an application.
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

// Twilio's page for Python: a client receives calls.
func ExampleToken_AllowIncoming() {
	token, err := captoken.New("AC123123", "secret")
	must(err)
	defer token.Close()
	must(token.AllowIncoming("Alice"))
	jwt, err := token.Generate(captoken.DefaultTTL)
	must(err)
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:incoming?clientName=Alice
}

// Twilio's page for Python: a client also places calls.
func ExampleToken_AllowIncoming_andOutgoing() {
	token, err := captoken.New("AC123123", "secret")
	must(err)
	defer token.Close()
	must(token.AllowIncoming("Alice"))
	must(token.AllowOutgoing("APabe7650f654fc34655fc81ae71caa3ff"))
	jwt, err := token.Generate(captoken.DefaultTTL)
	must(err)
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:incoming?clientName=Alice scope:client:outgoing?appSid=APabe7650f654fc34655fc81ae71caa3ff&clientName=Alice
}

// Twilio's page for Ruby: the credentials are configured once for the process.
func ExampleConfigure() {
	must(captoken.Configure("ACXXXXXXXXXXXXXXXXX", "YYYYYYYYYYYYYYYYYY"))
	// Wipe the secret from memory at the end of the program.
	defer captoken.Configure("", "")

	token, err := captoken.New("", "")
	must(err)
	defer token.Close()
	must(token.AllowOutgoing("APabe7650f654fc34655fc81ae71caa3ff"))
	must(token.AllowIncoming("Alice"))
	jwt, err := token.Generate(captoken.DefaultTTL)
	must(err)
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:incoming?clientName=Alice scope:client:outgoing?appSid=APabe7650f654fc34655fc81ae71caa3ff&clientName=Alice
}

// Twilio's page for PHP: a client only places calls.
func ExampleToken_AllowOutgoing() {
	token, err := captoken.New("AC123123", "secret")
	must(err)
	defer token.Close()
	must(token.AllowOutgoing("AP123123"))
	jwt, err := token.Generate(captoken.DefaultTTL)
	must(err)
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:outgoing?appSid=AP123123
}

// Twilio's page for PHP: a token with a parameter is valid for ten minutes.
func ExampleToken_Generate() {
	token, err := captoken.New("AC123123", "secret")
	must(err)
	defer token.Close()
	must(token.AllowIncoming("Alice"))
	must(token.AllowOutgoing("AP123123", captoken.Param{Key: "Foo", Value: "Bar"}))
	jwt, err := token.Generate(10 * time.Minute)
	must(err)
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:incoming?clientName=Alice scope:client:outgoing?appSid=AP123123&appParams=Foo%3DBar&clientName=Alice
}

// Twilio's page for PHP: a parameter tells the application who calls.
func ExampleParam() {
	token, err := captoken.New("AC123123", "secret")
	must(err)
	defer token.Close()
	user := captoken.Param{Key: "user_id", Value: "42"}
	must(token.AllowOutgoing("APabe7650f654fc34655fc81ae71caa3ff", user))
	jwt, err := token.Generate(captoken.DefaultTTL)
	must(err)
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:outgoing?appSid=APabe7650f654fc34655fc81ae71caa3ff&appParams=user_id%3D42
}

// Outgoing calls have a client name, and incoming calls are not allowed.
func ExampleToken_SetClientName() {
	token, err := captoken.New("AC123123", "secret")
	must(err)
	defer token.Close()
	must(token.AllowOutgoing("AP123123"))
	must(token.SetClientName("alice"))
	jwt, err := token.Generate(captoken.DefaultTTL)
	must(err)
	fmt.Println(scope(jwt))
	// Output:
	// scope:client:outgoing?appSid=AP123123&clientName=alice
}

// A browser follows the call events of an account, and no other events.
func ExampleToken_AllowEventStream() {
	token, err := captoken.New("AC123123", "secret")
	must(err)
	defer token.Close()
	calls := captoken.Param{Key: "ResourceType", Value: "call"}
	must(token.AllowEventStream(calls))
	jwt, err := token.Generate(captoken.DefaultTTL)
	must(err)
	fmt.Println(scope(jwt))
	// Output:
	// scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=ResourceType%3Dcall
}

// A token for Twilio also identifies the user to the program's API. The signature proves
// that the program minted it.
func ExampleToken_AddClaim() {
	type User struct {
		ID    int      `json:"id"`
		Roles []string `json:"roles"`
	}

	token, err := captoken.New("AC123123", "secret")
	must(err)
	defer token.Close()
	must(token.AllowIncoming("alice"))
	must(token.AddClaim("user", User{42, []string{"agent"}}))
	jwt, err := token.Generate(captoken.DefaultTTL)
	must(err)

	// In a handler of the API, which receives this token.
	claims, err := captoken.Verify(jwt, "secret", time.Now())
	must(err)
	var user User
	must(json.Unmarshal(claims.Custom["user"], &user))
	fmt.Println(user.ID, user.Roles)
	// Output:
	// 42 [agent]
}

// An access token for the same browser. Only the first call differs.
func ExampleNewAccess() {
	token, err := captoken.NewAccess("AC123123", "SK123123", "secret")
	must(err)
	defer token.Close()
	must(token.AllowIncoming("alice"))
	must(token.AllowOutgoing("AP123123"))
	jwt, err := token.Generate(captoken.DefaultTTL)
	must(err)
	fmt.Println(grants(jwt))
	// Output:
	// {"identity":"alice","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP123123"}}}
}

// A token allows calls, a video room and chat.
func ExampleToken_AddGrant() {
	type ChatGrant struct {
		ServiceSID string `json:"service_sid"`
	}

	token, err := captoken.NewAccess("AC123123", "SK123123", "secret")
	must(err)
	defer token.Close()
	must(token.AllowIncoming("alice"))
	must(token.AddGrant("video", map[string]string{"room": "standup"}))
	must(token.AddGrant("chat", ChatGrant{"IS123123"}))
	jwt, err := token.Generate(captoken.DefaultTTL)
	must(err)
	fmt.Println(grants(jwt))

	// A nil map is null in JSON, which is not a grant.
	var room map[string]string
	fmt.Println(token.AddGrant("video", room))
	// Output:
	// {"identity":"alice","voice":{"incoming":{"allow":true}},"video":{"room":"standup"},"chat":{"service_sid":"IS123123"}}
	// captoken: grant "video": null is not a JSON object
}

// Verify returns the grants of any access token as Go values.
func ExampleVerify_access() {
	token, err := captoken.NewAccess("AC123123", "SK123123", "secret")
	must(err)
	defer token.Close()
	must(token.AllowIncoming("alice"))
	user := captoken.Param{Key: "user_id", Value: "42"}
	must(token.AllowOutgoing("AP123123", user))
	must(token.AddGrant("video", map[string]string{"room": "standup"}))
	jwt, err := token.Generate(captoken.DefaultTTL)
	must(err)

	claims, err := captoken.Verify(jwt, "secret", time.Now())
	must(err)
	fmt.Println(claims.Issuer, claims.Subject)
	// Grants is nil for a capability token. Voice is nil if the token is not for calls.
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

// Verify returns the permissions and the expiry of a token.
func ExampleVerify() {
	// twilio-ruby 3.16.1 made this token.
	const jwt = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6InNjb3BlOmNsaWVudDppbmNvbWluZ" +
		"z9jbGllbnROYW1lPUFsaWNlIHNjb3BlOmNsaWVudDpvdXRnb2luZz9hcHBTaWQ9QVAxMjMxMjMmYXB" +
		"wUGFyYW1zPUZvbyUzREJhciZjbGllbnROYW1lPUFsaWNlIiwiaXNzIjoiQUMxMjMxMjMiLCJleHAiO" +
		"jE0MDAwMDA2MDB9.e_b4lHrQpemrtcSgsYhMOn_LtL3nVo3jDbTx8tQT2YE"
	now := time.Unix(1400000000, 0)

	claims, err := captoken.Verify(jwt, "secret", now)
	must(err)
	fmt.Println(claims.Issuer, claims.ExpiresAt.Sub(now))
	for _, scope := range claims.Scopes {
		fmt.Println(scope.Service, scope.Privilege, scope.ClientName, scope.Params)
	}

	// A day later, the token has expired. A server tells this from its own failures.
	_, err = captoken.Verify(jwt, "secret", now.Add(24*time.Hour))
	switch {
	case errors.Is(err, captoken.ErrInvalidToken):
		fmt.Println("401, expired:", errors.Is(err, captoken.ErrTokenExpired))
	case err != nil:
		log.Print("500: ", err)
	}
	// Output:
	// AC123123 10m0s
	// client incoming Alice []
	// client outgoing Alice [{Foo Bar}]
	// 401, expired: true
}

// A server checks a client name from a user before it mints a token.
func ExampleCheckClientName() {
	for _, name := range []string{"alice_42", "Alice Smith"} {
		err := captoken.CheckClientName(name)
		fmt.Println(name, "refused:", errors.Is(err, captoken.ErrInvalidClientName))
	}
	// Output:
	// alice_42 refused: false
	// Alice Smith refused: true
}

// Programs distinguish errors with errors.Is.
func ExampleError() {
	token, err := captoken.New("AC123123", "secret")
	must(err)
	defer token.Close()
	_, err = token.Generate(48 * time.Hour)
	if errors.Is(err, captoken.ErrInvalidTTL) {
		fmt.Println(err)
	}
	// Output:
	// captoken: ttl must be whole seconds from 1s to 24h, or 0 for the default
}
