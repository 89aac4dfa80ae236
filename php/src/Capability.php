<?php

declare(strict_types=1);

namespace Captoken;

// What each token needs: so PHP does not look in this namespace first.
use function array_is_list;
use function is_array;
use function is_string;
use function ltrim;
use function str_contains;
use function substr_count;
use function time;

/**
 * A token in the making: with it, a browser or phone registers with Twilio Client. The
 * methods include those of Services_Twilio_Capability in twilio-php 3 and 4:
 *
 *     $capability = new Capability($accountSid, $authToken);
 *     $capability->allowClientIncoming('Alice');
 *     $capability->allowClientOutgoing($applicationSid, ['user_id' => 42]);
 *     $token = $capability->generateToken(600);
 *
 * That is a capability token, signed with the account's auth token: the kind that old
 * applications have, which works in the United States alone. Access tokens are the kind
 * that Twilio recommends: they work in all its regions and with its libraries for phones,
 * can grant video, chat and more, and are signed with the secret of an API key. An
 * application moves to them by one line:
 *
 *     $capability = Capability::access($accountSid, $apiKeySid, $apiKeySecret);
 *
 * setRegion(), setPushCredential() and addGrant() are for access tokens alone,
 * allowEventStream() for capability tokens; all else is for both.
 *
 * verify() checks both kinds, also those of Twilio's own libraries:
 *
 *     try {
 *         $claims = Capability::verify($token, $authToken); // or $apiKeySecret
 *     } catch (InvalidTokenException $e) {
 *         // forged, expired, or no token at all
 *     }
 *
 * A method that throws has changed nothing. (Only where memory runs out in the middle of
 * allowClientOutgoing() or allowEventStream(), or a signal's handler throws there, the
 * object can make no token any more: every later call throws INVALID_HANDLE.)
 * \InvalidArgumentException means that an argument can never be right, as a client name
 * with a space or a text with a NUL byte in it; CaptokenException that the library
 * refused it, and why. What verify() finds wrong with a token has classes of its own,
 * which CaptokenException lists.
 *
 * The auth token, or the API key secret, is in no property. So an object can be neither
 * cloned nor serialised, and shows no secret when it is dumped.
 *
 * An object for access tokens, or of what configure() has set, has a handle of the C
 * library from the start, with a key outside PHP that the library wipes when the object
 * goes. Any other object gets one when it makes its fifth token, or is to say more than
 * allowClientIncoming() and allowClientOutgoing() can say; until then it refers to the
 * auth token that it was given, and makes no copy.
 */
class Capability
{
    /** As ltrim() has them, which sees faster than any other function that a text has no others. */
    private const CLIENT_NAME_CHARACTERS = 'a..zA..Z0..9_';
    private const ASCII = "\0..\x7f";
    private const ASCII_BUT_NUL = "\x01..\x7f";

    /** How many arrays and objects may stand inside each other in a claim or a grant. */
    private const DEPTH = 127;

    /** How many values are being encoded, and what php.ini said of precision before. */
    private static int $encoding = 0;
    private static string|false $precision = false;

    /** Null where there is nothing to make tokens of. */
    private ?Draft $draft = null;

    /**
     * An object for capability tokens, which allow nothing yet. What is null is taken from
     * what configure() has set.
     *
     * @throws CaptokenException NO_CREDENTIALS: null, and nothing configured;
     *     EMPTY_ARGUMENT, INVALID_UTF8, OUT_OF_MEMORY; LIBRARY_NOT_LOADED
     * @throws \InvalidArgumentException a NUL byte
     */
    public function __construct(
        ?string $accountSid = null,
        #[\SensitiveParameter] ?string $authToken = null,
    ) {
        // C cannot refuse what is ASCII, as these are. ('0' is left to C like ''.)
        if (
            $accountSid && ltrim($accountSid, self::ASCII_BUT_NUL) === ''
            && $authToken && ltrim($authToken, self::ASCII_BUT_NUL) === ''
        ) {
            if (Draft::$library === null) {
                Draft::start();
            }
            $draft = new Draft();
            $draft->accountSid = $accountSid;
            Draft::$authTokens[$draft] = $authToken;
            $this->draft = $draft;
        } else {
            $this->draft = self::withHandle(self::makeHandle($accountSid, $authToken));
        }
    }

