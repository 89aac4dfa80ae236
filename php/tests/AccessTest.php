<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Capability;
use Captoken\CaptokenException;
use Captoken\TokenExpiredException;
use Captoken\TokenSignatureException;
use PHPUnit\Framework\TestCase;

/** Tests access tokens: their contents, and how they differ from capability tokens. */
final class AccessTest extends TestCase
{
    use AssertsFailures;

    private const NOW = 1400000000;

    /** The start of the payload of a token without private claims that lives one hour. */
    private const START = '"jti":"SK123-1400000000","iss":"SK123","sub":"AC123","exp":1400003600,';

    protected function tearDown(): void
    {
        Capability::configure(null, null);
    }

    // Contents.

    public function testTokenHoldsAccountAndEveryGrant(): void
    {
        $capability = self::access()
            ->addGrant('video', ['room' => 'standup'])
            ->setPushCredential('CR1')
            ->allowClientOutgoing('AP1', ['Foo' => 'Bar', 'n' => 42])
            ->addClaim('find', ['me' => 1.0])
            ->setNotBefore(self::NOW + 5)
            ->setRegion('ie1')
            ->allowClientIncoming('Alice');
        $token = Token::read($capability->generateTokenAt(self::NOW, 600), 'key-secret');
        self::assertSame(
            ['typ' => 'JWT', 'alg' => 'HS256', 'cty' => 'twilio-fpa;v=1', 'twr' => 'ie1'],
            $token->header,
        );
        self::assertSame(
            '{"find":{"me":1.0},"jti":"SK123-1400000000","iss":"SK123","sub":"AC123","exp":1400000600,"nbf":1400000005,'
                . '"grants":{"identity":"Alice","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP1",'
                . '"params":{"Foo":"Bar","n":"42"}},"push_credential_sid":"CR1"},"video":{"room":"standup"}}}',
            $token->payload,
        );
    }

    public function testTokenWithoutPermissionsHasEmptyGrants(): void
    {
        $token = Token::read(self::access()->generateTokenAt(self::NOW), 'key-secret');
        self::assertSame(['typ' => 'JWT', 'alg' => 'HS256', 'cty' => 'twilio-fpa;v=1'], $token->header);
        self::assertSame('{' . self::START . '"grants":{}}', $token->payload);
    }

    public function testGeneratedTokenIdHoldsTimeOfMinting(): void
    {
        $before = time();
        $claims = Token::read(self::access()->generateToken(60), 'key-secret')->claims;
        self::assertGreaterThanOrEqual($before + 60, $claims['exp']);
        self::assertLessThanOrEqual(time() + 60, $claims['exp']);
        self::assertSame('SK123-' . ($claims['exp'] - 60), $claims['jti']);
    }

    public function testConfiguredCredentialsAreIgnored(): void
    {
        $before = self::access()->generateTokenAt(self::NOW);
        Capability::configure('ACother', 'other');
        self::assertSame($before, self::access()->generateTokenAt(self::NOW));
    }

    public function testSecondRegionReplacesTheFirst(): void
    {
        $capability = self::access()->setRegion('ie1');
        foreach (['au1', "\u{e9}\"", '0'] as $region) {
            $token = Token::read($capability->setRegion($region)->generateTokenAt(self::NOW), 'key-secret');
            self::assertSame($region, $token->header['twr']);
        }
    }

    public function testSecondPushCredentialReplacesTheFirst(): void
    {
        $capability = self::access()->setPushCredential('CR1')->setPushCredential('CR2');
        self::assertSame('{"voice":{"push_credential_sid":"CR2"}}', self::grants($capability));
    }

    // Names and parameters.

    public function testLastCallDecidesTheIdentity(): void
    {
        $capability = self::access()->allowClientIncoming('Alice');
        $allowed = ',"voice":{"incoming":{"allow":true}}}';
        self::assertSame('{"identity":"Alice"' . $allowed, self::grants($capability));
        self::assertSame('{"identity":"Bob"' . $allowed, self::grants($capability->setClientName('Bob')));
        self::assertSame('{"identity":"Carol"' . $allowed, self::grants($capability->allowClientIncoming('Carol')));
    }

