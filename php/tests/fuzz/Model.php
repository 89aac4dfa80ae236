<?php

declare(strict_types=1);

namespace Captoken\Tests\Fuzz;

use Captoken\CaptokenException;
use Captoken\TokenAlgorithmException;
use Captoken\TokenExpiredException;
use Captoken\TokenMalformedException;
use Captoken\TokenNotYetValidException;
use Captoken\TokenSignatureException;

/**
 * Predicts what a Capability does, in plain PHP without the library.
 *
 * Each method returns what the method of this name must return, and throws an exception of the
 * same class and code. After that the model is unchanged.
 */
final class Model
{
    private const LAST_TIME = 2 ** 53 - 1;

    private const JSON = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION;

    /** The grammar of RFC 8259, because json_decode() also reads TRUE. */
    private const GRAMMAR = '(?(DEFINE)(?<ws>[ \t\r\n]*+)'
        . '(?<string>"(?:[^"\\\\\x00-\x1f]|\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4}))*+")'
        . '(?<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)'
        . '(?<member>(?&string)(?&ws):(?&ws)(?&value)(?&ws))'
        . '(?<value>(?&string)|(?&number)|true|false|null'
        . '|\[(?&ws)(?:(?&value)(?&ws)(?:,(?&ws)(?&value)(?&ws))*+)?\]'
        . '|\{(?&ws)(?:(?&member)(?:,(?&ws)(?&member))*+)?\}))';

    /** @var array{string, string}|null account SID and auth token */
    private static ?array $configured = null;

    /** The token's secret. */
    public string $secret;
    private string $account;
    private ?string $apiKey = null;
    private ?string $incoming = null;
    private ?string $clientName = null;
    private ?string $application = null;

    /** @var list<array{string, string}> */
    private array $params = [];

    /** @var list<array{string, string}>|null */
    private ?array $filters = null;

    /** @var array<string, string> JSON by name with a prefix, because PHP turns "1" into 1 */
    private array $claims = [];

    /** @var array<string, string> in the same form */
    private array $grants = [];
    private int $notBefore = 0;
    private ?string $region = null;
    private ?string $push = null;

    public function __construct(?string $accountSid = null, ?string $authToken = null)
    {
        foreach ([$accountSid, $authToken] as $i => $credential) {
            if ($credential === null && self::$configured === null) {
                throw new CaptokenException('', CaptokenException::NO_CREDENTIALS);
            }
            self::require($credential ?? self::$configured[$i]);
        }
        $this->account = $accountSid ?? self::$configured[0];
        $this->secret = $authToken ?? self::$configured[1];
    }

    public static function access(string $accountSid, string $apiKeySid, string $apiKeySecret): self
    {
        self::require($accountSid);
        self::require($apiKeySid);
        $model = new self($accountSid, $apiKeySecret);
        $model->apiKey = $apiKeySid;
        return $model;
    }

    public static function configure(?string $accountSid, ?string $authToken): void
    {
        if ($accountSid === null && $authToken === null) {
            self::$configured = null;
            return;
        }
        if ($accountSid === null || $authToken === null) {
            throw new CaptokenException('', CaptokenException::NULL_ARGUMENT);
        }
        self::require($accountSid);
        self::require($authToken);
        self::$configured = [$accountSid, $authToken];
    }

    public function allowClientIncoming(string $clientName): static
    {
        self::requireTwilioName($clientName);
        $this->incoming = $this->clientName = $clientName;
        return $this;
    }

    public function setClientName(string $clientName): static
    {
        $this->apiKey === null ? self::requireTwilioName($clientName) : self::require($clientName);
        $this->clientName = $clientName;
        return $this;
    }

    public function allowClientOutgoing(string $appSid, array $appParams = []): static
    {
        self::require($appSid);
        $this->params = self::pairs($appParams);
        $this->application = $appSid;
        return $this;
    }

    public function allowEventStream(array $filters = []): static
    {
        $pairs = self::pairs($filters);
        $this->support($this->apiKey === null);
        $this->filters = $pairs;
        return $this;
    }

