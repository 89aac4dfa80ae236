<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Capability;
use Captoken\CaptokenException;
use PHPUnit\Framework\TestCase;

/** Tests the methods, their failures, and that objects are independent. */
final class CapabilityTest extends TestCase
{
    use AssertsFailures;
    use SkipsAloud;

    private const NOW = 1400000000;

    /** The latest possible expiry. */
    private const LAST = 2 ** 53 - 1;

    protected function tearDown(): void
    {
        Capability::configure(null, null);
    }

    /**
     * @dataProvider failures
     * @param \Closure(Capability): mixed $call
     */
    public function testFailureHasItsStatusAndChangesNothing(\Closure $call, int $code, string $message): void
    {
        Capability::configure('ACkept', 'kept');
        $capability = self::full('AC123', 'secret');
        $before = $capability->generateTokenAt(self::NOW);
        self::assertFails($code, $message, static fn () => $call($capability));
        self::assertSame($before, $capability->generateTokenAt(self::NOW));
        $configured = Token::read((new Capability())->generateTokenAt(self::NOW), 'kept');
        self::assertSame('ACkept', $configured->claims['iss']);
    }

    /** @return array<string, array{\Closure(Capability): mixed, int, string}> */
    public static function failures(): array
    {
        $null = static fn (string $what): array
            => [CaptokenException::NULL_ARGUMENT, "$what: a required argument is NULL"];
        $empty = static fn (string $what): array
            => [CaptokenException::EMPTY_ARGUMENT, "$what: a required string is empty"];
        $ttl = [CaptokenException::INVALID_TTL, 'the time to live is not between 1 and 86400 seconds'];
        $time = [CaptokenException::INVALID_TIME, 'a time is before 1970 or too far in the future'];
        return [
            'configure without SID' => [
                static fn () => Capability::configure(null, 'secret'),
                ...$null('the account SID'),
            ],
            'configure without token' => [
                static fn () => Capability::configure('AC1', null),
                ...$null('the auth token'),
            ],
            'configure, empty SID' => [
                static fn () => Capability::configure('', 'secret'),
                ...$empty('the account SID'),
            ],
            'configure, empty token' => [
                static fn () => Capability::configure('AC1', ''),
                ...$empty('the auth token'),
            ],
            'empty SID' => [static fn () => new Capability('', 'secret'), ...$empty('the account SID')],
            'empty token' => [static fn () => new Capability('AC1', ''), ...$empty('the auth token')],
            'empty token, configured SID' => [static fn () => new Capability(null, ''), ...$empty('the auth token')],
            'empty application' => [static fn ($c) => $c->allowClientOutgoing(''), ...$empty('the application SID')],
            'empty application with parameters' => [
                static fn ($c) => $c->allowClientOutgoing('', ['a' => 1]),
                ...$empty('the application SID'),
            ],
            'empty SID, constructed again' => [
                static fn ($c) => $c->__construct('', 'secret'),
                ...$empty('the account SID'),
            ],
            'ttl 0' => [static fn ($c) => $c->generateToken(0), ...$ttl],
            'ttl -1' => [static fn ($c) => $c->generateToken(-1), ...$ttl],
            'ttl 86401' => [static fn ($c) => $c->generateToken(86401), ...$ttl],
            'the largest ttl' => [static fn ($c) => $c->generateToken(PHP_INT_MAX), ...$ttl],
            'ttl 0 at a time' => [static fn ($c) => $c->generateTokenAt(self::NOW, 0), ...$ttl],
            'ttl 86401 at a time' => [static fn ($c) => $c->generateTokenAt(self::NOW, 86401), ...$ttl],
            'before 1970' => [static fn ($c) => $c->generateTokenAt(-1), ...$time],
            'the smallest time' => [static fn ($c) => $c->generateTokenAt(PHP_INT_MIN), ...$time],
            'the largest time' => [static fn ($c) => $c->generateTokenAt(PHP_INT_MAX), ...$time],
            'time after the last' => [static fn ($c) => $c->generateTokenAt(self::LAST + 1, 1), ...$time],
            'expiry after the last' => [static fn ($c) => $c->generateTokenAt(self::LAST, 1), ...$time],
            'begin before 1970' => [static fn ($c) => $c->setNotBefore(-1), ...$time],
            'begin before 1970, as a date' => [
                static fn ($c) => $c->setNotBefore(new \DateTime('1969-12-31 23:59:59 UTC')),
                ...$time,
            ],
            'begin after the last' => [static fn ($c) => $c->setNotBefore(self::LAST + 1), ...$time],
            'empty claim' => [static fn ($c) => $c->addClaim('', 1), ...$empty("the claim's name")],
            'invalid client name to check' => [
                static fn () => Capability::checkClientName('a b'),
                CaptokenException::INVALID_CLIENT_NAME,
                'the client name is not 1 to 256 ASCII letters, digits and underscores',
            ],
            'empty client name to check' => [
                static fn () => Capability::checkClientName(''),
                ...$empty('the client name'),
            ],
            'empty secret to verify with' => [static fn () => Capability::verify('a.b.c', ''), ...$empty('the secret')],
            'empty token and secret' => [static fn () => Capability::verify('', ''), ...$empty('the secret')],
            'verify before 1970' => [static fn () => Capability::verify('', 'secret', -1), ...$time],
            'verify after the last' => [static fn () => Capability::verify('', 'secret', self::LAST + 1), ...$time],
        ];
    }

