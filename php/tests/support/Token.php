<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\Assert;

/**
 * A token that is read without the library.
 *
 * The class uses hash_hmac() and splits the strings itself: parse_str() would change names.
 */
final class Token
{
    /**
     * @param array<string, mixed> $header
     * @param array<string, mixed> $claims
     * @param string $payload the claims as JSON
     */
    private function __construct(
        public readonly array $header,
        public readonly array $claims,
        public readonly string $payload,
    ) {
    }

    /** Reads a token, and fails the test unless it is signed with this secret. */
    public static function read(string $token, string $secret): self
    {
        $parts = explode('.', $token);
        Assert::assertCount(3, $parts, $token);
        [$header, $payload, $signature] = array_map(self::base64url(...), $parts);
        $expected = hash_hmac('sha256', "$parts[0].$parts[1]", $secret, true);
        Assert::assertSame(bin2hex($expected), bin2hex($signature), 'the signature');
        Assert::assertSame(1, preg_match('/\A[\x20-\x7e]*\z/', $payload), 'the payload is ASCII');
        return new self(
            json_decode($header, true, 512, JSON_THROW_ON_ERROR),
            json_decode($payload, true, 512, JSON_THROW_ON_ERROR),
            $payload,
        );
    }

    /**
     * Returns the scopes sorted by name, and the keys of each sorted.
     *
     * Neither order has a meaning. Parameters and filters keep their order.
     *
     * @return list<array{name: string, query: list<array{string, string}>, params: list<array{string, string}>}>
     */
    public function scopes(): array
    {
        $claim = $this->claims['scope'];
        Assert::assertIsString($claim);
        $scopes = [];
        foreach ($claim === '' ? [] : explode(' ', $claim) as $string) {
            [$name, $query] = explode('?', $string, 2);
            $scopes[] = self::scope($name, self::form($query));
        }
        sort($scopes);
        return $scopes;
    }

    /**
     * Returns one scope in the form of scopes().
     *
     * @param list<array{string, string|list<array{string, string}>}> $query with the
     *     parameters as a string or as pairs
     * @return array{name: string, query: list<array{string, string}>, params: list<array{string, string}>}
     */
    public static function scope(string $name, array $query): array
    {
        $params = [];
        $others = [];
        foreach ($query as [$key, $value]) {
            if (in_array($key, ['appParams', 'params'], true)) {
                array_push($params, ...(is_string($value) ? self::form($value) : $value));
            } else {
                $others[] = [$key, $value];
            }
        }
        sort($others);
        return ['name' => $name, 'query' => $others, 'params' => $params];
    }

    /**
     * Returns the parameters of the outgoing scope or of the voice grant.
     *
     * @return list<array{string, string}>
     */
    public function params(): array
    {
        if (isset($this->claims['scope'])) {
            return $this->paramsOf('scope:client:outgoing');
        }
        $params = $this->claims['grants']['voice']['outgoing']['params'];
        return array_map(null, array_map(strval(...), array_keys($params)), array_values($params));
    }

    /**
     * Returns the filters of the event stream.
     *
     * @return list<array{string, string}>
     */
    public function filters(): array
    {
        return $this->paramsOf('scope:stream:subscribe');
    }

    /** @return list<array{string, string}> */
    private function paramsOf(string $name): array
    {
        $named = array_filter($this->scopes(), static fn (array $scope): bool => $scope['name'] === $name);
        Assert::assertCount(1, $named);
        return reset($named)['params'];
    }

    /** @return list<array{string, string}> */
    private static function form(string $string): array
    {
        $pairs = [];
        foreach ($string === '' ? [] : explode('&', $string) as $pair) {
            Assert::assertSame(1, substr_count($pair, '='), $pair);
            $pairs[] = array_map(urldecode(...), explode('=', $pair));
        }
        return $pairs;
    }

    private static function base64url(string $string): string
    {
        Assert::assertSame(1, preg_match('/\A[A-Za-z0-9_-]+\z/', $string), $string);
        $bytes = base64_decode(strtr($string, '-_', '+/'), true);
        Assert::assertIsString($bytes, $string);
        return $bytes;
    }
}