    public function addClaim(string $name, mixed $value): static
    {
        $reserved = ['scope', 'iss', 'exp', 'nbf', 'iat'];
        if ($this->apiKey !== null) {
            array_push($reserved, 'jti', 'sub', 'grants');
        }
        $json = self::member($name, $value, $reserved);
        $this->claims["n$name"] = $json;
        return $this;
    }

    public function addGrant(string $name, array $grant): static
    {
        if ($grant !== [] && array_is_list($grant)) {
            throw new \InvalidArgumentException();
        }
        // json_encode() would omit "\0a" from an object.
        $object = $grant === [] ? new \stdClass() : $grant;
        $json = self::member($name, $object, ['identity', 'voice']);
        $this->support($this->apiKey !== null);
        $this->grants["n$name"] = $json;
        return $this;
    }

    public function setNotBefore(int|\DateTimeInterface|null $notBefore): static
    {
        $isTime = $notBefore instanceof \DateTimeInterface;
        $seconds = $isTime ? $notBefore->getTimestamp() : (int) $notBefore;
        self::requireTime($seconds);
        $this->notBefore = $seconds;
        return $this;
    }

    public function setRegion(string $region): static
    {
        self::require($region);
        $this->support($this->apiKey !== null);
        $this->region = $region;
        return $this;
    }

    public function setPushCredential(string $pushCredentialSid): static
    {
        self::require($pushCredentialSid);
        $this->support($this->apiKey !== null);
        $this->push = $pushCredentialSid;
        return $this;
    }

    public function generateTokenAt(int $now, int $ttl = 3600): string
    {
        self::requireTime($now);
        if ($ttl < 1 || $ttl > 86400) {
            throw new CaptokenException('', CaptokenException::INVALID_TTL);
        }
        self::requireTime($now + $ttl);
        $header = ['ntyp' => '"JWT"', 'nalg' => '"HS256"'];
        $payload = $this->claims;
        if ($this->apiKey === null) {
            $payload['nscope'] = self::quote($this->scope());
            $payload['niss'] = self::quote($this->account);
        } else {
            $header['ncty'] = '"twilio-fpa;v=1"';
            if ($this->region !== null) {
                $header['ntwr'] = self::quote($this->region);
            }
            $payload['njti'] = self::quote("$this->apiKey-$now");
            $payload['niss'] = self::quote($this->apiKey);
            $payload['nsub'] = self::quote($this->account);
        }
        $payload['nexp'] = (string) ($now + $ttl);
        if ($this->notBefore !== 0) {
            $payload['nnbf'] = (string) $this->notBefore;
        }
        if ($this->apiKey !== null) {
            $payload['ngrants'] = $this->allGrants();
        }
        return self::sign(self::object($header), self::object($payload), $this->secret);
    }

    public static function checkClientName(string $clientName): void
    {
        self::require($clientName);
        if (preg_match('/^[A-Za-z0-9_]{1,256}$/D', $clientName) !== 1) {
            throw new CaptokenException('', CaptokenException::INVALID_CLIENT_NAME);
        }
    }