    public function testMissingCredentialsAreRefused(): void
    {
        foreach ([[], [null, null], ['AC1', null], [null, 'secret'], ['AC1']] as $arguments) {
            self::assertFails(
                CaptokenException::NO_CREDENTIALS,
                'no account SID or auth token was given or configured',
                static fn () => new Capability(...$arguments),
            );
        }
    }

    public function testLimitsOfTimeAreAccepted(): void
    {
        $capability = self::full('AC123', 'secret');
        foreach ([[0, 1], [0, 86400], [self::LAST - 1, 1], [self::LAST - 86400, 86400]] as [$now, $ttl]) {
            $token = Token::read($capability->generateTokenAt($now, $ttl), 'secret');
            self::assertSame($now + $ttl, $token->claims['exp']);
        }
        self::assertSame(self::NOW + 3600, Token::read(
            $capability->generateTokenAt(self::NOW),
            'secret',
        )->claims['exp']);
    }

    public function testTimeToLiveStartsNow(): void
    {
        $capability = self::full('AC123', 'secret');
        foreach ([[3600, []], [1, [1]], [600, [600]], [86400, [86400]]] as [$ttl, $arguments]) {
            $before = time();
            $token = Token::read($capability->generateToken(...$arguments), 'secret');
            self::assertGreaterThanOrEqual($before + $ttl, $token->claims['exp']);
            self::assertLessThanOrEqual(time() + $ttl, $token->claims['exp']);
        }
    }

    public function testSecondCallReplacesTheFirst(): void
    {
        $capability = (new Capability('AC123', 'secret'))
            ->allowClientIncoming('Alice')
            ->allowClientOutgoing('AP1', ['a' => 1, 'b' => 2])
            ->allowClientIncoming('Bob')
            ->allowClientOutgoing('AP2', ['c' => 3]);
        self::assertSame(
            [
                ['name' => 'scope:client:incoming', 'query' => [['clientName', 'Bob']], 'params' => []],
                [
                    'name' => 'scope:client:outgoing',
                    'query' => [['appSid', 'AP2'], ['clientName', 'Bob']],
                    'params' => [['c', '3']],
                ],
            ],
            Token::read($capability->generateTokenAt(self::NOW), 'secret')->scopes(),
        );
        $capability->allowClientOutgoing('AP3');
        self::assertSame([], Token::read($capability->generateTokenAt(self::NOW), 'secret')->params());

        $capability->allowEventStream(['a' => 1, 'b' => 2])->allowEventStream(['c' => 3]);
        self::assertSame([['c', '3']], Token::read($capability->generateTokenAt(self::NOW), 'secret')->filters());
        $capability->allowEventStream();
        self::assertSame([], Token::read($capability->generateTokenAt(self::NOW), 'secret')->filters());
    }

