<?php

declare(strict_types=1);

namespace Captoken;

use Captoken\Internal\Json;
use Captoken\Internal\Mint;
use Captoken\Internal\Opaque;
use Captoken\Internal\Parameters;
use Captoken\Internal\Refusal;
use Captoken\Internal\Strings;
use Captoken\Internal\Verification;

// Imported, so that PHP does not look in this namespace first.
use function implode;
use function time;

/**
 * Mints tokens that register a browser or a phone with Twilio Client.
 *
 * The methods include those of Services_Twilio_Capability in twilio-php 3 and 4:
 *
 *     $capability = new Capability($accountSid, $authToken);
 *     $capability->allowClientIncoming('Alice');
 *     $capability->allowClientOutgoing($applicationSid, ['user_id' => 42]);
 *     $token = $capability->generateToken(600);
 *
 * This mints a capability token, signed with the account's auth token. It works only in the
 * United States. Twilio recommends access tokens, signed with the secret of an API key. They
 * work in all regions and with the SDKs for phones, and can grant video, chat and more. One
 * line moves a program to them:
 *
 *     $capability = Capability::access($accountSid, $apiKeySid, $apiKeySecret);
 *
 * setRegion(), setPushCredential() and addGrant() need an access token, allowEventStream()
 * needs a capability token. Every other method works on both.
 *
 * A method that throws changes nothing. Any method throws
 *
 * - \InvalidArgumentException for an argument that is always wrong, such as a string with a
 *   NUL byte,
 * - CaptokenException if the library refuses the call: EMPTY_ARGUMENT or INVALID_UTF8 for a
 *   string, OUT_OF_MEMORY, and the codes that the method lists.
 *
 * A clone is independent of its original. An object cannot be serialised. PHP keeps the
 * secret, an auth token or an API key secret, until the object and its clones are gone. PHP
 * cannot wipe it. No dump, cast or stack trace shows it.
 */
class Capability
{
    use Opaque;

    /** @var array{string, \Closure(): string}|null the account SID as JSON, and the secret */
    private static ?array $configured = null;

    /** @var (\Closure(): string)|null returns the secret; null before the constructor */
    private ?\Closure $secret = null;

    /**
     * The members of the request that mints a token, by name.
     *
     * @var array<string, string|array<string|int, string>> JSON such as '"region":"ie1"'; for
     *     claims and grants an array of JSON by name
     */
    private array $members = [];

    // Signal handlers run between two calls of functions. So each method computes first and
    // assigns in its last statements: a handler never sees a partial change.

