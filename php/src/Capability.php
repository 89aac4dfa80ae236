<?php

declare(strict_types=1);

namespace Captoken;

/**
 * A capability token in the making: with it, a browser or phone registers with Twilio
 * Client. The methods are those of Services_Twilio_Capability in twilio-php 3 and 4:
 *
 *     $capability = new Capability($accountSid, $authToken);
 *     $capability->allowClientIncoming('Alice');
 *     $capability->allowClientOutgoing($applicationSid, ['user_id' => 42]);
 *     $token = $capability->generateToken(600);
 *
 * A method that throws has changed nothing. \InvalidArgumentException means that an
 * argument can never be right, as a client name with a space or a text with a NUL byte
 * in it; CaptokenException that the library refused it, and why.
 *
 * The auth token stays outside PHP: the object holds a handle of the C library, which
 * wipes the key when the object goes. So an object can be neither cloned nor
 * serialised, and shows no secret when it is dumped.
 */
class Capability
{
    /** Room for most tokens, in bytes; longer ones get what they need. */
    private const USUAL_SIZE = 1024;

    private \FFI $library;

    private ?\FFI\CData $token = null;

    /**
     * What is null is taken from what configure() has set.
     *
     * @throws CaptokenException NO_CREDENTIALS: null, and nothing configured;
     *     EMPTY_ARGUMENT, INVALID_UTF8, OUT_OF_MEMORY; LIBRARY_NOT_LOADED
     * @throws \InvalidArgumentException a NUL byte
     */
    public function __construct(
        ?string $accountSid = null,
        #[\SensitiveParameter] ?string $authToken = null,
    ) {
        self::refuseNul($accountSid, 'the account SID');
        self::refuseNul($authToken, 'the auth token');
        $library = Library::functions();
        $token = $library->new('cap_token *');
        self::check($library->cap_new($accountSid, $authToken, \FFI::addr($token)));
        $this->free();
        $this->library = $library;
        $this->token = $token;
    }

    public function __destruct()
    {
        $this->free();
    }

    /**
     * Sets what the constructor takes by default, until the end of the request; in a
     * program on the command line, until its end. null and null clear it.
     *
     * @throws CaptokenException NULL_ARGUMENT: only one is null; EMPTY_ARGUMENT,
     *     INVALID_UTF8, OUT_OF_MEMORY; LIBRARY_NOT_LOADED
     * @throws \InvalidArgumentException a NUL byte
     */
    public static function configure(
        ?string $accountSid,
        #[\SensitiveParameter] ?string $authToken,
    ): void {
        self::refuseNul($accountSid, 'the account SID');
        self::refuseNul($authToken, 'the auth token');
        $library = Library::functions();
        self::check($library->cap_configure($accountSid, $authToken));
    }

    /**
     * Lets the holder of the token be called, under a client name (<Client> in TwiML).
     * Calls that it makes come from that name, too. A second call replaces the name.
     *
     * @param string $clientName ASCII letters, digits and underscores, as in twilio-php
     * @throws \InvalidArgumentException any other client name, or ''
     * @throws CaptokenException OUT_OF_MEMORY
     */
    public function allowClientIncoming(string $clientName): static
    {
        if ($clientName === '') {
            throw new \InvalidArgumentException('the client name is empty');
        }
        if (preg_match('/[^A-Za-z0-9_]/', $clientName) === 1) {
            throw new \InvalidArgumentException(
                'the client name has other characters than ASCII letters, digits and underscores',
            );
        }
        $token = $this->token();
        self::check($this->library->cap_allow_incoming($token, $clientName));
        return $this;
    }