    public function testEventStreamCoversTheAccount(): void
    {
        $capability = (new Capability('AC123', 'secret'))->allowEventStream(['a' => '1 & 2']);
        self::assertSame(
            [[
                'name' => 'scope:stream:subscribe',
                'query' => [['path', '/2010-04-01/Events']],
                'params' => [['a', '1 & 2']],
            ]],
            Token::read($capability->generateTokenAt(self::NOW), 'secret')->scopes(),
        );
        $without = $capability->allowEventStream()->generateTokenAt(self::NOW);
        self::assertSame(
            'scope:stream:subscribe?path=%2F2010-04-01%2FEvents',
            Token::read($without, 'secret')->claims['scope'],
        );
    }

    public function testSetClientNameAllowsNoIncomingCalls(): void
    {
        $capability = (new Capability('AC123', 'secret'))->setClientName('Alice');
        self::assertSame('', Token::read($capability->generateTokenAt(self::NOW), 'secret')->claims['scope']);
        $capability->allowClientOutgoing('AP1');
        self::assertSame(
            'scope:client:outgoing?appSid=AP1&clientName=Alice',
            Token::read($capability->generateTokenAt(self::NOW), 'secret')->claims['scope'],
        );
    }

    public function testLastCallDecidesTheOutgoingClientName(): void
    {
        $scope = static fn (Capability $c): string
            => Token::read($c->generateTokenAt(self::NOW), 'secret')->claims['scope'];
        $capability = (new Capability('AC123', 'secret'))->allowClientOutgoing('AP1');
        self::assertSame(
            'scope:client:incoming?clientName=Alice scope:client:outgoing?appSid=AP1&clientName=Bob',
            $scope($capability->allowClientIncoming('Alice')->setClientName('Bob')),
        );
        self::assertSame(
            'scope:client:incoming?clientName=Carol scope:client:outgoing?appSid=AP1&clientName=Carol',
            $scope($capability->allowClientIncoming('Carol')),
        );
    }

    public function testNotBeforeIsWrittenOnlyIfSet(): void
    {
        $capability = new Capability('AC123', 'secret');
        self::assertSame([], self::others($capability));
        foreach (
            [
                [1, 1],
                [self::LAST, self::LAST],
                [1400000000, new \DateTime('2014-05-13 16:53:20 UTC')],
                [1400000000, new \DateTimeImmutable('2014-05-13 18:53:20.999 +02:00')],
            ] as [$seconds, $notBefore]
        ) {
            self::assertSame($capability, $capability->setNotBefore($notBefore));
            self::assertSame(['nbf' => $seconds], self::others($capability));
        }
        foreach ([null, 0, new \DateTime('@0')] as $none) {
            self::assertSame([], self::others($capability->setNotBefore(1)->setNotBefore($none)));
        }
    }

    /** getTimestamp() is foreign code: it may use the object. */
    public function testDateMayUseObjectWhileRead(): void
    {
        $capability = self::full('AC123', 'secret');
        $date = new class ($capability) extends \DateTime {
            public function __construct(private readonly Capability $capability)
            {
                parent::__construct('@7');
            }

            public function getTimestamp(): int
            {
                $this->capability->__construct('ACother', 'secret');
                return parent::getTimestamp();
            }
        };
        $capability->setNotBefore($date);
        $claims = Token::read($capability->generateTokenAt(self::NOW), 'secret')->claims;
        self::assertSame(['scope' => '', 'iss' => 'ACother', 'exp' => self::NOW + 3600, 'nbf' => 7], $claims);
    }

    public function testMintingChangesNothing(): void
    {
        $capability = self::full('AC123', 'secret');
        $first = $capability->generateTokenAt(self::NOW);
        $capability->generateToken(1);
        self::assertSame($first, $capability->generateTokenAt(self::NOW));
    }