    /**
     * An object for access tokens, which allow nothing yet. What configure() has set plays
     * no part. Of a subclass, the constructor is not called.
     *
     * The API key is one of the account, as Twilio's console makes it: its SID and its
     * secret. (Twilio takes none of the restricted keys.)
     *
     * @throws CaptokenException EMPTY_ARGUMENT, INVALID_UTF8, OUT_OF_MEMORY;
     *     LIBRARY_NOT_LOADED
     * @throws \InvalidArgumentException a NUL byte
     */
    public static function access(
        string $accountSid,
        string $apiKeySid,
        #[\SensitiveParameter] string $apiKeySecret,
    ): static {
        self::refuseNul('the account SID', $accountSid);
        self::refuseNul('the API key SID', $apiKeySid);
        self::refuseNul('the API key secret', $apiKeySecret);
        $handle = self::emptyHandle(true);
        $status = $handle->library->cap_new_access(
            $accountSid,
            $apiKeySid,
            $apiKeySecret,
            \FFI::addr($handle->token),
        );
        if ($status !== 0) {
            self::refuse($status, [
                'the account SID' => $accountSid,
                'the API key SID' => $apiKeySid,
                'the API key secret' => $apiKeySecret,
            ]);
        }
        $capability = (new \ReflectionClass(static::class))->newInstanceWithoutConstructor();
        $capability->draft = self::withHandle($handle);
        return $capability;
    }

    public function __destruct()
    {
        $this->draft = null;
    }

    /**
     * Sets what the constructor takes by default, until the end of the request; in a
     * program on the command line, until its end. null and null clear it. access() takes
     * nothing from here.
     *
     * @throws CaptokenException NULL_ARGUMENT: only one is null; EMPTY_ARGUMENT,
     *     INVALID_UTF8, OUT_OF_MEMORY; LIBRARY_NOT_LOADED
     * @throws \InvalidArgumentException a NUL byte
     */
    public static function configure(
        ?string $accountSid,
        #[\SensitiveParameter] ?string $authToken,
    ): void {
        self::refuseNul('the account SID', $accountSid);
        self::refuseNul('the auth token', $authToken);
        $library = Library::functions();
        $status = $library->cap_configure($accountSid, $authToken);
        if ($status !== 0) {
            self::refuse($status, ['the account SID' => $accountSid, 'the auth token' => $authToken]);
        }
    }

    /**
     * Lets the holder of the token be called, under a client name (<Client> in TwiML).
     * Calls that it makes come from that name, too. A second call replaces the name.
     *
     * An access token has one name, its identity, for all that it allows: setClientName()
     * replaces this one there.
     *
     * @param string $clientName ASCII letters, digits and underscores, as in twilio-php
     * @throws \InvalidArgumentException any other client name, or ''
     * @throws CaptokenException OUT_OF_MEMORY
     */
    public function allowClientIncoming(string $clientName): static
    {
        if ($clientName === '' || ltrim($clientName, self::CLIENT_NAME_CHARACTERS) !== '') {
            self::refuseClientName($clientName);
        }
        $draft = $this->draft ?? throw self::nothing();
        if ($draft->handle === null) {
            $draft->clientName = $clientName;
            return $this;
        }
        return $this->set('cap_allow_incoming', 'the client name', $clientName);
    }

