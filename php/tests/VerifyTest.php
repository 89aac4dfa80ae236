<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Capability;
use Captoken\CaptokenException;
use Captoken\InvalidTokenException;
use Captoken\TokenAlgorithmException;
use Captoken\TokenExpiredException;
use Captoken\TokenMalformedException;
use Captoken\TokenNotYetValidException;
use Captoken\TokenSignatureException;
use PHPUnit\Framework\TestCase;

/**
 * Tests which tokens verify() accepts, the payload that it returns, and its exceptions.
 *
 * VectorsTest verifies tokens of Twilio's libraries.
 */
final class VerifyTest extends TestCase
{
    private const NOW = 1400000000;

    private const HEADER = '{"typ":"JWT","alg":"HS256"}';

    private const PAYLOAD = '{"iss":"AC123","exp":1400003600}';

    private const MESSAGES = [
        TokenMalformedException::class => 'the token is malformed',
        TokenAlgorithmException::class => 'the token is not signed with HS256',
        TokenSignatureException::class => "the token's signature does not match",
        TokenExpiredException::class => 'the token has expired',
        TokenNotYetValidException::class => 'the token is not valid yet',
    ];

    private const CODES = [
        TokenMalformedException::class => CaptokenException::TOKEN_MALFORMED,
        TokenAlgorithmException::class => CaptokenException::TOKEN_ALGORITHM,
        TokenSignatureException::class => CaptokenException::TOKEN_SIGNATURE,
        TokenExpiredException::class => CaptokenException::TOKEN_EXPIRED,
        TokenNotYetValidException::class => CaptokenException::TOKEN_NOT_YET_VALID,
    ];

    public function testEveryFindingHasItsExceptionClass(): void
    {
        foreach (self::CODES as $class => $code) {
            $exception = CaptokenException::of($code, 'message');
            self::assertSame($class, $exception::class);
            self::assertInstanceOf(CaptokenException::class, $exception);
            self::assertInstanceOf(InvalidTokenException::class, $exception);
            self::assertSame([$code, 'message'], [$exception->getCode(), $exception->getMessage()]);
        }
        foreach (array_diff((new \ReflectionClass(CaptokenException::class))->getConstants(), self::CODES) as $code) {
            $exception = CaptokenException::of($code, 'message');
            self::assertSame([CaptokenException::class, $code], [$exception::class, $exception->getCode()]);
        }
    }

    /** A wrong token comes from outside; a wrong secret is an error of the program. */
    public function testTokenWithInvalidBytesIsMalformed(): void
    {
        $valid = self::sign(self::HEADER, self::PAYLOAD);
        foreach (["\xff", "$valid\xc3", "\0", "$valid\0"] as $token) {
            try {
                Capability::verify($token, 'secret', self::NOW);
                self::fail('the token is valid');
            } catch (InvalidTokenException $e) {
                $expected = str_contains($token, "\0")
                    ? [CaptokenException::TOKEN_MALFORMED, 'the token contains a NUL byte']
                    : [CaptokenException::INVALID_UTF8, 'the token: a string is not valid UTF-8'];
                self::assertSame($expected, [$e->getCode(), $e->getMessage()]);
                self::assertInstanceOf(TokenMalformedException::class, $e);
            }
        }
        $codes = ["\xff" => CaptokenException::INVALID_UTF8, '' => CaptokenException::EMPTY_ARGUMENT];
        foreach ($codes as $secret => $code) {
            try {
                Capability::verify($valid, (string) $secret, self::NOW);
                self::fail('the secret is accepted');
            } catch (CaptokenException $e) {
                self::assertNotInstanceOf(InvalidTokenException::class, $e);
                self::assertSame($code, $e->getCode());
            }
        }
    }

    public function testTokenIsInvalidFromItsExpiryOn(): void
    {
        $token = (new Capability('AC123', 'secret'))->generateTokenAt(self::NOW, 600);
        $payload = ['scope' => '', 'iss' => 'AC123', 'exp' => self::NOW + 600];
        foreach ([0, self::NOW, self::NOW + 599] as $now) {
            self::assertSame($payload, Capability::verify($token, 'secret', $now));
        }
        foreach ([self::NOW + 600, self::NOW + 601, 2 ** 53 - 1] as $now) {
            self::assertFinds(TokenExpiredException::class, $token, 'secret', $now);
        }
    }