    public function testConfiguredCredentialsReplaceNull(): void
    {
        Capability::configure('ACdefault', 'default');
        $made = new Capability();
        foreach (
            [
                ['ACdefault', 'default', []],
                ['ACmine', 'default', ['ACmine']],
                ['ACdefault', 'mine', [null, 'mine']],
                ['ACmine', 'mine', ['ACmine', 'mine']],
            ] as [$sid, $secret, $arguments]
        ) {
            $token = (new Capability(...$arguments))->generateTokenAt(self::NOW);
            self::assertSame($sid, Token::read($token, $secret)->claims['iss']);
        }

        Capability::configure('ACother', 'other');
        self::assertSame('ACother', Token::read((new Capability())->generateTokenAt(0), 'other')->claims['iss']);
        Capability::configure(null, null);
        self::assertSame('ACdefault', Token::read($made->generateTokenAt(0), 'default')->claims['iss']);
        self::assertFails(
            CaptokenException::NO_CREDENTIALS,
            'no account SID or auth token was given or configured',
            static fn () => new Capability(),
        );
    }

    public function testMethodsOfSubclassReturnTheObject(): void
    {
        $capability = new class ('AC123', 'secret') extends Capability {
            public string $own = 'own';
        };
        self::assertSame($capability, $capability->allowClientIncoming('Alice'));
        self::assertSame($capability, $capability->allowClientOutgoing('AP1', ['a' => 1]));
        self::assertSame($capability, $capability->allowEventStream(['a' => 1]));
        self::assertSame($capability, $capability->setClientName('Alice'));
        self::assertSame($capability, $capability->addClaim('a', 1));
        self::assertSame($capability, $capability->setNotBefore(1));
        $methods = ['allowClientIncoming', 'allowClientOutgoing', 'allowEventStream', 'setClientName', 'addClaim',
            'setNotBefore'];
        foreach ($methods as $method) {
            self::assertSame('static', (string) (new \ReflectionMethod(Capability::class, $method))->getReturnType());
        }
    }

    public function testObjectsAreIndependent(): void
    {
        $one = self::full('AC1', 'one');
        $alone = $one->generateTokenAt(self::NOW);
        $two = (new Capability('AC2', 'two'))->allowClientIncoming('Bob')->allowClientOutgoing('AP2', ['b' => 2]);
        self::assertSame($alone, $one->generateTokenAt(self::NOW));
        unset($one);
        $token = Token::read($two->generateTokenAt(self::NOW), 'two');
        self::assertSame('AC2', $token->claims['iss']);
        self::assertSame([['b', '2']], $token->params());
    }

    public function testObjectMayBeConstructedAgain(): void
    {
        $capability = self::full('AC1', 'one');
        $capability->__construct('AC2', 'two');
        $token = Token::read($capability->generateTokenAt(self::NOW), 'two');
        self::assertSame('AC2', $token->claims['iss']);
        self::assertSame('', $token->claims['scope']);
    }

    /**
     * @dataProvider withoutConstructor
     * @param \Closure(): Capability $make
     */
    public function testUnconstructedObjectRefusesEveryCall(\Closure $make): void
    {
        $calls = [
            static fn (Capability $c) => $c->allowClientIncoming('Alice'),
            static fn (Capability $c) => $c->allowClientOutgoing('AP1'),
            static fn (Capability $c) => $c->allowClientOutgoing('AP1', ['a' => 1]),
            static fn (Capability $c) => $c->allowEventStream(),
            static fn (Capability $c) => $c->allowEventStream(['a' => 1]),
            static fn (Capability $c) => $c->setClientName('Alice'),
            static fn (Capability $c) => $c->addClaim('a', 1),
            static fn (Capability $c) => $c->setNotBefore(1),
            static fn (Capability $c) => $c->setRegion('ie1'),
            static fn (Capability $c) => $c->setPushCredential('CR1'),
            static fn (Capability $c) => $c->addGrant('video', ['room' => 'a']),
            static fn (Capability $c) => $c->generateToken(),
            static fn (Capability $c) => $c->generateTokenAt(self::NOW),
        ];
        foreach ($calls as $call) {
            self::assertFails(
                CaptokenException::INVALID_HANDLE,
                'the constructor was not called: call parent::__construct()',
                static fn () => $call($make()),
            );
        }
    }