    public static function verify(string $token, string $secret, int $now, int $leeway = 0): array
    {
        if ($leeway < 0 || $leeway > 86400 || str_contains($secret, "\0")) {
            throw new \InvalidArgumentException();
        }
        if (str_contains($token, "\0")) {
            throw new TokenMalformedException('', CaptokenException::TOKEN_MALFORMED);
        }
        if (preg_match('//u', $token) !== 1) {
            throw new TokenMalformedException('', CaptokenException::INVALID_UTF8);
        }
        self::require($secret);
        self::requireTime($now);
        $payload = self::signedPayload($token, $secret);
        try {
            self::requireValid($payload, $now);
        } catch (TokenExpiredException | TokenNotYetValidException $e) {
            $again = $e instanceof TokenExpiredException ? max(0, $now - $leeway) : $now + $leeway;
            if ($again > self::LAST_TIME) {
                throw $e;
            }
            try {
                self::requireValid($payload, $again);
            } catch (TokenExpiredException | TokenNotYetValidException) {
                throw $e;
            }
        }
        return json_decode($payload, true, 512, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
    }

    public static function sign(string $header, string $payload, string $secret): string
    {
        $input = self::base64url($header) . '.' . self::base64url($payload);
        return "$input." . self::base64url(hash_hmac('sha256', $input, $secret, true));
    }

    private static function base64url(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }

    private static function require(string $string): void
    {
        if (str_contains($string, "\0")) {
            throw new \InvalidArgumentException();
        }
        if (preg_match('//u', $string) !== 1) {
            throw new CaptokenException('', CaptokenException::INVALID_UTF8);
        }
        if ($string === '') {
            throw new CaptokenException('', CaptokenException::EMPTY_ARGUMENT);
        }
    }

    private static function requireTwilioName(string $clientName): void
    {
        if (preg_match('/^[A-Za-z0-9_]+$/D', $clientName) !== 1) {
            throw new \InvalidArgumentException();
        }
    }

    private static function requireTime(int $time): void
    {
        if ($time < 0 || $time > self::LAST_TIME) {
            throw new CaptokenException('', CaptokenException::INVALID_TIME);
        }
    }

    private function support(bool $isSupported): void
    {
        if (!$isSupported) {
            throw new CaptokenException('', CaptokenException::UNSUPPORTED);
        }
    }

    /** @return list<array{string, string}> */
    private static function pairs(array $named): array
    {
        $pairs = [];
        foreach ($named as $name => $value) {
            if (str_contains((string) $name, "\0")) {
                throw new \InvalidArgumentException();
            }
            foreach (is_array($value) && array_is_list($value) ? $value : [$value] as $single) {
                $pairs[] = [(string) $name, self::string($single)];
            }
        }
        foreach ($pairs as $pair) {
            if (preg_match('//u', $pair[0]) !== 1 || preg_match('//u', $pair[1]) !== 1) {
                throw new CaptokenException('', CaptokenException::INVALID_UTF8);
            }
        }
        return $pairs;
    }

    private static function string(mixed $value): string
    {
        if (is_bool($value)) {
            return $value ? '1' : '0';
        }
        if (is_int($value) || is_float($value) && is_finite($value)) {
            return json_encode($value);
        }
        if (!is_string($value) || str_contains($value, "\0")) {
            throw new \InvalidArgumentException();
        }
        return $value;
    }

    /**
     * @param list<string> $reserved
     * @return string the value as JSON
     */
    private static function member(string $name, mixed $value, array $reserved): string
    {
        if (str_contains($name, "\0")) {
            throw new \InvalidArgumentException();
        }
        $json = json_encode($value, self::JSON, 127);
        self::require($name);
        if (in_array($name, $reserved, true)) {
            throw new CaptokenException('', CaptokenException::RESERVED_NAME);
        }
        return $json;
    }

    private static function quote(string $string): string
    {
        return json_encode($string, self::JSON);
    }

    /** @param array<string, string> $members JSON by name with a prefix */
    private static function object(array $members): string
    {
        $json = [];
        foreach ($members as $name => $value) {
            $json[] = self::quote(substr($name, 1)) . ":$value";
        }
        return '{' . implode(',', $json) . '}';
    }

    private function scope(): string
    {
        $scopes = [];
        if ($this->incoming !== null) {
            $scopes[] = 'scope:client:incoming?clientName=' . rawurlencode($this->incoming);
        }
        if ($this->application !== null) {
            $name = $this->clientName;
            $scopes[] = 'scope:client:outgoing?appSid=' . rawurlencode($this->application)
                . ($this->params === [] ? '' : '&appParams=' . self::form($this->params))
                . ($name === null ? '' : '&clientName=' . rawurlencode($name));
        }
        if ($this->filters !== null) {
            $scopes[] = 'scope:stream:subscribe?path=%2F2010-04-01%2FEvents'
                . ($this->filters === [] ? '' : '&params=' . self::form($this->filters));
        }
        return implode(' ', $scopes);
    }

    /** @param list<array{string, string}> $pairs */
    private static function form(array $pairs): string
    {
        $encoded = [];
        foreach ($pairs as [$key, $value]) {
            $encoded[] = rawurlencode($key) . '=' . rawurlencode($value);
        }
        return rawurlencode(implode('&', $encoded));
    }

    private function allGrants(): string
    {
        $grants = $voice = [];
        if ($this->incoming !== null) {
            $voice['nincoming'] = '{"allow":true}';
        }
        if ($this->application !== null) {
            $outgoing = ['napplication_sid' => self::quote($this->application)];
            $params = [];
            foreach ($this->params as [$name, $value]) {
                $params["n$name"] = self::quote($value);
            }
            if ($params !== []) {
                $outgoing['nparams'] = self::object($params);
            }
            $voice['noutgoing'] = self::object($outgoing);
        }
        if ($this->push !== null) {
            $voice['npush_credential_sid'] = self::quote($this->push);
        }
        if ($this->clientName !== null) {
            $grants['nidentity'] = self::quote($this->clientName);
        }
        if ($voice !== []) {
            $grants['nvoice'] = self::object($voice);
        }
        return self::object($grants + $this->grants);
    }

    private static function signedPayload(string $token, string $secret): string
    {
        $malformed = new TokenMalformedException('', CaptokenException::TOKEN_MALFORMED);
        $parts = explode('.', $token);
        $decode = static fn (string $part): string => base64_decode(strtr($part, '-_', '+/'));
        $decoded = array_map($decode, $parts);
        // Also finds padding, other characters, and bits that are not 0.
        if (count($parts) !== 3 || array_map(self::base64url(...), $decoded) !== $parts) {
            throw $malformed;
        }
        $members = self::members($decoded[0], ['alg', 'typ', 'crit']) ?? throw $malformed;
        $typ = isset($members['typ']) ? json_decode($members['typ']) : 'JWT';
        if (isset($members['crit']) || !is_string($typ) || strcasecmp($typ, 'JWT') !== 0) {
            throw $malformed;
        }
        if (json_decode($members['alg'] ?? 'null') !== 'HS256') {
            throw new TokenAlgorithmException('', CaptokenException::TOKEN_ALGORITHM);
        }
        if (self::sign($decoded[0], $decoded[1], $secret) !== $token) {
            throw new TokenSignatureException('', CaptokenException::TOKEN_SIGNATURE);
        }
        return $decoded[1];
    }

    private static function requireValid(string $payload, int $now): void
    {
        $malformed = new TokenMalformedException('', CaptokenException::TOKEN_MALFORMED);
        $members = self::members($payload, ['exp', 'nbf']) ?? throw $malformed;
        if ($now >= self::time($members['exp'] ?? 'null')) {
            throw new TokenExpiredException('', CaptokenException::TOKEN_EXPIRED);
        }
        if (isset($members['nbf']) && $now < self::time($members['nbf'])) {
            throw new TokenNotYetValidException('', CaptokenException::TOKEN_NOT_YET_VALID);
        }
    }

    private static function time(string $json): float
    {
        $text = $json[0] === '"' ? json_decode($json) : $json;
        $isTime = preg_match($text === $json ? '/^[-0-9]/' : '/^[0-9]{1,20}$/D', $text);
        if ($isTime !== 1 || strlen($json) > 1000 || !is_finite((float) $text)) {
            throw new TokenMalformedException('', CaptokenException::TOKEN_MALFORMED);
        }
        return (float) $text;
    }

    /**
     * Returns the JSON of members of an object, by name.
     *
     * @param list<string> $wanted
     * @return array<string, string>|null null if it is no object, or if a wanted one repeats
     */
    private static function members(string $json, array $wanted): ?array
    {
        $isObject = preg_match('~^(?&ws)(?=\{)(?&value)(?&ws)$' . self::GRAMMAR . '~D', $json);
        if ($isObject === false) {
            throw new \LogicException('PCRE: ' . preg_last_error_msg());
        }
        // It also finds deep nesting, unpaired surrogates and other text than UTF-8.
        if ($isObject === 0 || json_decode($json, true, 129) === null) {
            return null;
        }
        $inside = substr(trim($json, " \t\r\n"), 1, -1);
        $member = '~(?<key>(?&string))(?&ws):(?&ws)(?<json>(?&value))' . self::GRAMMAR . '~';
        preg_match_all($member, $inside, $found);
        $members = [];
        foreach ($found['key'] as $i => $key) {
            $name = json_decode($key);
            if (in_array($name, $wanted, true)) {
                if (isset($members[$name])) {
                    return null;
                }
                $members[$name] = $found['json'][$i];
            }
        }
        return $members;
    }
}