    /** @dataProvider identities */
    public function testAnyIdentityIsAcceptedWithoutCalls(string $identity, string $json): void
    {
        self::assertSame("{\"identity\":$json}", self::grants(self::access()->setClientName($identity)));
    }

    /** @return array<string, array{string, string}> */
    public static function identities(): array
    {
        return [
            'a client name' => ['Alice_1', '"Alice_1"'],
            'an address' => ['alice+1@example.com', '"alice+1@example.com"'],
            'UTF-8' => ["J\u{f6}rg \u{1f600}", '"J\u00f6rg \ud83d\ude00"'],
            'white space' => [" a\nb ", '" a\nb "'],
            'quotes' => ['"\\', '"\"\\\\"'],
            'zero' => ['0', '"0"'],
            'a long string' => [str_repeat('a', 1000), '"' . str_repeat('a', 1000) . '"'],
        ];
    }

    public function testBothKindsRefuseOddClientNames(): void
    {
        $access = self::access()->allowClientIncoming('kept');
        $capability = (new Capability('AC123', 'secret'))->allowClientIncoming('kept');
        $characters = 'the client name may contain only ASCII letters, digits and underscores';
        $calls = [];
        foreach (['a@b', "\u{e9}", 'a b', "a\0", "\xff", ''] as $name) {
            $message = $name === '' ? 'the client name is empty' : $characters;
            $calls[] = [$access, 'allowClientIncoming', $name, $message];
            $calls[] = [$capability, 'allowClientIncoming', $name, $message];
            $calls[] = [$capability, 'setClientName', $name, $message];
        }
        foreach ($calls as [$object, $method, $name, $message]) {
            self::assertRefuses($message, static fn () => $object->$method($name), $object);
        }
    }

    public function testParameterListKeepsItsLastValue(): void
    {
        $outgoing = static fn (array $params): string
            => self::grants(self::access()->allowClientOutgoing('AP1', $params));
        $with = static fn (string $params): string
            => "{\"voice\":{\"outgoing\":{\"application_sid\":\"AP1\"$params}}}";
        self::assertSame(
            $with(',"params":{"a":"3","b":"0.5","c":"1","":""}'),
            $outgoing(['a' => [1, 2, 3], 'b' => 0.5, 'none' => [], 'c' => true, '' => '']),
        );
        self::assertSame($with(',"params":{"0":"x","1":"y"}'), $outgoing(['x', 'y']));
        self::assertSame($with(''), $outgoing([]));
        self::assertSame($with(''), $outgoing(['none' => []]));
    }

    public function testSecondApplicationReplacesTheFirst(): void
    {
        $capability = self::access()->allowClientOutgoing('AP1', ['a' => 1])->allowClientOutgoing('AP2');
        self::assertSame('{"voice":{"outgoing":{"application_sid":"AP2"}}}', self::grants($capability));
    }

    /** Twilio's libraries can nest them. */
    public function testNestedParametersAreRefusedUnlessEncoded(): void
    {
        $capability = self::access()->allowClientOutgoing('AP1', ['kept' => 1]);
        foreach ([['a' => 1], [['a']], ['fine', []], new \stdClass()] as $nested) {
            $type = get_debug_type($nested);
            self::assertRefuses(
                "the parameter \"user\" has a value of type $type:"
                    . ' pass a string, an int, a finite float, a bool or a list of these',
                static fn () => $capability->allowClientOutgoing('AP2', ['user' => $nested]),
                $capability,
            );
        }
        $capability->allowClientOutgoing('AP1', ['user' => json_encode(['id' => 42])]);
        $token = Token::read($capability->generateTokenAt(self::NOW), 'key-secret');
        self::assertSame([['user', '{"id":42}']], $token->params());
    }