    /**
     * Makes an object for capability tokens without permissions.
     *
     * @param ?string $accountSid null: as configured by configure()
     * @param ?string $authToken the secret; null: as configured by configure()
     * @throws CaptokenException NO_CREDENTIALS: nothing is configured; LIBRARY_NOT_LOADED
     */
    public function __construct(?string $accountSid = null, #[\SensitiveParameter] ?string $authToken = null)
    {
        $configured = self::$configured;
        // Loads the library, so that a missing one is reported here.
        Library::functions();
        $account = $accountSid !== null ? Strings::json('the account SID', $accountSid)
            : $configured[0] ?? throw Refusal::of(CaptokenException::NO_CREDENTIALS);
        $secret = $authToken !== null ? Strings::secret('the auth token', $authToken)
            : $configured[1] ?? throw Refusal::of(CaptokenException::NO_CREDENTIALS);
        $this->secret = $secret;
        $this->members = ['account_sid' => "\"account_sid\":$account"];
    }

    /**
     * Makes an object for access tokens without permissions.
     *
     * The API key must be a standard or a main key of the account: Twilio refuses the tokens
     * of restricted keys. configure() has no effect here. The constructor of a subclass is not
     * called.
     *
     * @throws CaptokenException LIBRARY_NOT_LOADED
     */
    public static function access(
        string $accountSid,
        string $apiKeySid,
        #[\SensitiveParameter] string $apiKeySecret,
    ): static {
        Library::functions();
        $account = Strings::json('the account SID', $accountSid);
        $apiKey = Strings::json('the API key SID', $apiKeySid);
        $secret = Strings::secret('the API key secret', $apiKeySecret);
        $capability = (new \ReflectionClass(static::class))->newInstanceWithoutConstructor();
        $capability->secret = $secret;
        $capability->members = [
            'account_sid' => "\"account_sid\":$account",
            'api_key_sid' => "\"api_key_sid\":$apiKey",
        ];
        return $capability;
    }

    /**
     * Sets the credentials that the constructor uses for null.
     *
     * They last until the end of the request, or of a program on the command line. Two nulls
     * clear them. All code of the request shares them, Fibers included. A coroutine server
     * handles many requests in one process: there, pass them to the constructor.
     *
     * @throws CaptokenException NULL_ARGUMENT: only one is null; LIBRARY_NOT_LOADED
     */
    public static function configure(?string $accountSid, #[\SensitiveParameter] ?string $authToken): void
    {
        Library::functions();
        $configured = null;
        if ($accountSid !== null && $authToken !== null) {
            $configured = [
                Strings::json('the account SID', $accountSid),
                Strings::secret('the auth token', $authToken),
            ];
        } elseif ($accountSid !== $authToken) {
            throw Refusal::of(CaptokenException::NULL_ARGUMENT, [
                'the account SID' => $accountSid,
                'the auth token' => $authToken,
            ]);
        }
        self::$configured = $configured;
    }

    /**
     * Allows incoming calls to a client name, <Client> in TwiML.
     *
     * Outgoing calls come from this name, too. A second call replaces the name. An access
     * token has a single name, its identity, which setClientName() also sets.
     *
     * @param string $clientName ASCII letters, digits and underscores, as in twilio-php
     * @throws \InvalidArgumentException any other client name, or ''
     */
    public function allowClientIncoming(string $clientName): static
    {
        $this->secret ?? throw Refusal::unconstructed();
        Strings::requireClientName($clientName);
        // C applies client_name after incoming, and the last call decides.
        unset($this->members['client_name']);
        $this->members['incoming'] = "\"incoming\":\"$clientName\"";
        return $this;
    }

    /**
     * Allows outgoing calls through a TwiML application.
     *
     * A second call replaces the application and its parameters. In an access token a name
     * occurs once, with the last value of a list. To pass an object, encode it as JSON.
     *
     * @param array<string|int, string|int|float|bool|list<string|int|float|bool>> $appParams
     *     the parameters that Twilio passes to the application with each call, by name. A
     *     float is written as by json_encode(), true and false as 1 and 0. A list repeats the
     *     name for each of its values.
     * @throws \InvalidArgumentException a value of another type, such as a nested array, or a
     *     float that is not finite
     */
    public function allowClientOutgoing(string $appSid, array $appParams = []): static
    {
        $this->secret ?? throw Refusal::unconstructed();
        $application = Strings::json('the application SID', $appSid);
        $params = Parameters::json('parameter', $appParams);
        $this->members['outgoing'] = "\"outgoing\":{\"application_sid\":$application,\"params\":$params}";
        return $this;
    }

    /**
     * Allows the holder of a capability token to follow the account's events.
     *
     * A second call replaces the filters.
     *
     * @param array<string|int, string|int|float|bool|list<string|int|float|bool>> $filters
     *     select the events, by name; values are as in allowClientOutgoing()
     * @throws CaptokenException UNSUPPORTED: an access token
     * @throws \InvalidArgumentException as in allowClientOutgoing()
     */
    public function allowEventStream(array $filters = []): static
    {
        return $this->set('event_stream', '{"filters":' . Parameters::json('filter', $filters) . '}', []);
    }

    /**
     * Sets the client name of outgoing calls without allowing incoming ones.
     *
     * If allowClientIncoming() is called too, the last call decides the outgoing name. In an
     * access token this is the identity, which incoming calls share: the last call decides
     * both directions.
     *
     * @param string $clientName ASCII letters, digits and underscores, as in twilio-php; for
     *     an access token any string, because an identity may be for chat, video or sync
     * @throws \InvalidArgumentException capability token: any other client name, or ''
     */
    public function setClientName(string $clientName): static
    {
        if (!isset($this->members['api_key_sid'])) {
            Strings::requireClientName($clientName);
        }
        return $this->setString('client_name', 'the identity', $clientName);
    }

    /**
     * Adds a private claim, for example for the program's own API.
     *
     * A claim that is added again keeps its position and takes the new value.
     *
     * @param string $name any except scope, iss, exp, nbf and iat; for an access token, also
     *     except jti, sub and grants
     * @param mixed $value any that json_encode() accepts, nested at most 127 levels deep. A
     *     float keeps all its digits, and 1.0 stays a float. If php.ini disables ini_set(),
     *     its serialize_precision decides the digits.
     * @throws CaptokenException RESERVED_NAME
     * @throws \JsonException a value that json_encode() refuses, such as INF or a string that
     *     is not UTF-8, or deeper nesting
     */
    public function addClaim(string $name, mixed $value): static
    {
        return $this->add('claim', $name, $value);
    }

    /**
     * Sets the time from which tokens are valid.
     *
     * Without it they are valid immediately and have no nbf. The time to live starts when a
     * token is generated, not at this time.
     *
     * @param int|\DateTimeInterface|null $notBefore seconds since 1970-01-01 00:00 UTC, or a
     *     time, rounded down to a second. null and 0, also as a time, remove it.
     * @throws CaptokenException INVALID_TIME: negative, or above 2**53 - 1
     */
    public function setNotBefore(int|\DateTimeInterface|null $notBefore): static
    {
        $seconds = $notBefore instanceof \DateTimeInterface ? $notBefore->getTimestamp() : $notBefore ?? 0;
        return $this->set('not_before', (string) $seconds, []);
    }

    /**
     * Sets the Twilio region of an access token, such as 'ie1'.
     *
     * Without it, the token is for the United States. A second call replaces the region. API
     * keys and applications belong to a region: use those of this one.
     *
     * @throws CaptokenException UNSUPPORTED: a capability token
     */
    public function setRegion(string $region): static
    {
        return $this->setString('region', 'the region', $region);
    }

    /**
     * Sets the SID of the credential with which Twilio notifies a phone of calls.
     *
     * A second call replaces it.
     *
     * @throws CaptokenException UNSUPPORTED: a capability token
     */
    public function setPushCredential(string $pushCredentialSid): static
    {
        return $this->setString('push_credential_sid', 'the push credential SID', $pushCredentialSid);
    }

    /**
     * Adds a grant to an access token: permissions other than calls.
     *
     * A grant that is added again keeps its position and takes the new value. The fields are
     * those of Twilio's libraries:
     *
     *     $capability->addGrant('video', ['room' => 'standup']);
     *     $capability->addGrant('chat', ['service_sid' => 'IS...']);
     *     $capability->addGrant('data_sync', ['service_sid' => 'IS...']);
     *     $capability->addGrant('task_router', [
     *         'workspace_sid' => 'WS...', 'worker_sid' => 'WK...', 'role' => 'worker',
     *     ]);
     *     $capability->addGrant('player', $grant); // as Twilio's API returns it
     *
     * @param string $name any except identity and voice, which the methods above write
     * @param array<string|int, mixed> $grant the fields by name, unchecked; values are as in
     *     addClaim(). [] is an empty object; for an empty object inside, pass new \stdClass().
     * @throws CaptokenException UNSUPPORTED: a capability token; RESERVED_NAME
     * @throws \InvalidArgumentException a list
     * @throws \JsonException as in addClaim()
     */
    public function addGrant(string $name, array $grant): static
    {
        if ($grant !== [] && array_is_list($grant)) {
            throw new \InvalidArgumentException(
                'the grant ' . Strings::quoted($name) . ' is a list: pass an associative array',
            );
        }
        return $this->add('grant', $name, $grant === [] ? new \stdClass() : $grant);
    }

    /**
     * Returns a signed token that expires $ttl seconds from now.
     *
     * The object does not change, and can generate any number of tokens.
     *
     * @param int $ttl seconds, 1 to 86400
     * @throws CaptokenException INVALID_TTL; INVALID_TIME: the clock is before 1970
     */
    public function generateToken(int $ttl = 3600): string
    {
        return $this->generate(time(), $ttl);
    }

    /**
     * Returns a signed token as if the time were $now.
     *
     * The same object, time and time to live give the same token.
     *
     * @param int $now seconds since 1970-01-01 00:00 UTC
     * @param int $ttl seconds, 1 to 86400
     * @throws CaptokenException INVALID_TTL; INVALID_TIME: the time, or the expiry, is
     *     negative or above 2**53 - 1
     */
    public function generateTokenAt(int $now, int $ttl = 3600): string
    {
        return $this->generate($now, $ttl);
    }

    /**
     * Throws unless every Twilio product accepts a client name.
     *
     * All accept 1 to 256 ASCII letters, digits and underscores. No other method checks the
     * length: call this one for names that come from users.
     *
     * @throws CaptokenException INVALID_CLIENT_NAME; LIBRARY_NOT_LOADED
     */
    public static function checkClientName(string $clientName): void
    {
        Strings::refuseNul('the client name', $clientName);
        $status = Library::functions()->cap_check_client_name($clientName);
        if ($status !== 0) {
            throw Refusal::of($status, ['the client name' => $clientName]);
        }
    }

    /**
     * Verifies a token of this library or of Twilio's, and returns its payload.
     *
     *     try {
     *         $claims = Capability::verify($token, $authToken); // or $apiKeySecret
     *     } catch (InvalidTokenException $e) {
     *         // forged, expired or malformed
     *     }
     *
     * The signature must be an HMAC-SHA256 with this secret, and $now must be before the
     * token's expiry. Objects in the payload become arrays. Integers that an int cannot hold
     * become strings. exp and nbf keep their type: an int, a float or, in tokens of
     * twilio-java 4.x, a string of digits. If a claim repeats, the last one counts; a token
     * that repeats exp or nbf is malformed.
     *
     * The permissions of a capability token are the string $claims['scope']. Those of an
     * access token are in $claims['grants'], such as
     *
     *     ['identity' => 'Alice', 'voice' => ['incoming' => ['allow' => true]]]
     *
     * @param string $secret the auth token; for an access token, the API key secret
     * @param ?int $now seconds since 1970-01-01 00:00 UTC; null: time()
     * @param int $leeway seconds by which clocks may differ, 0 to 86400. The token is accepted
     *     that long before its nbf, and after its expiry. It must live longer than the leeway.
     * @return array<string|int, mixed> all claims by name
     * @throws InvalidTokenException the token is invalid, for one of these reasons:
     * @throws TokenMalformedException it is not a signed JSON Web Token, or has no valid expiry
     * @throws TokenAlgorithmException it is not signed with HS256
     * @throws TokenSignatureException its signature does not match
     * @throws TokenExpiredException it has expired
     * @throws TokenNotYetValidException its nbf is later than $now
     * @throws CaptokenException INVALID_TIME: $now is negative or above 2**53 - 1;
     *     LIBRARY_NOT_LOADED
     * @throws \InvalidArgumentException the leeway is out of range
     */
    public static function verify(
        #[\SensitiveParameter] string $token,
        #[\SensitiveParameter] string $secret,
        ?int $now = null,
        int $leeway = 0,
    ): array {
        return Verification::claims($token, $secret, $now ?? time(), $leeway);
    }

    /** @param string $what the name of the argument in messages */
    private function setString(string $member, string $what, string $string): static
    {
        return $this->set($member, Strings::json($what, $string), [$what => $string]);
    }

    /** @param array<string, string> $arguments as in Refusal::of() */
    private function set(string $member, string $json, array $arguments): static
    {
        $json = "\"$member\":$json";
        $this->check($json, $arguments);
        $this->members[$member] = $json;
        return $this;
    }

    /** @param string $what "claim" or "grant" */
    private function add(string $what, string $name, mixed $value): static
    {
        Strings::refuseNul("the $what's name", $name);
        // First, because a jsonSerialize() in the value may call any method of this object.
        $json = Json::of($value);
        $json = Strings::json("the $what's name", $name) . ":$json";
        $this->check("\"{$what}s\":{{$json}}", ["the $what " . Strings::quoted($name) => $name]);
        $this->members["{$what}s"][$name] = $json;
        return $this;
    }

    /**
     * Checks one member by a request to C that mints nothing.
     *
     * Only C knows which names are reserved, and which members a kind of token has.
     *
     * @param array<string, string> $arguments as in Refusal::of()
     */
    private function check(string $member, array $arguments): void
    {
        $this->secret ?? throw Refusal::unconstructed();
        $account = array_intersect_key($this->members, ['account_sid' => '', 'api_key_sid' => '']);
        Mint::check('{' . implode(',', $account) . ",$member}", $arguments);
    }

    private function generate(int $now, int $ttl): string
    {
        // Both before the first call, because a signal handler may change the object.
        $secret = $this->secret ?? throw Refusal::unconstructed();
        $members = $this->members;
        if (isset($members['claims'])) {
            $members['claims'] = '"claims":{' . implode(',', $members['claims']) . '}';
        }
        if (isset($members['grants'])) {
            $members['grants'] = '"grants":{' . implode(',', $members['grants']) . '}';
        }
        return Mint::token($secret(), '{' . implode(',', $members) . '}', $now, $ttl);
    }
}