    public function testReflectedObjectMayBeConstructedLater(): void
    {
        $capability = (new \ReflectionClass(Capability::class))->newInstanceWithoutConstructor();
        $capability->__construct('AC1', 'secret');
        self::assertSame('AC1', Token::read($capability->generateTokenAt(0), 'secret')->claims['iss']);
    }

    /** @return array<string, array{\Closure(): Capability}> */
    public static function withoutConstructor(): array
    {
        return [
            'a subclass without parent::__construct()' => [
                static fn () => new class extends Capability {
                    public function __construct()
                    {
                    }
                },
            ],
            'reflection' => [
                static fn () => (new \ReflectionClass(Capability::class))->newInstanceWithoutConstructor(),
            ],
            'an old serialisation' => [
                static fn () => @unserialize('C:19:"Captoken\Capability":0:{}'),
            ],
        ];
    }

    public function testChangedCloneLeavesOriginalAlone(): void
    {
        $original = self::full('AC1', 'secret');
        $access = Capability::access('AC1', 'SK1', 'secret')->addGrant('video', ['room' => 'a']);
        foreach ([$original, $access] as $object) {
            $before = $object->generateTokenAt(self::NOW);
            $clone = clone $object;
            self::assertSame($before, $clone->generateTokenAt(self::NOW));

            $clone->allowClientIncoming('Bob')->allowClientOutgoing('AP2')->addClaim('find', 'you')->setNotBefore(1);
            if ($object === $access) {
                $clone->addGrant('video', ['room' => 'b'])->setRegion('ie1')->setPushCredential('CR1');
            } else {
                $clone->allowEventStream(['c' => 'd']);
            }
            self::assertNotSame($before, $clone->generateTokenAt(self::NOW));
            self::assertSame($before, $object->generateTokenAt(self::NOW));
        }
    }

    public function testCloneOutlivesReconstructedOriginal(): void
    {
        $original = self::full('AC1', 'one');
        $before = $original->generateTokenAt(self::NOW);
        $clone = clone $original;
        $original->__construct('AC2', 'two');
        self::assertSame($before, $clone->generateTokenAt(self::NOW));
        $another = clone $clone;
        unset($original, $clone);
        self::assertSame($before, $another->generateTokenAt(self::NOW));
    }

    public function testSubclassWithOwnMembersIsIndependent(): void
    {
        $make = static fn (string $sid): Capability => new class ($sid) extends Capability {
            // The names of private properties of the class.
            public mixed $secret = 1;
            public mixed $members = 2;

            public function __construct(string $sid)
            {
                parent::__construct($sid, 'secret');
                $this->allowClientIncoming('Alice');
            }

            public function __clone()
            {
                $this->allowClientIncoming('Clone');
            }

            public function generateTokenAt(int $now, int $ttl = 3600): string
            {
                return parent::generateTokenAt($now, 60);
            }
        };
        $object = $make('AC1');
        $clone = clone $object;
        foreach ([[$object, 'Alice'], [$clone, 'Clone']] as [$capability, $name]) {
            $claims = Token::read($capability->generateTokenAt(self::NOW), 'secret')->claims;
            self::assertSame("scope:client:incoming?clientName=$name", $claims['scope']);
            self::assertSame(self::NOW + 60, $claims['exp']);
            // The methods of the class call no method that a subclass may override.
            self::assertGreaterThan(time() + 3000, Token::read($capability->generateToken(), 'secret')->claims['exp']);
        }
    }