    public function testTokenIsValidFromNotBeforeOn(): void
    {
        $token = (new Capability('AC123', 'secret'))->setNotBefore(self::NOW)->generateTokenAt(self::NOW, 600);
        self::assertSame(self::NOW, Capability::verify($token, 'secret', self::NOW)['nbf']);
        foreach ([self::NOW - 1, 0] as $now) {
            self::assertFinds(TokenNotYetValidException::class, $token, 'secret', $now);
        }
    }

    public function testLeewayExtendsValidityInBothDirections(): void
    {
        $token = (new Capability('AC123', 'secret'))->setNotBefore(1100)->generateTokenAt(1000, 600);
        $finds = static function (int $now, int $leeway) use ($token): string {
            try {
                return Capability::verify($token, 'secret', $now, leeway: $leeway)['iss'];
            } catch (InvalidTokenException $e) {
                return $e::class;
            }
        };
        $outside = [TokenNotYetValidException::class, TokenExpiredException::class];
        foreach ([0, 1, 2, 60, 499] as $leeway) {
            self::assertSame($outside[0], $finds(1100 - $leeway - 1, $leeway));
            foreach ([1100 - $leeway, 1100, 1599, 1599 + $leeway] as $now) {
                self::assertSame('AC123', $finds($now, $leeway));
            }
            self::assertSame($outside[1], $finds(1600 + $leeway, $leeway));
        }
        // A time before 1970 counts as 1970, and one that is too late changes nothing.
        self::assertSame($outside[1], $finds(80000, 86400));
        self::assertSame($outside[0], $finds(50, 86400));
        $late = self::sign(self::HEADER, '{"exp":9007199254740993,"nbf":9007199254740991}');
        self::assertFinds($outside[0], $late, 'secret', 2 ** 53 - 2, leeway: 60);
        // The first reason counts if the token lives shorter than the leeway.
        $brief = self::sign(self::HEADER, '{"exp":1110,"nbf":1100}');
        self::assertFinds($outside[0], $brief, 'secret', 1099, leeway: 60);
        self::assertFinds($outside[1], $brief, 'secret', 1110, leeway: 60);
    }

    public function testLeewayDefaultsToNoneAndChangesNoOtherReason(): void
    {
        $time = time();
        $token = self::sign(self::HEADER, sprintf('{"exp":%d,"nbf":%d}', $time + 3600, $time + 30));
        self::assertFinds(TokenNotYetValidException::class, $token, 'secret');
        self::assertSame($time + 30, Capability::verify($token, 'secret', leeway: 60)['nbf']);
        self::assertFinds(TokenSignatureException::class, $token, 'another', leeway: 60);
        self::assertFinds(TokenMalformedException::class, 'x', 'secret', leeway: 60);
        // Malformed times are found at the second time, too.
        $malformed = self::sign(self::HEADER, '{"exp":1400000000,"nbf":"never"}');
        self::assertFinds(TokenMalformedException::class, $malformed, 'secret', self::NOW, leeway: 60);
    }

    public function testLeewayOutOfRangeIsRefusedByName(): void
    {
        $token = self::sign(self::HEADER, self::PAYLOAD);
        Capability::verify($token, 'secret', self::NOW, 86400);
        foreach ([-1, 86401, PHP_INT_MIN, PHP_INT_MAX] as $leeway) {
            try {
                Capability::verify($token, 'secret', self::NOW, $leeway);
                self::fail("$leeway is accepted");
            } catch (\InvalidArgumentException $e) {
                self::assertSame('the leeway is not between 0 and 86400 seconds', $e->getMessage());
            }
        }
    }

    public function testTimeDefaultsToNow(): void
    {
        $capability = new Capability('AC123', 'secret');
        foreach ([[], [null]] as $now) {
            $token = $capability->generateToken(60);
            self::assertSame('AC123', Capability::verify($token, 'secret', ...$now)['iss']);
            self::assertFinds(TokenExpiredException::class, $capability->generateTokenAt(time() - 60, 60), 'secret');
            $later = (new Capability('AC123', 'secret'))->setNotBefore(time() + 3000)->generateToken();
            self::assertFinds(TokenNotYetValidException::class, $later, 'secret');
        }
    }