    /**
     * Lets the holder of the token make calls, which a TwiML application handles. A
     * second call replaces the application and its parameters.
     *
     * In an access token a name comes once: of a list as its value, the last one is what
     * remains. There, Twilio's newer libraries can nest parameters, and this one cannot: an
     * object that is to reach the application goes into one parameter, as JSON text.
     *
     * @param array<string|int, string|int|float|bool|list<string|int|float|bool>> $appParams
     *     what Twilio hands to the application with each call, by name. A float is
     *     written as json_encode() does, true and false as 1 and 0; a list repeats the
     *     name for each of its values.
     * @throws CaptokenException EMPTY_ARGUMENT, INVALID_UTF8, OUT_OF_MEMORY
     * @throws \InvalidArgumentException a value of another type, such as arrays inside each
     *     other, a float that is not finite, or a NUL byte
     */
    public function allowClientOutgoing(string $appSid, array $appParams = []): static
    {
        $isPlain = $appSid !== '' && ltrim($appSid, self::ASCII_BUT_NUL) === '';
        if (!$isPlain) {
            self::refuseNul('the application SID', $appSid);
        }
        $params = self::packed('parameter', $appParams);
        $paramCount = substr_count($params, "\0") >> 1;
        $draft = $this->draft ?? throw self::nothing();
        if ($draft->handle === null && $isPlain) {
            // Without a call in between, as a signal's handler could run there.
            $draft->applicationSid = $appSid;
            $draft->params = $params;
            $draft->paramCount = $paramCount;
            return $this;
        }
        $texts = ['the application SID' => $appSid];
        return $this->allow('cap_allow_outgoing', $texts, 'cap_add_outgoing_param', $params);
    }

    /**
     * Lets the holder of a capability token follow the account's events. A second call
     * replaces the filters.
     *
     * @param array<string|int, string|int|float|bool|list<string|int|float|bool>> $filters
     *     which events, by name; the values are as in allowClientOutgoing()
     * @throws CaptokenException UNSUPPORTED: an access token, which has no such permission;
     *     INVALID_UTF8, OUT_OF_MEMORY
     * @throws \InvalidArgumentException a value of another type, a float that is not
     *     finite, or a NUL byte
     */
    public function allowEventStream(array $filters = []): static
    {
        $filters = self::packed('filter', $filters);
        return $this->allow('cap_allow_event_stream', [], 'cap_add_event_filter', $filters);
    }

    /**
     * Has outgoing calls come from a client name without letting anybody call it. Of this
     * method and allowClientIncoming(), the one that was called last decides from which
     * name outgoing calls come.
     *
     * In an access token this is the identity: who holds it, for all that it allows. There,
     * the last of the two decides about incoming calls, too.
     *
     * @param string $clientName ASCII letters, digits and underscores, as in twilio-php; for
     *     an access token any text, as an identity for chat, video or sync is no client name
     * @throws \InvalidArgumentException capability token: any other client name, or '';
     *     access token: a NUL byte
     * @throws CaptokenException EMPTY_ARGUMENT, INVALID_UTF8: an identity; OUT_OF_MEMORY
     */
    public function setClientName(string $clientName): static
    {
        if (!$this->handle()->isAccess) {
            self::refuseClientName($clientName);
        }
        return $this->set('cap_set_client_name', 'the identity', $clientName);
    }

    /**
     * Adds a claim of the program's own: with it, one token serves the program's own
     * interface, too. A claim that is added again takes the new value.
     *
     * @param string $name any but scope, iss, exp, nbf and iat; for an access token, also
     *     none of jti, sub and grants
     * @param mixed $value what json_encode() takes, with at most 127 arrays and objects
     *     inside each other. A float keeps all its digits (where php.ini forbids ini_set(),
     *     those of its serialize_precision), and 1.0 stays a float.
     * @throws CaptokenException EMPTY_ARGUMENT, INVALID_UTF8: the name; RESERVED_NAME;
     *     OUT_OF_MEMORY
     * @throws \InvalidArgumentException a NUL byte in the name
     * @throws \JsonException a value that json_encode() does not take, as INF, a text in
     *     it that is not UTF-8, or more arrays and objects inside each other
     */
    public function addClaim(string $name, mixed $value): static
    {
        return $this->add('cap_add_claim', 'claim', $name, $value);
    }