    /**
     * Lets the holder of the token make calls, which a TwiML application handles. A
     * second call replaces the application and its parameters.
     *
     * @param array<string|int, string|int|float|bool|list<string|int|float|bool>> $appParams
     *     what Twilio hands to the application with each call, by name. A float is
     *     written as json_encode() does, true and false as 1 and 0; a list repeats the
     *     name for each of its values.
     * @throws CaptokenException EMPTY_ARGUMENT, INVALID_UTF8, OUT_OF_MEMORY
     * @throws \InvalidArgumentException a value of another type, a float that is not
     *     finite, or a NUL byte
     */
    public function allowClientOutgoing(string $appSid, array $appParams = []): static
    {
        self::refuseNul($appSid, 'the application SID');
        $params = self::texts($appParams);
        foreach ($params as [$key, $value]) {
            self::requireUtf8($key);
            self::requireUtf8($value);
        }
        $token = $this->token();
        // Out of reach until it has all parameters: a signal's handler may run in between.
        $this->token = null;
        $whole = false;
        try {
            $status = $this->library->cap_allow_outgoing($token, $appSid);
            // One that was refused is as it was.
            $whole = $status !== 0;
            self::check($status);
            foreach ($params as [$key, $value]) {
                self::check($this->library->cap_add_outgoing_param($token, $key, $value));
            }
            $whole = true;
        } finally {
            $this->token = $token;
            if (!$whole) {
                // Memory ran out, or a handler threw. Rather no token than half of one.
                $this->free();
            }
        }
        return $this;
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
        return $this->generate(null, $ttl);
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

    public function __clone()
    {
        // The copy, on which this is called, must not free what is the original's.
        $this->token = null;
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

    private function generate(?int $now, int $ttl): string
    {
        $token = $this->token();
        $library = $this->library;
        $length = $library->new('size_t');
        $size = self::USUAL_SIZE;
        do {
            $buffer = $library->new("char[$size]");
            $status = $now === null
                ? $library->cap_generate($token, $ttl, $buffer, $size, \FFI::addr($length))
                : $library->cap_generate_at($token, $now, $ttl, $buffer, $size, \FFI::addr($length));
            $size = $length->cdata + 1;
        } while ($status === CaptokenException::BUFFER_TOO_SMALL);
        self::check($status);
        return \FFI::string($buffer, $length->cdata);
    }

    /** The handle, which is there unless a constructor or memory failed. */
    private function token(): \FFI\CData
    {
        return $this->token
            ?? throw new CaptokenException('the object has no token', CaptokenException::INVALID_HANDLE);
    }

    private function free(): void
    {
        if ($this->token !== null) {
            $this->library->cap_token_free($this->token);
            $this->token = null;
        }
    }

    /**
     * Names and values as C is to have them.
     *
     * @return list<array{string, string}>
     */
    private static function texts(array $appParams): array
    {
        $texts = [];
        foreach ($appParams as $key => $value) {
            $key = (string) $key;
            self::refuseNul($key, 'the name of a parameter');
            $values = is_array($value) && array_is_list($value) ? $value : [$value];
            foreach ($values as $single) {
                $texts[] = [$key, self::text($key, $single)];
            }
        }
        return $texts;
    }

    private static function text(string $key, mixed $value): string
    {
        $text = match (true) {
            is_string($value) => $value,
            is_int($value) => (string) $value,
            is_bool($value) => $value ? '1' : '0',
            // The shortest text that reads back, whatever php.ini says of precision.
            is_float($value) && is_finite($value) => sprintf('%.*h', -1, $value),
            default => throw new \InvalidArgumentException(sprintf(
                'the parameter %s has a value of type %s: a string, an int, a finite float, a bool'
                    . ' or a list of these is needed',
                json_encode($key, JSON_INVALID_UTF8_SUBSTITUTE),
                get_debug_type($value),
            )),
        };
        self::refuseNul($text, 'a parameter');
        return $text;
    }

    private static function refuseNul(#[\SensitiveParameter] ?string $text, string $what): void
    {
        if ($text !== null && str_contains($text, "\0")) {
            throw new \InvalidArgumentException("$what contains a NUL byte");
        }
    }

    private static function requireUtf8(string $text): void
    {
        if (preg_match('//u', $text) !== 1) {
            self::check(CaptokenException::INVALID_UTF8);
        }
    }

    private static function check(int $status): void
    {
        if ($status !== 0) {
            throw new CaptokenException(Library::functions()->cap_strerror($status), $status);
        }
    }
}