    /**
     * @dataProvider forgeries
     * @param class-string<CaptokenException> $class
     */
    public function testForgeryIsRefusedAndNotShown(string $token, string $class): void
    {
        // The token from which the forgeries are made is valid.
        Capability::verify(self::sign(self::HEADER, self::PAYLOAD), 'secret', self::NOW);
        self::assertFinds($class, $token, 'secret', self::NOW);
    }

    /** @return array<string, array{string, class-string<CaptokenException>}> */
    public static function forgeries(): array
    {
        $malformed = TokenMalformedException::class;
        $algorithm = TokenAlgorithmException::class;
        $signature = TokenSignatureException::class;
        $valid = self::sign(self::HEADER, self::PAYLOAD);
        [$header, $payload, $mac] = explode('.', $valid);
        $with = static fn (string $header): string => self::sign($header, self::PAYLOAD);
        $claiming = static fn (string $payload): string => self::sign(self::HEADER, $payload);
        $none = self::base64url('{"typ":"JWT","alg":"none"}');
        return [
            'alg none, not signed' => ["$none.$payload.", $algorithm],
            'alg none, signed' => [$with('{"typ":"JWT","alg":"none"}'), $algorithm],
            'alg None' => [$with('{"alg":"None"}'), $algorithm],
            'alg hs256' => [$with('{"alg":"hs256"}'), $algorithm],
            'alg HS512' => [self::sign('{"typ":"JWT","alg":"HS512"}', self::PAYLOAD, 'sha512'), $algorithm],
            'alg HS512, signed with HS256' => [$with('{"typ":"JWT","alg":"HS512"}'), $algorithm],
            'alg RS256' => [$with('{"typ":"JWT","alg":"RS256"}'), $algorithm],
            'alg null' => [$with('{"alg":null}'), $algorithm],
            'no alg' => [$with('{"typ":"JWT"}'), $algorithm],
            'alg twice' => [$with('{"alg":"HS256","alg":"HS256"}'), $malformed],
            'crit' => [$with('{"alg":"HS256","crit":["exp"]}'), $malformed],
            'another typ' => [$with('{"typ":"JWE","alg":"HS256"}'), $malformed],
            'a header that is a list' => [$with('["HS256"]'), $malformed],
            'a padded header' => ["$header=.$payload.$mac", $malformed],
            'a padded payload' => ["$header.$payload=.$mac", $malformed],
            'a padded signature' => ["$valid=", $malformed],
            'a line break' => ["$valid\n", $malformed],
            'a space before' => [" $valid", $malformed],
            'an empty string' => ['', $malformed],
            'two dots' => ['..', $malformed],
            'no signature' => ["$header.$payload", $malformed],
            'no dot' => [str_replace('.', '', $valid), $malformed],
            'an additional part' => ["$valid.", $malformed],
            'an additional part before' => [".$valid", $malformed],
            'another alphabet' => ["$header.$payload." . str_pad('', 43, '+'), $malformed],
            'an empty signature' => ["$header.$payload.", $signature],
            'a signature cut short' => [substr($valid, 0, -3), $signature],
            'a flipped signature' => [
                "$header.$payload." . ($mac[0] === 'A' ? 'B' : 'A') . substr($mac, 1),
                $signature,
            ],
            'a signature with more bytes' => [
                "$header.$payload." . self::base64url(hash_hmac('sha256', "$header.$payload", 'secret', true) . 'x'),
                $signature,
            ],
            'another payload' => [
                "$header." . self::base64url('{"iss":"AC124","exp":1400003600}') . ".$mac",
                $signature,
            ],
            'a payload that has expired, not signed' => [
                "$header." . self::base64url('{"exp":1}') . ".$mac",
                $signature,
            ],
            'no expiry' => [$claiming('{"iss":"AC123"}'), $malformed],
            'expiry null' => [$claiming('{"exp":null}'), $malformed],
            'expiry that is not a number' => [$claiming('{"exp":"soon"}'), $malformed],
            'two expiries' => [$claiming('{"exp":1,"exp":1400003600}'), $malformed],
            'a payload that is not JSON' => [$claiming('exp=1400003600'), $malformed],
            'a payload that is a list' => [$claiming('[{"exp":1400003600}]'), $malformed],
            'a payload that is not UTF-8' => [$claiming("{\"exp\":1400003600,\"a\":\"\xff\"}"), $malformed],
            'half a surrogate pair' => [$claiming('{"exp":1400003600,"a":"\ud800"}'), $malformed],
            'expired' => [$claiming('{"exp":1400000000}'), TokenExpiredException::class],
            'expired and not valid yet' => [
                $claiming('{"exp":1400000000,"nbf":1400000001}'),
                TokenExpiredException::class,
            ],
            'not valid yet' => [
                $claiming('{"exp":1400003600,"nbf":1400000001}'),
                TokenNotYetValidException::class,
            ],
        ];
    }

