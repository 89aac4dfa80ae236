<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Capability;
use Captoken\CaptokenException;
use PHPUnit\Framework\TestCase;

/** Tests how addClaim() writes a value, and that foreign code in it does no harm. */
final class ClaimsTest extends TestCase
{
    use AssertsFailures;

    private const NOW = 1400000000;

    /** The end of the payload, after the private claims. */
    private const REST = '"scope":"","iss":"AC123","exp":1400003600}';

    protected function tearDown(): void
    {
        ini_restore('serialize_precision');
    }

    /**
     * @dataProvider values
     */
    public function testValueIsWrittenAsByJsonEncode(mixed $value, string $json): void
    {
        self::assertSame('{"claim":' . $json . ',' . self::REST, self::payload(self::capability()->addClaim(
            'claim',
            $value,
        )));
    }

    /** @return array<string, array{mixed, string}> */
    public static function values(): array
    {
        $public = new class {
            public int $shown = 1;
            protected int $hidden = 2;
        };
        return [
            'null' => [null, 'null'],
            'true' => [true, 'true'],
            'int' => [PHP_INT_MAX, '9223372036854775807'],
            'float' => [0.1, '0.1'],
            'whole float' => [1.0, '1.0'],
            'large float' => [1e25, '1.0e+25'],
            'string of digits' => ['42', '"42"'],
            'empty string' => ['', '""'],
            'NUL' => ["a\0b", '"a\u0000b"'],
            'string' => ["\u{e9}/\u{1f600}\"\\\n", '"\u00e9/\ud83d\ude00\"\\\\\n"'],
            'list' => [[1, [], 'a'], '[1,[],"a"]'],
            'array with names' => [
                ['b' => 1, 'a' => ['c' => null], '' => 2, "\u{e9}" => 3],
                '{"b":1,"a":{"c":null},"":2,"\u00e9":3}',
            ],
            'array with a gap' => [[1 => 'a'], '{"1":"a"}'],
            'object' => [$public, '{"shown":1}'],
            'object without properties' => [new \stdClass(), '{}'],
            'JsonSerializable' => [new Serialised(static fn (): array => ['a' => [1.0]]), '{"a":[1.0]}'],
        ];
    }

    public function testAnyNameIsAcceptedExceptReservedOnes(): void
    {
        $capability = self::capability();
        $names = ['SCOPE', 'iss ', "is\u{15b}", 'sub', 'jti', 'grants', '0', ' ', "a\"b\\", "\u{1f600}"];
        foreach ($names as $i => $name) {
            $capability->addClaim($name, $i);
        }
        $claims = Token::read($capability->generateTokenAt(self::NOW), 'secret')->claims;
        self::assertSame(array_flip($names), array_slice($claims, 0, count($names), true));

        $before = $capability->generateTokenAt(self::NOW);
        foreach (['scope', 'iss', 'exp', 'nbf', 'iat'] as $name) {
            self::assertFails(
                CaptokenException::RESERVED_NAME,
                "the claim \"$name\": the library writes a claim or grant of this name itself",
                static fn () => $capability->addClaim($name, 1),
            );
        }
        self::assertSame($before, $capability->generateTokenAt(self::NOW));
    }

    public function testRepeatedClaimReplacesTheValueInPlace(): void
    {
        $capability = self::capability()->addClaim('a', 1)->addClaim('b', 2)->addClaim('a', [3]);
        self::assertSame('{"a":[3],"b":2,' . self::REST, self::payload($capability));
    }

    /**
     * @dataProvider precisions
     */
    public function testPrecisionSettingsLeaveFloatsAlone(string $precision): void
    {
        ini_set('serialize_precision', $precision);
        self::assertNotSame('0.30000000000000004', json_encode(0.1 + 0.2), 'the setting has an effect');
        $capability = self::capability()->addClaim('claim', [0.1 + 0.2, 1 / 3, 1.0]);
        self::assertSame(
            '{"claim":[0.30000000000000004,0.3333333333333333,1.0],' . self::REST,
            self::payload($capability),
        );
        self::assertSame($precision, ini_get('serialize_precision'));
        foreach ([INF, new Serialised(static fn () => throw new \LogicException())] as $wrong) {
            try {
                $capability->addClaim('claim', $wrong);
                self::fail('the value is accepted');
            } catch (\JsonException | \LogicException) {
            }
            self::assertSame($precision, ini_get('serialize_precision'));
        }
    }

    /** @return array<string, array{string}> */
    public static function precisions(): array
    {
        return ['5 digits' => ['5'], '14 digits, as in PHP 5' => ['14'], '0 digits' => ['0']];
    }

    /** Fibers may suspend in a jsonSerialize() and end in any order. */
    public function testFibersEncodingConcurrentlyRestoreThePrecision(): void
    {
        ini_set('serialize_precision', '5');
        $tokens = [];
        $fiber = static function (string $name) use (&$tokens): \Fiber {
            return new \Fiber(static function () use ($name, &$tokens): void {
                $waiting = new Serialised(static fn () => \Fiber::suspend());
                $capability = self::capability()->addClaim('claim', [$waiting, 0.1 + 0.2]);
                $tokens[$name] = self::payload($capability);
            });
        };
        [$first, $second] = [$fiber('first'), $fiber('second')];
        $first->start();
        $second->start();
        $first->resume();
        $second->resume();
        $expected = '{"claim":[null,0.30000000000000004],' . self::REST;
        self::assertSame(['first' => $expected, 'second' => $expected], $tokens);
        self::assertSame('5', ini_get('serialize_precision'));
    }