    /**
     * Sets when tokens begin to be valid. Without it they are valid at once, and say
     * nothing about it. The time to live is not counted from here, but from when a token
     * is generated.
     *
     * @param int|\DateTimeInterface|null $notBefore seconds since 1970-01-01 00:00 UTC, or
     *     a time, of which fractions of a second are left out; null and 0, also as the first
     *     second of 1970, remove what was set
     * @throws CaptokenException INVALID_TIME: negative, or above 2**53 - 1
     */
    public function setNotBefore(int|\DateTimeInterface|null $notBefore): static
    {
        $seconds = $notBefore instanceof \DateTimeInterface ? $notBefore->getTimestamp() : $notBefore ?? 0;
        $handle = $this->handle();
        $status = $handle->library->cap_set_not_before($handle->token, $seconds);
        if ($status !== 0) {
            self::refuse($status);
        }
        return $this;
    }

    /**
     * Sets the region of Twilio's that takes an access token, such as 'ie1'; without it,
     * that is the one in the United States. A second call replaces it. A region has API keys
     * and applications of its own: those of access() and allowClientOutgoing() must be from
     * there.
     *
     * @throws CaptokenException UNSUPPORTED: a capability token; EMPTY_ARGUMENT,
     *     INVALID_UTF8, OUT_OF_MEMORY
     * @throws \InvalidArgumentException a NUL byte
     */
    public function setRegion(string $region): static
    {
        return $this->set('cap_set_region', 'the region', $region);
    }

    /**
     * Has calls announced to a phone that holds an access token by push notifications, sent
     * with the credential that has this SID. A second call replaces it.
     *
     * @throws CaptokenException UNSUPPORTED: a capability token; EMPTY_ARGUMENT,
     *     INVALID_UTF8, OUT_OF_MEMORY
     * @throws \InvalidArgumentException a NUL byte
     */
    public function setPushCredential(string $pushCredentialSid): static
    {
        return $this->set('cap_set_push_credential', 'the push credential SID', $pushCredentialSid);
    }

    /**
     * Adds a grant to an access token: what its holder may do besides calling. A grant that
     * is added again takes the new value. The fields are those of Twilio's own libraries:
     *
     *     $capability->addGrant('video', ['room' => 'standup']);
     *     $capability->addGrant('chat', ['service_sid' => 'IS...']);
     *     $capability->addGrant('data_sync', ['service_sid' => 'IS...']);
     *     $capability->addGrant('task_router', [
     *         'workspace_sid' => 'WS...', 'worker_sid' => 'WK...', 'role' => 'worker',
     *     ]);
     *     $capability->addGrant('player', $grant); // as Twilio's API gives it
     *
     * @param string $name any but identity and voice, which the methods above write
     * @param array<string|int, mixed> $grant the fields by name; values are as in
     *     addClaim(). [] is an object without any; inside, one is written new \stdClass().
     *     What is in it is not checked.
     * @throws CaptokenException UNSUPPORTED: a capability token; EMPTY_ARGUMENT,
     *     INVALID_UTF8: the name; RESERVED_NAME; OUT_OF_MEMORY
     * @throws \InvalidArgumentException a list, which is no object, or a NUL byte in the
     *     name
     * @throws \JsonException as in addClaim()
     */
    public function addGrant(string $name, array $grant): static
    {
        if ($grant === []) {
            return $this->add('cap_add_grant', 'grant', $name, new \stdClass());
        }
        if (array_is_list($grant)) {
            throw new \InvalidArgumentException(
                'the grant ' . self::quoted($name) . ' is a list: an array with names is needed',
            );
        }
        return $this->add('cap_add_grant', 'grant', $name, $grant);
    }

    /**
     * A signed token that expires $ttl seconds from now. The object stays as it is, and
     * can make any number of tokens.
     *
     * @param int $ttl seconds, 1 to 86400
     * @throws CaptokenException INVALID_TTL; INVALID_TIME: the clock is before 1970;
     *     OUT_OF_MEMORY
     */
    public function generateToken(int $ttl = 3600): string
    {
        return $this->generate(time(), $ttl);
    }