    public function testSubclassSharesConfiguredCredentials(): void
    {
        $class = new class ('AC1', 'secret') extends Capability {
        };
        $class::configure('ACdefault', 'default');
        $token = (new Capability())->generateTokenAt(self::NOW);
        self::assertSame('ACdefault', Token::read($token, 'default')->claims['iss']);
        Capability::configure(null, null);
        $this->expectExceptionCode(CaptokenException::NO_CREDENTIALS);
        new $class();
    }

    /** The fake library aborts if a function that makes or needs a handle is called. */
    public function testMethodsMakeNoHandle(): void
    {
        $out = Php::run(<<<'END'
            Capability::configure('AC1', 'secret');
            $access = Capability::access('AC1', 'SK1', 'secret')->setRegion('ie1')->setPushCredential('CR1')
                ->addGrant('video', ['room' => 'a']);
            $capability = (new Capability())->allowEventStream(['a' => 1]);
            foreach ([$access, $capability] as $c) {
                $c->allowClientIncoming('Alice')->allowClientOutgoing('AP1', ['a' => 1])->setClientName('Bob')
                    ->addClaim('a', 1)->setNotBefore(1);
                for ($i = 0; $i < 6; $i++) {
                    $c->generateToken();
                }
                echo $c->generateTokenAt(0), "\n";
            }
            Capability::checkClientName('Alice');
            Capability::configure(null, null);
            END, ['CAPTOKEN_LIB' => FakeLibrary::build()]);
        self::assertMatchesRegularExpression('/\A(\{"account_sid":"AC1",.*\}\n){2}\z/', $out);
    }

    public function testOutOfMemoryLeavesObjectUsable(): void
    {
        $out = Php::run(<<<'END'
            $c = (new Capability('AC1', 'secret'))->allowClientIncoming('Alice');
            $before = $c->generateToken();
            $calls = [
                fn () => $c->allowEventStream(['a' => 1]),
                fn () => $c->setClientName('Alice'),
                fn () => $c->addClaim('a', 1),
                fn () => $c->setNotBefore(1),
                fn () => $c->setRegion('ie1'),
                fn () => $c->setPushCredential('CR1'),
                fn () => $c->addGrant('video', ['room' => 'a']),
                fn () => Capability::verify('token', 'secret'),
            ];
            foreach ($calls as $call) {
                try {
                    $call();
                    echo "fine\n";
                } catch (CaptokenException $e) {
                    echo $e->getCode(), ' ', $e->getMessage(), "\n";
                }
                if ($c->generateToken() !== $before) {
                    echo "changed\n";
                }
            }
            END, ['CAPTOKEN_LIB' => FakeLibrary::build('-DCHECK_STATUS=14')]);
        self::assertSame(str_repeat("14 out of memory\n", 8), $out);
        $out = Php::run(<<<'END'
            $c = new Capability('AC1', 'secret');
            foreach (['generateToken', 'generateToken', 'generateTokenAt'] as $method) {
                try {
                    $c->$method(1);
                } catch (CaptokenException $e) {
                    echo $e->getCode(), ' ', $e->getMessage(), "\n";
                }
            }
            END, ['CAPTOKEN_LIB' => FakeLibrary::build('-DMINT_STATUS=14')]);
        self::assertSame(str_repeat("14 out of memory\n", 3), $out);
    }

    public function testUnconstructedLibraryDoesNothing(): void
    {
        $out = Php::run(<<<'END'
            unserialize('O:16:"Captoken\Library":0:{}');
            (new ReflectionClass(Library::class))->newInstanceWithoutConstructor();
            echo "fine\n";
            END);
        self::assertSame("fine\n", $out);
    }