    // Other grants.

    /**
     * @dataProvider namedGrants
     * @param array<string, mixed> $grant
     */
    public function testGrantIsWrittenUnderItsName(string $name, array $grant, string $json): void
    {
        self::assertSame("{\"$name\":$json}", self::grants(self::access()->addGrant($name, $grant)));
    }

    /** @return array<string, array{string, array<string, mixed>, string}> */
    public static function namedGrants(): array
    {
        return [
            'video' => ['video', ['room' => 'standup'], '{"room":"standup"}'],
            'chat' => [
                'chat',
                [
                    'service_sid' => 'IS1',
                    'endpoint_id' => "J\u{f6}rg's phone",
                    'deployment_role_sid' => 'RL1',
                    'push_credential_sid' => 'CR1',
                ],
                '{"service_sid":"IS1","endpoint_id":"J\u00f6rg\'s phone",'
                    . '"deployment_role_sid":"RL1","push_credential_sid":"CR1"}',
            ],
            'sync' => [
                'data_sync',
                ['service_sid' => 'IS2', 'endpoint_id' => 'browser'],
                '{"service_sid":"IS2","endpoint_id":"browser"}',
            ],
            'taskrouter' => [
                'task_router',
                ['workspace_sid' => 'WS1', 'worker_sid' => 'WK1', 'role' => 'worker'],
                '{"workspace_sid":"WS1","worker_sid":"WK1","role":"worker"}',
            ],
            'playback' => [
                'player',
                [
                    'requestCredentials' => null,
                    'playbackUrl' => 'https://example.com/a.m3u8?token=b',
                    'nested' => ['list' => [1, [], ['a' => 1.0]], 'object' => new \stdClass()],
                ],
                '{"requestCredentials":null,"playbackUrl":"https://example.com/a.m3u8?token=b",'
                    . '"nested":{"list":[1,[],{"a":1.0}],"object":{}}}',
            ],
            'an unknown grant' => ['to_come', ['a' => 1], '{"a":1}'],
            'no fields' => ['video', [], '{}'],
            'integer names' => ['video', [1 => 'a', 0 => 'b'], '{"1":"a","0":"b"}'],
            'the name NUL' => ['video', ["\0a" => 1, '' => 2], '{"\u0000a":1,"":2}'],
            'Identity' => ['Identity', ['a' => 1], '{"a":1}'],
            'a value that encodes itself' => ['video', ['room' => new Serialised(static fn () => 7)], '{"room":7}'],
        ];
    }

    public function testRepeatedGrantReplacesTheValueInPlace(): void
    {
        $capability = self::access()->addGrant('video', ['room' => 'a', 'b' => 1])->addGrant('chat', [])
            ->addGrant('video', ['room' => 'c']);
        self::assertSame('{"video":{"room":"c"},"chat":{}}', self::grants($capability));
    }

    public function testGrantNested128LevelsDeepIsRefused(): void
    {
        $nested = static function (int $depth): array {
            $value = [];
            for ($i = 1; $i < $depth; $i++) {
                $value = ['a' => $value];
            }
            return $value;
        };
        $capability = self::access()->addGrant('deep', $nested(127));
        $token = $capability->generateTokenAt(self::NOW);
        self::assertSame($nested(127), Capability::verify($token, 'key-secret', self::NOW)['grants']['deep']);
        self::assertJsonRefuses(JSON_ERROR_DEPTH, $capability, $nested(128));
    }

    public function testGrantThatJsonCannotEncodeIsRefused(): void
    {
        $capability = self::access()->addGrant('video', ['room' => 'kept']);
        self::assertJsonRefuses(JSON_ERROR_INF_OR_NAN, $capability, ['room' => INF]);
        self::assertJsonRefuses(JSON_ERROR_UTF8, $capability, ['room' => "\xff"]);
        self::assertJsonRefuses(JSON_ERROR_UTF8, $capability, ["\xff" => 'a']);
        self::assertJsonRefuses(JSON_ERROR_UNSUPPORTED_TYPE, $capability, ['room' => fopen('php://memory', 'r')]);
    }