    public function testClaimIsAddedWithIniSetDisabled(): void
    {
        $out = Php::run(
            "echo (new Capability('AC123', 'secret'))->addClaim('claim', [59.913868])->generateTokenAt(0);",
            [],
            ['-d', 'disable_functions=ini_set', '-d', 'serialize_precision=5'],
        );
        // Then serialize_precision decides the digits.
        self::assertSame([59.914], Token::read($out, 'secret')->claims['claim']);
    }

    /**
     * @dataProvider refused
     */
    public function testValueThatJsonCannotEncodeIsRefused(mixed $value, int $code): void
    {
        $capability = self::capability()->addClaim('claim', 'kept');
        $before = $capability->generateTokenAt(self::NOW);
        foreach ([$value, ['fine', $value]] as $wrong) {
            try {
                $capability->addClaim('claim', $wrong);
                self::fail('the value is accepted');
            } catch (\JsonException $e) {
                self::assertSame($code, $e->getCode());
            }
            self::assertSame($before, $capability->generateTokenAt(self::NOW));
        }
    }

    /** @return array<string, array{mixed, int}> */
    public static function refused(): array
    {
        $circle = [];
        $circle[] = &$circle;
        $object = new \stdClass();
        $object->self = $object;
        return [
            'INF' => [INF, JSON_ERROR_INF_OR_NAN],
            'NAN' => [NAN, JSON_ERROR_INF_OR_NAN],
            'not UTF-8' => ["caf\xe9", JSON_ERROR_UTF8],
            'key not UTF-8' => [["\xff" => 1], JSON_ERROR_UTF8],
            'circle' => [$circle, JSON_ERROR_RECURSION],
            'circle of objects' => [$object, JSON_ERROR_RECURSION],
            'resource' => [fopen('php://memory', 'r'), JSON_ERROR_UNSUPPORTED_TYPE],
            'too deep' => [self::nested(128), JSON_ERROR_DEPTH],
        ];
    }

    public function testValueNested128LevelsDeepIsRefused(): void
    {
        $capability = self::capability()->addClaim('claim', self::nested(127));
        $token = $capability->generateTokenAt(self::NOW);
        self::assertSame(self::nested(127), Token::read($token, 'secret')->claims['claim']);
        foreach ([128, 512, 1000] as $depth) {
            try {
                $capability->addClaim('claim', self::nested($depth));
                self::fail('the value is accepted');
            } catch (\JsonException $e) {
                self::assertSame(JSON_ERROR_DEPTH, $e->getCode());
            }
            self::assertSame($token, $capability->generateTokenAt(self::NOW));
        }
    }

    /**
     * jsonSerialize() is foreign code: it may use the object that waits for its value.
     *
     * @dataProvider uses
     * @param \Closure(Capability): mixed $use
     */
    public function testValueMayUseObjectWhileEncoded(\Closure $use, string $payload): void
    {
        $capability = self::capability();
        $value = new Serialised(static function () use ($use, $capability): string {
            $use($capability);
            return 'outer';
        });
        self::assertSame($capability, $capability->addClaim('claim', $value));
        self::assertSame($payload, self::payload($capability));
    }

    /** @return array<string, array{\Closure(Capability): mixed, string}> */
    public static function uses(): array
    {
        return [
            'a token' => [
                static fn (Capability $c) => $c->generateToken(),
                '{"claim":"outer",' . self::REST,
            ],
            'the same claim' => [
                static fn (Capability $c) => $c->addClaim('claim', [0.1])->addClaim('other', 1),
                '{"claim":"outer","other":1,' . self::REST,
            ],
            'a new account' => [
                static fn (Capability $c) => $c->__construct('AC1', 'secret'),
                '{"claim":"outer","scope":"","iss":"AC1","exp":1400003600}',
            ],
        ];
    }

    public function testThrowingValueAddsNoClaim(): void
    {
        $capability = self::capability();
        $before = $capability->generateTokenAt(self::NOW);
        $thrown = new \LogicException('thrown by the value');
        try {
            $capability->addClaim('claim', ['fine', new Serialised(static fn () => throw $thrown)]);
            self::fail('no exception is thrown');
        } catch (\LogicException $e) {
            self::assertSame($thrown, $e);
        }
        self::assertSame($before, $capability->generateTokenAt(self::NOW));
    }

    private static function capability(): Capability
    {
        return new Capability('AC123', 'secret');
    }

    /** Returns the payload of a token as JSON. */
    private static function payload(Capability $capability): string
    {
        return Token::read($capability->generateTokenAt(self::NOW), 'secret')->payload;
    }

    /** Returns alternating arrays and objects, nested $depth levels deep. */
    private static function nested(int $depth): array
    {
        $value = [];
        for ($i = 1; $i < $depth; $i++) {
            $value = $i % 2 === 0 ? [$value] : ['a' => $value];
        }
        return $value;
    }
}