    /**
     * @dataProvider loops
     * @param list<array{string, string}> $params of the last token
     */
    public function testHundredThousandTokensTakeNoMemory(
        string $before,
        string $loop,
        array $params = [['Foo', 'Bar'], ['n', '1'], ['n', '2']],
    ): void {
        $used = json_decode(Php::run(<<<END
            function used(): array
            {
                gc_collect_cycles();
                \$pages = (int) explode(' ', file_get_contents('/proc/self/statm'))[1];
                return [memory_get_usage(), \$pages * 4096];
            }
            $before
            \$loop = function () use (&\$c): string {
                $loop
            };
            for (\$i = 0; \$i < 10000; \$i++) {
                \$token = \$loop();
            }
            \$warm = used();
            for (\$i = 0; \$i < 100000; \$i++) {
                \$token = \$loop();
            }
            \$end = used();
            echo json_encode([\$end[0] - \$warm[0], \$end[1] - \$warm[1], \$token]);
            END), true, 512, JSON_THROW_ON_ERROR);
        self::assertSame($params, Token::read($used[2], 'secret')->params());
        self::assertLessThan(4096, $used[0], 'bytes in use');
        self::assertLessThan(512 * 1024, $used[1], 'bytes in memory');
    }

    /** @return array<string, array{0: string, 1: string, 2?: list<array{string, string}>}> */
    public static function loops(): array
    {
        $both = "->allowClientIncoming('Alice')->allowClientOutgoing('AP1', ['Foo' => 'Bar', 'n' => [1, 2]])"
            . "->setClientName('Bob')->addClaim('c', ['d'])->setNotBefore(1)";
        $allow = "{$both}->allowEventStream(['a' => 1])";
        $grant = "{$both}->setRegion('ie1')->setPushCredential('CR1')->addGrant('video', ['room' => 'a'])";
        $new = "new Capability('AC123', 'secret')";
        return [
            'a new object each' => ['$c = null;', "\$o = $new; \$o$allow; return \$o->generateToken();"],
            'a clone each' => [
                "\$c = ($new)$allow;",
                '$o = clone $c; $o->addClaim("a", 1); return $o->generateToken();',
            ],
            'one object' => ["\$c = ($new)$allow;", 'return $c->generateToken();'],
            'one object, allowed again' => ["\$c = $new;", "return \$c{$allow}->generateToken();"],
            'one object, constructed again' => [
                "\$c = $new;",
                "\$c->__construct('AC123', 'secret'); return \$c{$allow}->generateToken();",
            ],
            'a new object each, of access tokens' => [
                '$c = null;',
                "\$o = Capability::access('AC123', 'SK123', 'secret'); \$o$grant;
                try { \$o->allowEventStream(['a' => 1]); } catch (CaptokenException) { }
                try { \$o->addGrant('voice', []); } catch (CaptokenException) { }
                try { Capability::access('AC123', '', 'secret'); } catch (CaptokenException) { }
                return \$o->generateToken();",
                [['Foo', 'Bar'], ['n', '2']],
            ],
            'one object of access tokens, allowed again' => [
                "\$c = Capability::access('AC123', 'SK123', 'secret');",
                "return \$c{$grant}->generateToken();",
                [['Foo', 'Bar'], ['n', '2']],
            ],
            'calls that fail' => [
                "\$c = $new; \$c$allow;",
                "try { \$c->generateToken(0); } catch (CaptokenException) { }
                try { new Capability('', 'secret'); } catch (CaptokenException) { }
                try { \$c->allowClientOutgoing('AP1', ['k' => \"\\xff\"]); } catch (CaptokenException) { }
                try { \$c->allowEventStream(['k' => \"\\xff\"]); } catch (CaptokenException) { }
                try { \$c->addClaim('iss', 1); } catch (CaptokenException) { }
                try { \$c->addClaim('a', INF); } catch (JsonException) { }
                try { \$c->setNotBefore(-1); } catch (CaptokenException) { }
                return \$c->generateToken();",
            ],
            'tokens of many lengths, verified' => [
                "\$c = $new; \$c$allow;",
                "\$c->addClaim('long', str_repeat('x', mt_rand(0, 99)));
                \$token = \$c->generateToken();
                Capability::verify(\$token, 'secret');
                try { Capability::verify(\$token, 'other'); } catch (Captoken\TokenSignatureException) { }
                return \$token;",
            ],
        ];
    }

    /** PHP destroys the objects of a cycle, and those that are left at the end, in any order. */
    public function testDestructorsMint(): void
    {
        $out = Php::run(<<<'END'
            class Service
            {
                public static ?self $last = null;
                public ?self $cycle = null;

                public function __construct(private Capability $capability)
                {
                }

                public function __destruct()
                {
                    echo $this->capability->generateTokenAt(0), "\n";
                }
            }
            Capability::configure('AC1', 'secret');
            $service = new Service(new Capability());
            $service->cycle = $service;
            unset($service);
            gc_collect_cycles();
            $capability = new Capability('AC1', 'secret');
            Service::$last = new Service($capability);
            echo $capability->generateTokenAt(0), "\n";
            END);
        $tokens = explode("\n", rtrim($out));
        self::assertCount(3, $tokens);
        self::assertCount(1, array_unique($tokens), $out);
        self::assertStringStartsWith('eyJ', $out);
    }

    public function testForkedChildrenMintFromObjectOfParent(): void
    {
        if (!function_exists('pcntl_fork')) {
            self::skipAloud('fork is not tested: this PHP lacks the extension pcntl');
        }
        $log = TempFolder::file('', 'log');
        $out = Php::run(<<<'END'
            class Logged extends Capability
            {
                public function __destruct()
                {
                    file_put_contents(getenv('LOG'), "destructed\n", FILE_APPEND);
                }
            }

            Capability::configure('ACdefault', 'default');
            $c = (new Logged('AC123', 'secret'))->allowClientIncoming('Alice')
                ->allowClientOutgoing('AP1', ['Foo' => 'Bar']);
            $children = [];
            for ($i = 0; $i < 20; $i++) {
                $child = pcntl_fork();
                if ($child === 0) {
                    $default = (new Capability())->generateTokenAt(1400000000);
                    $tokens = $c->generateTokenAt(1400000000) . " $default\n";
                    file_put_contents(getenv('LOG'), $tokens, FILE_APPEND);
                    exit(0);
                }
                $children[] = $child;
            }
            foreach ($children as $child) {
                pcntl_waitpid($child, $status);
                if (!pcntl_wifexited($status) || pcntl_wexitstatus($status) !== 0) {
                    echo "a child ended with $status\n";
                }
            }
            file_put_contents(getenv('LOG'), "parent\n", FILE_APPEND);
            $default = (new Capability())->generateTokenAt(1400000000);
            echo $c->generateTokenAt(1400000000), " $default\n";
            END, ['LOG' => $log]);
        [$token, $default] = explode(' ', rtrim($out));
        self::assertSame([['Foo', 'Bar']], Token::read($token, 'secret')->params());
        self::assertSame('ACdefault', Token::read($default, 'default')->claims['iss']);

        $lines = array_count_values(file($log));
        ksort($lines);
        $expected = ["destructed\n" => 21, "parent\n" => 1, $out => 20];
        ksort($expected);
        self::assertSame($expected, $lines);
        // The parent destroys its object last, after its children.
        self::assertSame(["parent\n", "destructed\n"], array_slice(file($log), -2));
    }

    /** Makes a capability token with every kind of permission. */
    private static function full(string $accountSid, string $authToken): Capability
    {
        return (new Capability($accountSid, $authToken))
            ->allowClientIncoming('Alice')
            ->allowClientOutgoing('AP1', ['Foo' => 'Bar'])
            ->allowEventStream(['a' => 'b'])
            ->setClientName('Carol')
            ->addClaim('find', 'me')
            ->setNotBefore(self::NOW);
    }

    /** @return array<string, mixed> the claims except scope, iss and exp */
    private static function others(Capability $capability): array
    {
        $claims = Token::read($capability->generateTokenAt(self::NOW), 'secret')->claims;
        return array_diff_key($claims, ['scope' => '', 'iss' => '', 'exp' => '']);
    }
}