    public function testWrongSecretIsRefusedBeforePayload(): void
    {
        $token = self::sign(self::HEADER, self::PAYLOAD);
        foreach (['Secret', 'secret ', 'secre', str_repeat('x', 1000)] as $secret) {
            self::assertFinds(TokenSignatureException::class, $token, $secret, self::NOW);
            self::assertFinds(TokenSignatureException::class, $token, $secret, 1500000000);
            self::assertFinds(TokenSignatureException::class, self::sign(self::HEADER, 'x'), $secret, self::NOW);
        }
    }

    /**
     * PHP's json_decode() must read every payload that the library accepts.
     *
     * @dataProvider claims
     */
    public function testEveryClaimOfValidTokenIsReturned(string $member, string|int $name, mixed $value): void
    {
        foreach (["{\"exp\":1400003600,$member}", " {\n$member\t, \"exp\" : 1400003600 }\r\n"] as $payload) {
            $claims = Capability::verify(self::sign(self::HEADER, $payload), 'secret', self::NOW);
            self::assertSame(1400003600, $claims['exp']);
            self::assertCount(2, $claims);
            self::assertSame($value, $claims[$name]);
        }
    }

    /** @return array<string, array{string, string|int, mixed}> */
    public static function claims(): array
    {
        $deep = static function (int $depth): mixed {
            $value = 1;
            for ($i = 0; $i < $depth; $i++) {
                $value = $i % 2 === 0 ? [$value] : ['' => $value];
            }
            return $value;
        };
        return [
            'an empty name' => ['"":1', '', 1],
            'the name NUL' => ['"\u0000a":1', "\0a", 1],
            'a name of digits' => ['"7":1', 7, 1],
            'a name twice' => ['"a":1,"\u0061":2', 'a', 2],
            'sub twice' => ['"sub":"a","sub":"b"', 'sub', 'b'],
            'sub twice, then null' => ['"sub":"a","sub":null', 'sub', null],
            'scope twice' => ['"scope":"x y","scope":"z"', 'scope', 'z'],
            'grants twice' => [
                '"grants":{"identity":"a","voice":{"incoming":{"allow":true}}},"grants":{"voice":{"endpoint_id":"b"}}',
                'grants',
                ['voice' => ['endpoint_id' => 'b']],
            ],
            'an object twice' => ['"a":{"x":1},"a":{"y":2}', 'a', ['y' => 2]],
            'a nested name twice' => ['"a":{"x":{"z":1},"x":{"y":2}}', 'a', ['x' => ['y' => 2]]],
            'Exp' => ['"Exp":1', 'Exp', 1],
            'NBF' => ['"NBF":1500000000', 'NBF', 1500000000],
            'SCOPE' => ['"SCOPE":"x"', 'SCOPE', 'x'],
            'PHP_INT_MAX' => ['"a":9223372036854775807', 'a', PHP_INT_MAX],
            'PHP_INT_MIN' => ['"a":-9223372036854775808', 'a', PHP_INT_MIN],
            'an int too large' => ['"a":9223372036854775808', 'a', '9223372036854775808'],
            'an int too small' => ['"a":-9223372036854775809', 'a', '-9223372036854775809'],
            'a very long int' => ['"a":1' . str_repeat('0', 5000), 'a', '1' . str_repeat('0', 5000)],
            'a float too large' => ['"a":1e400', 'a', INF],
            'a float too small' => ['"a":-1E+400', 'a', -INF],
            'a float that rounds to zero' => ['"a":1e-400', 'a', 0.0],
            'an exponent of many digits' => ['"a":[1e99999999999999999999,1e-99999999999999999999]', 'a', [INF, 0.0]],
            'a whole float' => ['"a":1.0', 'a', 1.0],
            'minus zero' => ['"a":-0.0', 'a', -0.0],
            'minus zero as an int' => ['"a":-0', 'a', 0],
            'an expiry in a list' => ['"a":[{"exp":null,"nbf":"never"}]', 'a', [['exp' => null, 'nbf' => 'never']]],
            'objects and lists' => ['"a":{"b":{},"c":[],"d":[true,false,null]}', 'a', [
                'b' => [],
                'c' => [],
                'd' => [true, false, null],
            ]],
            'UTF-8' => ["\"\u{e9}\":\"\u{1f600}\u{ffff}\u{7f}\u{feff}\"", "\u{e9}", "\u{1f600}\u{ffff}\u{7f}\u{feff}"],
            'escapes' => ['"a":"\ud83d\ude00\uFFFF\u0000\/\b"', 'a', "\u{1f600}\u{ffff}\0/\x08"],
            'long' => ['"a":"' . str_repeat('x', 1 << 20) . '"', 'a', str_repeat('x', 1 << 20)],
            'wide' => ['"a":[' . str_repeat('[],', 20000) . '1]', 'a', [...array_fill(0, 20000, []), 1]],
            'the deepest nesting' => ['"a":' . json_encode($deep(128)), 'a', $deep(128)],
        ];
    }