    /**
     * The same from a time of the caller's: the same object, time and time to live give
     * the same token.
     *
     * @param int $now seconds since 1970-01-01 00:00 UTC
     * @param int $ttl seconds, 1 to 86400
     * @throws CaptokenException INVALID_TTL; INVALID_TIME: the time, or the expiry, is
     *     negative or above 2**53 - 1; OUT_OF_MEMORY
     */
    public function generateTokenAt(int $now, int $ttl = 3600): string
    {
        return $this->generate($now, $ttl);
    }

    /**
     * Throws unless all of Twilio takes a client name: 1 to 256 ASCII letters, digits and
     * underscores. Nothing else in this class asks for the length: where a name comes from
     * a user, a program can.
     *
     * @throws CaptokenException INVALID_CLIENT_NAME, EMPTY_ARGUMENT, INVALID_UTF8;
     *     LIBRARY_NOT_LOADED
     * @throws \InvalidArgumentException a NUL byte
     */
    public static function checkClientName(string $clientName): void
    {
        self::refuseNul('the client name', $clientName);
        $status = Library::functions()->cap_check_client_name($clientName);
        if ($status !== 0) {
            self::refuse($status, ['the client name' => $clientName]);
        }
    }

    /**
     * Checks a token, whichever of Twilio's libraries or this one has made it, and returns
     * its payload: all claims, by name.
     *
     * The signature must be an HMAC-SHA256 by this secret, the token must say when it
     * expires, and that second, by $now, must not have come. Objects inside the payload
     * are arrays, and integers that an int cannot hold are strings. exp and nbf are what
     * the token has: an int, a float, or, from twilio-java 4.x, a string of digits.
     *
     * What a capability token allows is the text $claims['scope']; of an access token, it is
     * $claims['grants'], such as
     *
     *     ['identity' => 'Alice', 'voice' => [
     *         'incoming' => ['allow' => true],
     *         'outgoing' => ['application_sid' => 'AP...', 'params' => ['user_id' => '42']],
     *     ], 'video' => ['room' => 'standup']]
     *
     * @param string $secret the auth token; for an access token, the API key secret
     * @param ?int $now seconds since 1970-01-01 00:00 UTC; null: time()
     * @return array<string|int, mixed>
     * @throws InvalidTokenException any of the following, for a token that is not valid:
     * @throws TokenMalformedException no signed token, or one without a readable expiry
     * @throws TokenAlgorithmException it is signed in another way than HS256
     * @throws TokenSignatureException signed with another secret, or changed since
     * @throws TokenExpiredException
     * @throws TokenNotYetValidException it begins later (nbf)
     * @throws TokenNulException it contains a NUL byte
     * @throws CaptokenException EMPTY_ARGUMENT, INVALID_UTF8: the secret; INVALID_TIME: $now
     *     is negative or above 2**53 - 1; OUT_OF_MEMORY; LIBRARY_NOT_LOADED
     * @throws \InvalidArgumentException a NUL byte in the secret
     */
    public static function verify(
        #[\SensitiveParameter] string $token,
        #[\SensitiveParameter] string $secret,
        ?int $now = null,
    ): array {
        self::refuseNul('the secret', $secret);
        // A token comes from anybody: what is wrong with it is never the program's fault.
        if (str_contains($token, "\0")) {
            throw new TokenNulException('the token contains a NUL byte');
        }
        if (!self::isUtf8($token)) {
            throw new TokenMalformedException(
                'the token: a text is not valid UTF-8',
                CaptokenException::INVALID_UTF8,
            );
        }
        $library = Library::functions();
        // The payload is shorter than the token that spells it.
        $size = strlen($token) + 1;
        $payload = Buffer::take($size);
        $status = $library->cap_verify($token, $secret, $now ?? time(), $payload, $size, null);
        if ($status !== 0) {
            self::refuse($status, ['the secret' => $secret]);
        }
        // It ends at its first NUL, as JSON has none inside, except as an escape.
        $json = Buffer::text($payload, $size);
        // The depth is more than the library accepts.
        return json_decode($json, true, 512, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
    }

    public function __clone()
    {
        throw new \LogicException(self::class . ' cannot be cloned');
    }

    public function __serialize(): array
    {
        throw new \LogicException(self::class . ' cannot be serialised');
    }

    public function __unserialize(array $data): void
    {
        throw new \LogicException(self::class . ' cannot be unserialised');
    }

    /** What var_dump() and print_r() show. */
    public function __debugInfo(): array
    {
        return [];
    }

    /** A handle that is yet to get its object of C. */
    private static function emptyHandle(bool $isAccess): Handle
    {
        $library = Library::functions();
        // Before C makes it, as a signal's handler may throw then: somebody must free it.
        return new Handle($library, $library->new('cap_token *'), $isAccess);
    }

    private static function makeHandle(?string $accountSid, #[\SensitiveParameter] ?string $authToken): Handle
    {
        self::refuseNul('the account SID', $accountSid);
        self::refuseNul('the auth token', $authToken);
        $handle = self::emptyHandle(false);
        $status = $handle->library->cap_new($accountSid, $authToken, \FFI::addr($handle->token));
        if ($status !== 0) {
            self::refuse($status, ['the account SID' => $accountSid, 'the auth token' => $authToken]);
        }
        return $handle;
    }

    private static function withHandle(Handle $handle): Draft
    {
        $draft = new Draft();
        $draft->handle = $handle;
        return $draft;
    }

    private function handle(): Handle
    {
        return self::handleOf($this->draft ?? throw self::nothing());
    }

    /** The handle of a draft, which it gets here if nothing has needed it yet. */
    private static function handleOf(Draft $draft): Handle
    {
        while ($draft->handle === null) {
            // Both now, as a signal's handler may run in each of the calls below.
            $authToken = Draft::$authTokens[$draft];
            $asked = clone $draft;
            $handle = self::makeHandle($asked->accountSid, $authToken);
            if ($asked->clientName !== null) {
                self::setText($handle, 'cap_allow_incoming', 'the client name', $asked->clientName);
            }
            if ($asked->applicationSid !== null) {
                self::setText($handle, 'cap_allow_outgoing', 'the application SID', $asked->applicationSid);
                self::addPairs($handle, 'cap_add_outgoing_param', $asked->params);
            }
            // Else it has asked for something else, or has made a handle.
            if (
                $draft->handle === null
                && $draft->clientName === $asked->clientName
                && $draft->applicationSid === $asked->applicationSid
                && $draft->params === $asked->params
            ) {
                $draft->handle = $handle;
                unset(Draft::$authTokens[$draft]);
            }
        }
        return $draft->handle;
    }

    private static function nothing(): CaptokenException
    {
        return new CaptokenException(
            'the object has no token: a call that was to change it is under way, or ended in the middle',
            CaptokenException::INVALID_HANDLE,
        );
    }

    /** Calls a function of the library with a text, which a message calls $what. */
    private function set(string $function, string $what, string $text): static
    {
        self::refuseNul($what, $text);
        self::setText($this->handle(), $function, $what, $text);
        return $this;
    }

    private static function setText(Handle $handle, string $function, string $what, string $text): void
    {
        $status = $handle->library->$function($handle->token, $text);
        if ($status !== 0) {
            self::refuse($status, [$what => $text]);
        }
    }

    /**
     * Calls a function of the library with a name and a value as JSON.
     *
     * @param string $what a message calls them
     */
    private function add(string $function, string $what, string $name, mixed $value): static
    {
        self::refuseNul("the $what's name", $name);
        // First, as a jsonSerialize() in it may call any method of this object.
        $json = self::json($value);
        $handle = $this->handle();
        $status = $handle->library->$function($handle->token, $name, $json);
        if ($status === CaptokenException::RESERVED_NAME) {
            self::refuse($status, ["the $what " . self::quoted($name) => $name]);
        }
        if ($status !== 0) {
            self::refuse($status, ["the $what's name" => $name]);
        }
        return $this;
    }

    /**
     * Calls a function of the library with these texts, and another one for each pair.
     *
     * @param array<string, string> $texts by what a message calls them
     * @param string $pairs as packed() has them: of which C can refuse none
     */
    private function allow(string $function, array $texts, string $addition, string $pairs): static
    {
        $draft = $this->draft ?? throw self::nothing();
        $handle = self::handleOf($draft);
        $whole = true;
        try {
            // Out of reach until it has all pairs: a signal's handler may run in between.
            $this->draft = null;
            $whole = false;
            $status = $handle->library->$function($handle->token, ...array_values($texts));
            // One that was refused is as it was.
            $whole = $status !== 0;
            if ($status !== 0) {
                self::refuse($status, $texts);
            }
            self::addPairs($handle, $addition, $pairs);
            $whole = true;
        } finally {
            // Where memory ran out, or a handler threw: rather no token than half of one.
            $this->draft = $whole ? $draft : null;
        }
        return $this;
    }

    private static function addPairs(Handle $handle, string $addition, string $pairs): void
    {
        foreach (self::unpacked($pairs) as [$key, $value]) {
            $status = $handle->library->$addition($handle->token, $key, $value);
            if ($status !== 0) {
                self::refuse($status);
            }
        }
    }

    private function generate(int $now, int $ttl): string
    {
        $draft = $this->draft ?? throw self::nothing();
        if ($draft->handle === null && $draft->minted < Draft::FEW) {
            $draft->minted++;
            $authToken = Draft::$authTokens[$draft];
            // As in Buffer::take() and text(), whose calls are saved.
            $buffer = Buffer::$kept ?? Draft::$library->new(Buffer::USUAL);
            Buffer::$kept = null;
            $status = Draft::$library->cap_mint(
                $draft->accountSid,
                $authToken,
                $draft->clientName,
                $draft->applicationSid,
                $draft->params,
                $draft->paramCount,
                $now,
                $ttl,
                $buffer,
                Buffer::USUAL_SIZE,
                null,
            );
            if ($status === 0) {
                $token = \FFI::string($buffer);
                Buffer::$kept = $buffer;
                return $token;
            }
            // By the handle there is more room, or it is told what is wrong.
        }
        return $this->generateByHandle($now, $ttl);
    }

    private function generateByHandle(int $now, int $ttl): string
    {
        $handle = $this->handle();
        $library = $handle->library;
        $size = Buffer::USUAL_SIZE;
        do {
            $buffer = Buffer::take($size);
            $status = $library->cap_generate_at($handle->token, $now, $ttl, $buffer, $size, null);
            if ($status === CaptokenException::BUFFER_TOO_SMALL) {
                $length = $library->new('size_t');
                $library->cap_generate_at($handle->token, $now, $ttl, null, 0, \FFI::addr($length));
                $size = $length->cdata + 1;
            }
        } while ($status === CaptokenException::BUFFER_TOO_SMALL);
        if ($status !== 0) {
            self::refuse($status);
        }
        return Buffer::text($buffer, $size);
    }

    private static function refuseClientName(string $clientName): void
    {
        if ($clientName === '') {
            throw new \InvalidArgumentException('the client name is empty');
        }
        if (ltrim($clientName, self::CLIENT_NAME_CHARACTERS) !== '') {
            throw new \InvalidArgumentException(
                'the client name has other characters than ASCII letters, digits and underscores',
            );
        }
    }

    /**
     * Names and values as C has them in one text: each with a NUL at its end.
     *
     * @param string $what a message calls one of them
     */
    private static function packed(string $what, array $named): string
    {
        $packed = '';
        foreach ($named as $key => $value) {
            $key = (string) $key;
            if (str_contains($key, "\0")) {
                self::refuseNul("the name of the $what " . self::quoted($key), $key);
            }
            // Most are so, and need no list of one.
            if (is_string($value) && !str_contains($value, "\0")) {
                $packed .= "$key\0$value\0";
                continue;
            }
            $values = is_array($value) && array_is_list($value) ? $value : [$value];
            foreach ($values as $single) {
                $text = is_string($single) ? $single : self::text($what, $key, $single);
                if (str_contains($text, "\0")) {
                    self::refuseNul("the $what " . self::quoted($key), $text);
                }
                $packed .= "$key\0$text\0";
            }
        }
        if (ltrim($packed, self::ASCII) !== '' && !self::isUtf8($packed)) {
            foreach (self::unpacked($packed) as [$key, $text]) {
                if (!self::isUtf8($key) || !self::isUtf8($text)) {
                    $name = "the $what " . self::quoted($key);
                    self::refuse(CaptokenException::INVALID_UTF8, [$name => "$key\0$text"]);
                }
            }
        }
        return $packed;
    }

    /** @return list<array{string, string}> */
    private static function unpacked(string $pairs): array
    {
        return array_chunk(explode("\0", $pairs, -1), 2);
    }

    private static function text(string $what, string $key, mixed $value): string
    {
        return match (true) {
            is_int($value) => (string) $value,
            is_bool($value) => $value ? '1' : '0',
            // The shortest text that reads back, whatever php.ini says of precision.
            is_float($value) && is_finite($value) => sprintf('%.*h', -1, $value),
            default => throw new \InvalidArgumentException(sprintf(
                'the %s %s has a value of type %s: a string, an int, a finite float, a bool'
                    . ' or a list of these is needed',
                $what,
                self::quoted($key),
                get_debug_type($value),
            )),
        };
    }

    /** A value as JSON whose floats read back, whatever php.ini says of precision. */
    private static function json(mixed $value): string
    {
        // The first of several Fibers, which a jsonSerialize() may suspend, changes the
        // setting, and the last one puts it back.
        if (self::$encoding++ === 0) {
            // Where ini_set() is disabled or the setting fixed, it is left as it is.
            self::$precision = function_exists('ini_set') ? ini_set('serialize_precision', '-1') : false;
        }
        try {
            return json_encode($value, JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION, self::DEPTH);
        } finally {
            if (--self::$encoding === 0 && self::$precision !== false) {
                ini_set('serialize_precision', self::$precision);
            }
        }
    }

    /** @param string $what a message calls the text */
    private static function refuseNul(string $what, #[\SensitiveParameter] ?string $text): void
    {
        if ($text !== null && str_contains($text, "\0")) {
            throw new \InvalidArgumentException("$what contains a NUL byte");
        }
    }

    private static function isUtf8(#[\SensitiveParameter] string $text): bool
    {
        // Any other error, as of a limit in php.ini, says nothing of the text.
        return preg_match('//u', $text) === 1 || preg_last_error() !== PREG_BAD_UTF8_ERROR;
    }

    /** A text for a message, which is not to be long, or to have line breaks. */
    private static function quoted(string $text): string
    {
        $start = strlen($text) > 100 ? substr($text, 0, 100) . '...' : $text;
        return json_encode($start, JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR);
    }

    /**
     * Throws what a status means, which is not 0. The texts of the call are for the
     * message, which names the one that is wrong, and shows none.
     *
     * The status comes in a variable: PHP 8.2 crashes after a signal's handler has thrown
     * behind a call of C that stands among the arguments of another.
     *
     * @param array<string, ?string> $texts by what the message calls them
     */
    private static function refuse(int $status, #[\SensitiveParameter] array $texts = []): never
    {
        $message = Library::functions()->cap_strerror($status);
        foreach ($texts as $what => $text) {
            $wrong = match ($status) {
                CaptokenException::EMPTY_ARGUMENT => $text === '',
                CaptokenException::INVALID_UTF8 => $text !== null && !self::isUtf8($text),
                // A call that can end so has one text.
                CaptokenException::RESERVED_NAME => true,
                default => false,
            };
            if ($wrong) {
                $message = "$what: $message";
                break;
            }
        }
        throw CaptokenException::of($status, $message);
    }
}