    /** A list is not an object: its indexes as names would hide a mistake. */
    public function testListIsRefusedAsGrant(): void
    {
        $capability = self::access()->addGrant('video', ['room' => 'kept']);
        foreach ([['standup'], [[]], [['room' => 'standup']], ['a', 'b'], [null]] as $list) {
            self::assertRefuses(
                'the grant "v\u00efd\u0000" is a list: pass an associative array',
                static fn () => $capability->addGrant("v\u{ef}d\0", $list),
                $capability,
            );
        }
    }

    /** jsonSerialize() is foreign code: it may use the object that waits for its value. */
    public function testGrantMayUseObjectWhileEncoded(): void
    {
        $capability = self::access();
        $using = static fn (\Closure $use): array => ['room' => new Serialised(static function () use ($use): string {
            $use();
            return 'outer';
        })];
        $adding = static fn () => $capability->addGrant('video', [])->addGrant('chat', []);
        $capability->addGrant('video', $using($adding));
        self::assertSame('{"video":{"room":"outer"},"chat":{}}', self::grants($capability));

        // The object is checked after the call that changes its kind.
        self::assertFails(
            CaptokenException::UNSUPPORTED,
            'the call does not apply to this kind of token',
            static fn () => $capability->addGrant(
                'video',
                $using(static fn () => $capability->__construct('AC1', 'secret')),
            ),
        );
        self::assertSame('AC1', Token::read($capability->generateTokenAt(self::NOW), 'secret')->claims['iss']);
    }

    // Failures.

    /**
     * @dataProvider failures
     * @param \Closure(Capability): mixed $call
     */
    public function testFailureHasItsStatusAndChangesNothing(\Closure $call, int $code, string $message): void
    {
        $capability = self::full();
        $before = $capability->generateTokenAt(self::NOW);
        self::assertFails($code, $message, static fn () => $call($capability));
        self::assertSame($before, $capability->generateTokenAt(self::NOW));
        // The object can still change.
        self::assertSame('Bob', Token::read(
            $capability->setClientName('Bob')->generateTokenAt(self::NOW),
            'key-secret',
        )->claims['grants']['identity']);
    }

    /** @return array<string, array{\Closure(Capability): mixed, int, string}> */
    public static function failures(): array
    {
        $cases = [];
        foreach (self::strings() as $name => [$call, $what]) {
            $cases["$name, empty"] = [
                static fn ($c) => $call($c, ''),
                CaptokenException::EMPTY_ARGUMENT,
                "$what: a required string is empty",
            ];
            $cases["$name, not UTF-8"] = [
                static fn ($c) => $call($c, "caf\xe9"),
                CaptokenException::INVALID_UTF8,
                "$what: a string is not valid UTF-8",
            ];
        }
        $reserved = ": the library writes a claim or grant of this name itself";
        foreach (['identity', 'voice'] as $name) {
            foreach ([[], ['a' => 1]] as $i => $grant) {
                $cases["the grant $name $i"] = [
                    static fn ($c) => $c->addGrant($name, $grant),
                    CaptokenException::RESERVED_NAME,
                    "the grant \"$name\"$reserved",
                ];
            }
        }
        foreach (['scope', 'iss', 'exp', 'nbf', 'iat', 'jti', 'sub', 'grants'] as $name) {
            $cases["the claim $name"] = [
                static fn ($c) => $c->addClaim($name, 1),
                CaptokenException::RESERVED_NAME,
                "the claim \"$name\"$reserved",
            ];
        }
        $unsupported = [CaptokenException::UNSUPPORTED, 'the call does not apply to this kind of token'];
        return $cases + [
            'an event stream' => [static fn ($c) => $c->allowEventStream(), ...$unsupported],
            'an event stream with filters' => [
                static fn ($c) => $c->allowEventStream(['a' => 1, 'b' => [2, 3]]),
                ...$unsupported,
            ],
            'ttl 0' => [
                static fn ($c) => $c->generateToken(0),
                CaptokenException::INVALID_TTL,
                'the time to live is not between 1 and 86400 seconds',
            ],
        ];
    }

