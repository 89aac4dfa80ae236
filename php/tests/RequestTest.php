<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Capability;
use Captoken\Library;
use PHPUnit\Framework\TestCase;

/** Compares the request of the class with the calls of C that it replaces. */
final class RequestTest extends TestCase
{
    private const LAST = 2 ** 53 - 1;

    /** A fixed seed makes failures reproducible. */
    public function testRandomCallsMintSameTokenAsHandle(): void
    {
        mt_srand(7);
        $long = 0;
        for ($i = 0; $i < 3000; $i++) {
            $isAccess = mt_rand(0, 1) === 0;
            $arguments = ['AC' . self::randomString(), ...($isAccess ? ['SK' . self::randomString()] : []),
                self::randomString() . 's'];
            $calls = self::randomCalls($isAccess);
            [$now, $ttl] = [mt_rand(0, 1) === 0 ? mt_rand() : self::LAST - 86400, mt_rand(1, 86400)];

            $capability = $isAccess ? Capability::access(...$arguments) : new Capability(...$arguments);
            foreach ($calls as [$method, $given]) {
                $capability->$method(...$given);
            }
            $token = $capability->generateTokenAt($now, $ttl);
            $expected = self::byHandle($arguments, $calls, $now, $ttl);
            self::assertSame($expected, $token, serialize([$arguments, $calls]));
            $long += strlen($token) >= 1024 ? 1 : 0;
        }
        self::assertGreaterThan(100, $long, 'tokens that exceed the usual buffer');
    }

    /**
     * @param list<string> $arguments of cap_new() or cap_new_access()
     * @param list<array{string, array}> $calls of methods of Capability
     */
    private static function byHandle(array $arguments, array $calls, int $now, int $ttl): string
    {
        $c = Library::functions();
        $handle = $c->new('cap_token *');
        $make = count($arguments) === 3 ? 'cap_new_access' : 'cap_new';
        self::assertSame(0, $c->$make(...[...$arguments, \FFI::addr($handle)]));
        foreach ($calls as [$method, $given]) {
            foreach (self::functions($method, $given) as [$function, $strings]) {
                self::assertSame(0, $c->$function($handle, ...$strings), $function);
            }
        }
        $buffer = $c->new('char[65536]');
        self::assertSame(0, $c->cap_generate_at($handle, $now, $ttl, $buffer, 65536, null));
        $c->cap_token_free($handle);
        return \FFI::string($buffer);
    }

    /** @return list<array{string, array}> */
    private static function functions(string $method, array $given): array
    {
        $pairs = static function (string $function, array $named): array {
            $calls = [];
            foreach ($named as $name => $value) {
                foreach ((array) $value as $string) {
                    $calls[] = [$function, [(string) $name, $string]];
                }
            }
            return $calls;
        };
        return match ($method) {
            'allowClientIncoming' => [['cap_allow_incoming', $given]],
            'allowClientOutgoing' => [
                ['cap_allow_outgoing', [$given[0]]],
                ...$pairs('cap_add_outgoing_param', $given[1]),
            ],
            'allowEventStream' => [
                ['cap_allow_event_stream', []],
                ...$pairs('cap_add_event_filter', $given[0]),
            ],
            'setClientName' => [['cap_set_client_name', $given]],
            'setNotBefore' => [['cap_set_not_before', $given]],
            'setRegion' => [['cap_set_region', $given]],
            'setPushCredential' => [['cap_set_push_credential', $given]],
            'addClaim' => [['cap_add_claim', [$given[0], json_encode($given[1])]]],
            'addGrant' => [['cap_add_grant', [$given[0], json_encode((object) $given[1])]]],
        };
    }

    /** @return list<array{string, array}> */
    private static function randomCalls(bool $isAccess): array
    {
        $calls = [];
        for ($i = mt_rand(0, 8); $i > 0; $i--) {
            $method = self::pick([
                'allowClientIncoming', 'allowClientOutgoing', 'setClientName', 'addClaim', 'setNotBefore',
                ...($isAccess ? ['setRegion', 'setPushCredential', 'addGrant'] : ['allowEventStream']),
            ]);
            $calls[] = [$method, match ($method) {
                'allowClientIncoming' => [self::randomClientName()],
                'allowClientOutgoing' => ['AP' . self::randomString(), self::randomParams()],
                'allowEventStream' => [self::randomParams()],
                'setClientName' => [$isAccess ? 'x' . self::randomString() : self::randomClientName()],
                'setNotBefore' => [self::pick([0, 1, mt_rand(), self::LAST])],
                'setRegion', 'setPushCredential' => ['x' . self::randomString()],
                'addClaim' => [
                    self::randomName(),
                    self::pick([null, 1, true, self::randomString(), [], [1], ['a' => 'b']]),
                ],
                'addGrant' => [
                    self::randomName(),
                    self::pick([[], ['room' => self::randomString()], ['7' => 1, 'a' => []]]),
                ],
            }];
        }
        return $calls;
    }

    private static function randomParams(): array
    {
        $params = [];
        for ($i = self::pick([0, 1, 1, 2, 5, 40]); $i > 0; $i--) {
            $params[self::randomString()] = self::pick([
                self::randomString(),
                self::randomString(),
                [],
                [self::randomString(), self::randomString()],
            ]);
        }
        return $params;
    }

    private static function randomClientName(): string
    {
        return self::pick(['Alice', '0', '_', str_repeat('a', 300)]);
    }

    private static function randomName(): string
    {
        return self::pick(['a', 'b', '7', "\u{e9}", 'x' . self::randomString()]);
    }

    private static function randomString(): string
    {
        $string = '';
        for ($i = mt_rand(0, 4); $i > 0; $i--) {
            $string .= self::pick(['', 'a', '0', ' ', '+', '&', '=', '%', '"', '\\', '/', "\n", "\x7f", "\u{e9}",
                "\u{2028}", "\u{1f600}", '\u0000', 'user_id', '-.~_']);
        }
        return $string;
    }

    private static function pick(array $of): mixed
    {
        return $of[mt_rand(0, count($of) - 1)];
    }
}
