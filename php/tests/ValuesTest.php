<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Capability;
use Captoken\CaptokenException;
use PHPUnit\Framework\TestCase;

/** Tests which strings, parameters and filters are accepted, and how they arrive. */
final class ValuesTest extends TestCase
{
    private const NOW = 1400000000;

    /** A stray byte, an overlong NUL, a surrogate, a code point too large, Latin-1. */
    private const NOT_UTF8 = ["\xff", "a\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "caf\xe9"];

    protected function tearDown(): void
    {
        Capability::configure(null, null);
        ini_restore('serialize_precision');
        ini_restore('precision');
    }

    /**
     * @dataProvider scalars
     */
    public function testScalarArrivesAsString(string|int|float|bool $value, string $string): void
    {
        self::assertSame([['key', $string]], self::arriving(['key' => $value]));
        self::assertSame([['key', $string], ['key', $string]], self::arriving(['key' => [$value, $value]]));
    }

    /** @return array<string, array{string|int|float|bool, string}> */
    public static function scalars(): array
    {
        return [
            'int' => [42, '42'],
            'int 0' => [0, '0'],
            'negative int' => [-7, '-7'],
            'PHP_INT_MAX' => [PHP_INT_MAX, '9223372036854775807'],
            'PHP_INT_MIN' => [PHP_INT_MIN, '-9223372036854775808'],
            'true' => [true, '1'],
            'false' => [false, '0'],
            'string 0' => ['0', '0'],
            'empty string' => ['', ''],
            'space' => [' ', ' '],
        ];
    }

    /**
     * @dataProvider floats
     */
    public function testFloatArrivesWithShortestExactDigits(float $value, string $string): void
    {
        self::assertSame([['key', $string]], self::arriving(['key' => $value]));
        self::assertSame($value, (float) $string);
        ini_set('serialize_precision', '-1');
        self::assertSame(json_encode($value), $string);
    }

    /**
     * @dataProvider floats
     */
    public function testPrecisionSettingsDoNotChangeFloats(float $value, string $string): void
    {
        ini_set('serialize_precision', '5');
        ini_set('precision', '3');
        self::assertSame('0.33333', json_encode(1 / 3), 'the settings have an effect');
        self::assertSame('0.333', (string) (1 / 3), 'the settings have an effect');
        self::assertSame([['key', $string]], self::arriving(['key' => $value]));
    }

    /** @return array<string, array{float, string}> */
    public static function floats(): array
    {
        return [
            '0.1' => [0.1, '0.1'],
            '0.1 + 0.2' => [0.1 + 0.2, '0.30000000000000004'],
            '10.0' => [10.0, '10'],
            '-0.0' => [-0.0, '-0'],
            '-2.5' => [-2.5, '-2.5'],
            '1/3' => [1 / 3, '0.3333333333333333'],
            '1e15' => [1e15, '1000000000000000'],
            '1e18' => [1e18, '1.0e+18'],
            '1e25' => [1e25, '1.0e+25'],
            '1.5e-7' => [1.5e-7, '1.5e-7'],
            'the smallest float' => [5e-324, '5.0e-324'],
            'the largest float' => [PHP_FLOAT_MAX, '1.7976931348623157e+308'],
        ];
    }

    public function testIntegerKeysArriveAsStrings(): void
    {
        // PHP turns '7', true and 1.5 into ints when they are keys.
        self::assertSame(
            [['7', 'a'], ['-3', 'b'], ['007', 'c'], ['', 'd'], ['0', 'e']],
            self::arriving(['7' => 'a', -3 => 'b', '007' => 'c', '' => 'd', 0 => 'e']),
        );
        self::assertSame([['0', 'x'], ['1', 'y']], self::arriving(['x', 'y']));
    }

    public function testListRepeatsItsKeyInPlace(): void
    {
        self::assertSame(
            [['a', '1'], ['b', 'x'], ['b', '2'], ['b', '0.5'], ['b', '0'], ['b', ''], ['c', '3']],
            self::arriving(['a' => 1, 'b' => ['x', 2, 0.5, false, ''], 'c' => [3]]),
        );
    }

    public function testEmptyListGivesNoPair(): void
    {
        self::assertSame([['a', '1']], self::arriving(['none' => [], 'a' => 1]));
        self::assertSame(self::minted([]), self::minted(['none' => []]));
        self::assertStringNotContainsString('appParams', Token::read(self::minted([]), 'secret')->claims['scope']);
    }

    public function testEveryAsciiCharacterArrives(): void
    {
        $all = implode('', array_map(chr(...), range(1, 127)));
        $strings = ['a+b', 'a&b', 'a=b', '100%', '%20', '%2526', ' a  b ', "\u{1F600}", 'é', 'a?b#c;d', $all];
        foreach ($strings as $string) {
            self::assertSame([[$string, $string]], self::arriving([$string => $string]));
        }
        $params = array_combine($strings, array_reverse($strings));
        $pairs = array_map(null, $strings, array_reverse($strings));
        self::assertSame($pairs, self::arriving($params));
    }

    public function testLongStringsArriveWhole(): void
    {
        $long = str_repeat('0123456789abcdef', 65536);
        self::assertSame(1 << 20, strlen($long));
        self::assertSame([['key', $long], ['after', '1']], self::arriving(['key' => $long, 'after' => 1]));
        self::assertSame([[$long, 'value'], ['after', '1']], self::arriving([$long => 'value', 'after' => 1]));
        $wide = str_repeat('é', 1 << 19);
        self::assertSame([[$wide, $wide]], self::arriving([$wide => $wide]));
    }

    /** The lengths include those around the size of the usual buffer. */
    public function testTokensOfEveryLengthAreReturned(): void
    {
        $lengths = [];
        for ($i = 500; $i < 800; $i++) {
            $value = str_repeat('v', $i);
            self::assertSame([['key', $value]], self::arriving(['key' => $value]));
            $lengths[] = strlen(self::minted(['key' => $value]));
        }
        foreach ([1023, 1024, 1025] as $length) {
            // Base64 skips every fourth length, in each of the two parts.
            self::assertNotSame([], array_intersect([$length - 1, $length, $length + 1], $lengths));
        }
    }

    /**
     * @dataProvider refusedValues
     */
    public function testValueOfAnotherTypeIsRefused(mixed $value, string $type): void
    {
        $capability = self::kept();
        $before = $capability->generateTokenAt(self::NOW);
        foreach (['itself' => $value, 'in a list' => ['fine', $value]] as $where => $wrong) {
            $pairs = ['first' => 'fine', "k\u{e9}y" => $wrong];
            $calls = [
                'parameter' => static fn () => $capability->allowClientOutgoing('AP2', $pairs),
                'filter' => static fn () => $capability->allowEventStream($pairs),
            ];
            foreach ($calls as $what => $call) {
                try {
                    $call();
                    self::fail("$type is accepted $where");
                } catch (\InvalidArgumentException $e) {
                    self::assertStringContainsString("the $what \"k\\u00e9y\"", $e->getMessage());
                    self::assertStringContainsString("of type $type:", $e->getMessage());
                }
            }
        }
        self::assertSame($before, $capability->generateTokenAt(self::NOW));
    }

    /** @return array<string, array{mixed, string}> */
    public static function refusedValues(): array
    {
        $stringable = new class {
            public function __toString(): string
            {
                return 'string';
            }
        };
        return [
            'null' => [null, 'null'],
            'NAN' => [NAN, 'float'],
            'INF' => [INF, 'float'],
            '-INF' => [-INF, 'float'],
            'array with names' => [['a' => 1], 'array'],
            'array with a gap' => [[1 => 'a'], 'array'],
            'object' => [new \stdClass(), 'stdClass'],
            'Stringable' => [$stringable, 'class@anonymous'],
            'closure' => [static fn (): int => 1, 'Closure'],
            'resource' => [fopen('php://memory', 'r'), 'resource (stream)'],
        ];
    }

    public function testNestedListIsRefused(): void
    {
        foreach ([[['a']], [[]], ['a', ['b']]] as $nested) {
            foreach (
                [
                    static fn () => self::capability()->allowClientOutgoing('AP1', ['key' => $nested]),
                    static fn () => self::capability()->allowEventStream(['key' => $nested]),
                ] as $call
            ) {
                try {
                    $call();
                    self::fail('a nested list is accepted: ' . json_encode($nested));
                } catch (\InvalidArgumentException $e) {
                    self::assertStringContainsString('of type array:', $e->getMessage());
                }
            }
        }
    }

    /**
     * C would read the string up to the NUL: another account, secret or value.
     *
     * @dataProvider nulBytes
     * @param \Closure(Capability): mixed $call
     */
    public function testNulByteIsRefusedAndChangesNothing(\Closure $call, string $what): void
    {
        Capability::configure('ACkept', 'kept');
        $capability = self::kept();
        $before = $capability->generateTokenAt(self::NOW);
        try {
            $call($capability);
            self::fail('a NUL byte is accepted');
        } catch (\InvalidArgumentException $e) {
            self::assertStringContainsString($what, $e->getMessage());
        }
        self::assertSame($before, $capability->generateTokenAt(self::NOW));
        $configured = Token::read((new Capability())->generateTokenAt(self::NOW), 'kept');
        self::assertSame('ACkept', $configured->claims['iss']);
    }

    /** @return array<string, array{\Closure(Capability): mixed, string}> */
    public static function nulBytes(): array
    {
        $sid = 'the account SID contains a NUL byte';
        $token = 'the auth token contains a NUL byte';
        $name = 'the name of the parameter "k\u0000" contains a NUL byte';
        $value = 'the parameter "k" contains a NUL byte';
        $filterName = 'the name of the filter "k\u0000" contains a NUL byte';
        $filter = 'the filter "k" contains a NUL byte';
        $claim = "the claim's name contains a NUL byte";
        $valid = self::minted([]);
        return [
            'account SID' => [static fn () => new Capability("AC1\0", 'secret'), $sid],
            'auth token' => [static fn () => new Capability('AC1', "secret\0"), $token],
            'auth token alone' => [static fn () => new Capability(null, "\0secret"), $token],
            'configured account SID' => [static fn () => Capability::configure("AC\0001", 'secret'), $sid],
            'configured auth token' => [static fn () => Capability::configure('AC1', "sec\0ret"), $token],
            'client name' => [static fn (Capability $c) => $c->allowClientIncoming("Alice\0"), 'may contain only'],
            'application SID' => [
                static fn (Capability $c) => $c->allowClientOutgoing("AP2\0"),
                'the application SID contains a NUL byte',
            ],
            'key' => [static fn (Capability $c) => $c->allowClientOutgoing('AP2', ['a' => 1, "k\0" => 'v']), $name],
            'key of no pair' => [static fn (Capability $c) => $c->allowClientOutgoing('AP2', ["k\0" => []]), $name],
            'value' => [static fn (Capability $c) => $c->allowClientOutgoing('AP2', ['a' => 1, 'k' => "v\0"]), $value],
            'value in a list' => [
                static fn (Capability $c) => $c->allowClientOutgoing('AP2', ['k' => ['fine', "\0v"]]),
                $value,
            ],
            'filter key' => [static fn (Capability $c) => $c->allowEventStream(['a' => 1, "k\0" => 'v']), $filterName],
            'filter key of no pair' => [static fn (Capability $c) => $c->allowEventStream(["k\0" => []]), $filterName],
            'filter value' => [static fn (Capability $c) => $c->allowEventStream(['a' => 1, 'k' => "v\0"]), $filter],
            'filter value in a list' => [
                static fn (Capability $c) => $c->allowEventStream(['k' => ['fine', "\0v"]]),
                $filter,
            ],
            'client name of outgoing calls' => [
                static fn (Capability $c) => $c->setClientName("Alice\0"),
                'may contain only',
            ],
            'claim' => [static fn (Capability $c) => $c->addClaim("kept\0", 1), $claim],
            'claim with a reserved start' => [static fn (Capability $c) => $c->addClaim("iss\0", 1), $claim],
            'claim that is only a NUL' => [static fn (Capability $c) => $c->addClaim("\0", 1), $claim],
            'client name to check' => [
                static fn () => Capability::checkClientName("Alice\0"),
                'the client name contains a NUL byte',
            ],
            'secret to verify with' => [
                static fn () => Capability::verify($valid, "secret\0", self::NOW),
                'the secret contains a NUL byte',
            ],
        ];
    }

    /** These settings of php.ini make the functions of PCRE fail. */
    public function testPcreLimitsLetNothingThrough(): void
    {
        $out = Php::run(<<<'END'
            $capability = new Capability('AC1', 'secret');
            foreach (['a&clientName=x', 'a b', "\u{e9}", "Alice\n"] as $name) {
                foreach (['allowClientIncoming', 'setClientName'] as $method) {
                    try {
                        $capability->$method($name);
                        echo 'accepted: ', $name;
                    } catch (InvalidArgumentException $e) {
                        echo '.';
                    }
                }
            }
            $capability->allowClientIncoming('Alice')->allowClientOutgoing('AP1', ["\u{e9}" => "\u{1f600}"]);
            echo $capability->generateTokenAt(0);
            END, [], ['-d', 'pcre.jit=0', '-d', 'pcre.backtrack_limit=0', '-d', 'pcre.recursion_limit=0']);
        self::assertStringStartsWith('........eyJ', $out);
        self::assertSame([["\u{e9}", "\u{1f600}"]], Token::read(substr($out, 8), 'secret')->params());
    }

    /**
     * @dataProvider strings
     * @param \Closure(Capability, string): mixed $call
     */
    public function testInvalidUtf8IsRefusedWithoutChange(\Closure $call): void
    {
        Capability::configure('ACkept', 'kept');
        $capability = self::kept();
        $before = $capability->generateTokenAt(self::NOW);
        foreach (self::NOT_UTF8 as $string) {
            try {
                $call($capability, $string);
                self::fail('accepted: ' . bin2hex($string));
            } catch (CaptokenException $e) {
                self::assertSame(CaptokenException::INVALID_UTF8, $e->getCode());
                self::assertMatchesRegularExpression(
                    '/\A(the (account SID|auth token|application SID|(parameter|filter) "[^"]*"|claim\'s name'
                        . '|client name|token|secret)): a string is not valid UTF-8\z/',
                    $e->getMessage(),
                );
            }
            self::assertSame($before, $capability->generateTokenAt(self::NOW));
            Token::read((new Capability())->generateTokenAt(self::NOW), 'kept');
        }
    }

    /** @return array<string, array{\Closure(Capability, string): mixed}> */
    public static function strings(): array
    {
        $params = static fn (array $params): \Closure
            => static fn (Capability $c, string $string)
                => $c->allowClientOutgoing('AP2', array_map(
                    static fn ($pair) => $pair === '?' ? $string : $pair,
                    $params,
                ));
        return [
            'account SID' => [static fn ($c, string $string) => new Capability($string, 'secret')],
            'auth token' => [static fn ($c, string $string) => new Capability('AC1', $string)],
            'configured account SID' => [static fn ($c, string $string) => Capability::configure($string, 'secret')],
            'configured auth token' => [static fn ($c, string $string) => Capability::configure('AC1', $string)],
            'application SID' => [static fn (Capability $c, string $string) => $c->allowClientOutgoing($string)],
            'first key' => [
                static fn (Capability $c, string $string) => $c->allowClientOutgoing('AP2', [$string => 'v']),
            ],
            'third key' => [
                static fn (Capability $c, string $string)
                    => $c->allowClientOutgoing('AP2', ['a' => 1, 'b' => 2, $string => 'v']),
            ],
            'first value' => [$params(['k' => '?'])],
            'third value' => [$params(['a' => 1, 'b' => 2, 'c' => '?', 'd' => 4])],
            'value in a list' => [
                static fn (Capability $c, string $string) => $c->allowClientOutgoing('AP2', ['k' => ['fine', $string]]),
            ],
            'first filter key' => [static fn (Capability $c, string $string) => $c->allowEventStream([$string => 'v'])],
            'third filter value' => [
                static fn (Capability $c, string $string)
                    => $c->allowEventStream(['a' => 1, 'b' => 2, 'c' => $string, 'd' => 4]),
            ],
            'filter value in a list' => [
                static fn (Capability $c, string $string) => $c->allowEventStream(['k' => ['fine', $string]]),
            ],
            'claim' => [static fn (Capability $c, string $string) => $c->addClaim($string, 1)],
            'client name to check' => [static fn ($c, string $string) => Capability::checkClientName($string)],
            'token to verify' => [static fn ($c, string $string) => Capability::verify($string, 'secret')],
            'secret to verify with' => [static fn ($c, string $string) => Capability::verify('a.b.c', $string)],
        ];
    }

    public function testClientNamesOutsideTwilioPhpAreRefused(): void
    {
        $capability = self::kept();
        $before = $capability->generateTokenAt(self::NOW);
        foreach (['', '@', 'a b', 'é', "Alice\n", "\nAlice", 'a-b', 'a.b', 'a+b', "\xff", '٣'] as $name) {
            $messages = [];
            foreach (['allowClientIncoming', 'setClientName'] as $method) {
                try {
                    $capability->$method($name);
                    self::fail("$method accepts " . json_encode($name, JSON_INVALID_UTF8_SUBSTITUTE));
                } catch (\InvalidArgumentException $e) {
                    $messages[] = $e->getMessage();
                }
            }
            self::assertStringStartsWith('the client name ', $messages[0]);
            self::assertSame($messages[0], $messages[1]);
            self::assertSame($before, $capability->generateTokenAt(self::NOW));
        }
    }

    public function testClientNameZeroIsAccepted(): void
    {
        $capability = self::capability()->allowClientIncoming('0')->allowClientOutgoing('AP1');
        $scopes = Token::read($capability->generateTokenAt(self::NOW), 'secret')->scopes();
        self::assertSame([['clientName', '0']], $scopes[0]['query']);
        self::assertSame([['appSid', 'AP1'], ['clientName', '0']], $scopes[1]['query']);
    }

    public function testCheckClientNameRefusesInvalidNames(): void
    {
        foreach (['a', '0', '_', 'Alice_1', str_repeat('a', 256)] as $name) {
            Capability::checkClientName($name);
        }
        foreach ([str_repeat('a', 257), 'a b', 'é', "Alice\n", 'a-b', '٣'] as $name) {
            try {
                Capability::checkClientName($name);
                self::fail("accepted: $name");
            } catch (CaptokenException $e) {
                self::assertSame(
                    [
                        CaptokenException::INVALID_CLIENT_NAME,
                        'the client name is not 1 to 256 ASCII letters, digits and underscores',
                    ],
                    [$e->getCode(), $e->getMessage()],
                );
            }
        }
    }

    private static function capability(): Capability
    {
        return new Capability('AC123', 'secret');
    }

    /** Makes a capability token with every kind of permission. */
    private static function kept(): Capability
    {
        return self::capability()
            ->allowClientIncoming('kept')
            ->allowClientOutgoing('AP1', ['kept' => 1])
            ->allowEventStream(['kept' => 1])
            ->addClaim('kept', 1)
            ->setNotBefore(self::NOW);
    }

    private static function minted(array $params): string
    {
        return self::capability()->allowClientOutgoing('AP123', $params)->generateTokenAt(self::NOW);
    }

    /**
     * Returns the pairs in a token with these parameters, and with the same filters.
     *
     * @return list<array{string, string}>
     */
    private static function arriving(array $pairs): array
    {
        $params = Token::read(self::minted($pairs), 'secret')->params();
        $filtered = self::capability()->allowEventStream($pairs)->generateTokenAt(self::NOW);
        self::assertSame($params, Token::read($filtered, 'secret')->filters());
        return $params;
    }
}