    /**
     * C would read the string up to the NUL: another account, identity or region.
     *
     * @dataProvider strings
     * @param \Closure(Capability, string): mixed $call
     */
    public function testNulByteIsRefusedAndChangesNothing(\Closure $call, string $what): void
    {
        $capability = self::full();
        foreach (["\0", "a\0", "\0a", "a\0b"] as $string) {
            self::assertRefuses("$what contains a NUL byte", static fn () => $call($capability, $string), $capability);
        }
    }

    /**
     * A call for each string argument, and the name of the argument in messages.
     *
     * @return array<string, array{\Closure(Capability, string): mixed, string}>
     */
    public static function strings(): array
    {
        return [
            'account SID' => [
                static fn ($c, string $string) => Capability::access($string, 'SK1', 'key-secret'),
                'the account SID',
            ],
            'API key SID' => [
                static fn ($c, string $string) => Capability::access('AC1', $string, 'key-secret'),
                'the API key SID',
            ],
            'API key secret' => [
                static fn ($c, string $string) => Capability::access('AC1', 'SK1', $string),
                'the API key secret',
            ],
            'identity' => [static fn (Capability $c, string $string) => $c->setClientName($string), 'the identity'],
            'application SID' => [
                static fn (Capability $c, string $string) => $c->allowClientOutgoing($string, ['a' => 1]),
                'the application SID',
            ],
            'region' => [static fn (Capability $c, string $string) => $c->setRegion($string), 'the region'],
            'push credential' => [
                static fn (Capability $c, string $string) => $c->setPushCredential($string),
                'the push credential SID',
            ],
            'grant' => [static fn (Capability $c, string $string) => $c->addGrant($string, []), "the grant's name"],
            'claim' => [static fn (Capability $c, string $string) => $c->addClaim($string, 1), "the claim's name"],
        ];
    }

    public function testCapabilityTokenRefusesMethodsOfAccessTokens(): void
    {
        $capability = (new Capability('AC123', 'secret'))->allowClientIncoming('Alice')->allowClientOutgoing('AP1');
        $before = $capability->generateTokenAt(self::NOW);
        foreach (
            [
                static fn () => $capability->setRegion('ie1'),
                static fn () => $capability->setPushCredential('CR1'),
                static fn () => $capability->addGrant('video', ['room' => 'standup']),
                static fn () => $capability->addGrant('video', []),
            ] as $call
        ) {
            self::assertFails(
                CaptokenException::UNSUPPORTED,
                'the call does not apply to this kind of token',
                $call,
            );
            self::assertSame($before, $capability->generateTokenAt(self::NOW));
        }
        self::assertSame($capability, $capability->allowEventStream());
    }

    // Objects.

    public function testSubclassIsMadeWithoutItsConstructor(): void
    {
        $class = new class (1) extends Capability {
            public string $own = 'own';

            public function __construct(int $number)
            {
                if ($number !== 1) {
                    throw new \LogicException('the constructor is called');
                }
            }
        };
        $capability = $class::access('AC123', 'SK123', 'key-secret');
        self::assertSame([$class::class, 'own'], [$capability::class, $capability->own]);
        foreach (
            [
                static fn () => $capability->allowClientIncoming('Alice'),
                static fn () => $capability->allowClientOutgoing('AP1', ['a' => 1]),
                static fn () => $capability->setClientName("\u{e9}"),
                static fn () => $capability->addClaim('a', 1),
                static fn () => $capability->setNotBefore(1),
                static fn () => $capability->setRegion('ie1'),
                static fn () => $capability->setPushCredential('CR1'),
                static fn () => $capability->addGrant('video', ['room' => 'standup']),
            ] as $call
        ) {
            self::assertSame($capability, $call());
        }
        Token::read($capability->generateTokenAt(self::NOW), 'key-secret');
        foreach (['access', 'setRegion', 'setPushCredential', 'addGrant'] as $method) {
            self::assertSame('static', (string) (new \ReflectionMethod(Capability::class, $method))->getReturnType());
        }
    }