    public function testPayloadNested130LevelsDeepIsMalformed(): void
    {
        // The payload object itself is one more level.
        foreach ([129, 512, 100000] as $depth) {
            $payload = '{"exp":1400003600,"a":' . str_repeat('[', $depth) . str_repeat(']', $depth) . '}';
            self::assertFinds(
                TokenMalformedException::class,
                self::sign(self::HEADER, $payload),
                'secret',
                self::NOW,
            );
        }
    }

    public function testFractionalAndStringTimesAreReturnedUnchanged(): void
    {
        foreach (
            [
                '1400003600.5' => 1400003600.5,
                '1.4000036e9' => 1.4000036e9,
                '"1400003600"' => '1400003600',
            ] as $json => $exp
        ) {
            $token = self::sign(self::HEADER, "{\"exp\":$json,\"nbf\":$json}");
            self::assertFinds(TokenNotYetValidException::class, $token, 'secret', self::NOW);
            self::assertFinds(TokenExpiredException::class, $token, 'secret', 1400003601);
            $token = self::sign(self::HEADER, "{\"exp\":$json}");
            self::assertSame(['exp' => $exp], Capability::verify($token, 'secret', self::NOW));
        }
    }

    public function testPayloadsOfEveryLengthAreReturnedWhole(): void
    {
        for ($i = 0; $i < 300; $i++) {
            $payload = sprintf('{"exp":1400003600,"a":"%s"}', str_repeat('x', $i));
            $claims = Capability::verify(self::sign('{"alg":"HS256"}', $payload), 'secret', self::NOW);
            self::assertSame(['exp' => 1400003600, 'a' => str_repeat('x', $i)], $claims);
        }
    }

    public function testSubclassVerifiesAsItsParent(): void
    {
        $class = new class ('AC123', 'secret') extends Capability {
        };
        $token = $class->generateTokenAt(self::NOW);
        self::assertSame('AC123', $class::verify($token, 'secret', self::NOW)['iss']);
    }

    /** Signs a token with PHP's functions. */
    private static function sign(string $header, string $payload, string $algorithm = 'sha256'): string
    {
        $input = self::base64url($header) . '.' . self::base64url($payload);
        return "$input." . self::base64url(hash_hmac($algorithm, $input, 'secret', true));
    }

    private static function base64url(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }

    /**
     * Asserts a finding, whose message is constant and so shows nothing of the token.
     *
     * @param class-string<CaptokenException> $class
     */
    private static function assertFinds(
        string $class,
        string $token,
        string $secret,
        ?int $now = null,
        int $leeway = 0,
    ): void {
        try {
            Capability::verify($token, $secret, $now, $leeway);
        } catch (CaptokenException $e) {
            self::assertSame(
                [$class, self::CODES[$class], self::MESSAGES[$class]],
                [$e::class, $e->getCode(), $e->getMessage()],
            );
            return;
        }
        self::fail("valid: $token");
    }
}