    public function testConstructorTurnsAccessIntoCapabilityToken(): void
    {
        $capability = self::full();
        $capability->__construct('AC1', 'secret');
        self::assertSame(
            '{"scope":"","iss":"AC1","exp":1400003600}',
            Token::read($capability->generateTokenAt(self::NOW), 'secret')->payload,
        );
        $this->expectException(\InvalidArgumentException::class);
        $capability->setClientName("\u{e9}");
    }

    // Verification.

    public function testAccessTokenVerifiesWithApiKeySecret(): void
    {
        $token = self::full()->generateTokenAt(self::NOW, 600);
        self::assertSame(
            [
                'jti' => 'SK123-1400000000',
                'iss' => 'SK123',
                'sub' => 'AC123',
                'exp' => self::NOW + 600,
                'grants' => [
                    'identity' => 'Alice',
                    'voice' => [
                        'incoming' => ['allow' => true],
                        'outgoing' => ['application_sid' => 'AP1', 'params' => ['user_id' => '42']],
                        'push_credential_sid' => 'CR1',
                    ],
                    'video' => ['room' => 'standup'],
                ],
            ],
            Capability::verify($token, 'key-secret', self::NOW),
        );
        foreach (
            [
                [TokenSignatureException::class, 'another', self::NOW],
                [TokenExpiredException::class, 'key-secret', self::NOW + 600],
            ] as [$class, $secret, $now]
        ) {
            try {
                Capability::verify($token, $secret, $now);
                self::fail('the token is valid');
            } catch (CaptokenException $e) {
                self::assertSame($class, $e::class);
            }
        }
    }

    private static function access(): Capability
    {
        return Capability::access('AC123', 'SK123', 'key-secret');
    }

    /** Makes an access token with every kind of permission and no private claims. */
    private static function full(): Capability
    {
        return self::access()
            ->allowClientIncoming('Alice')
            ->allowClientOutgoing('AP1', ['user_id' => 42])
            ->setRegion('ie1')
            ->setPushCredential('CR1')
            ->addGrant('video', ['room' => 'standup']);
    }

    /** Returns the grants of a token as JSON. */
    private static function grants(Capability $capability): string
    {
        $payload = Token::read($capability->generateTokenAt(self::NOW), 'key-secret')->payload;
        $start = '{' . self::START . '"grants":';
        self::assertStringStartsWith($start, $payload);
        return substr($payload, strlen($start), -1);
    }

    /**
     * Asserts that a call throws \InvalidArgumentException and changes nothing.
     *
     * @param \Closure(): mixed $call
     */
    private static function assertRefuses(string $message, \Closure $call, Capability $capability): void
    {
        $before = $capability->generateTokenAt(self::NOW);
        try {
            $call();
            self::fail("accepted: $message");
        } catch (\InvalidArgumentException $e) {
            self::assertSame($message, $e->getMessage());
        }
        self::assertSame($before, $capability->generateTokenAt(self::NOW));
    }

    /** @param array<string, mixed> $grant */
    private static function assertJsonRefuses(int $code, Capability $capability, array $grant): void
    {
        $before = $capability->generateTokenAt(self::NOW);
        try {
            $capability->addGrant('video', $grant);
            self::fail('the value is accepted');
        } catch (\JsonException $e) {
            self::assertSame($code, $e->getCode());
        }
        self::assertSame($before, $capability->generateTokenAt(self::NOW));
    }
}
