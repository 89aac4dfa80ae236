<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Capability;
use PHPUnit\Framework\TestCase;

/**
 * The first tokens of an object come from one call of C each, if that can say what they are
 * to say, and the next ones from a handle: nobody can tell.
 */
final class DraftTest extends TestCase
{
    private const LAST = 2 ** 53 - 1;

    public function testTheFirstFourTokensNeedNoHandleTheFifthHasOne(): void
    {
        $environment = ['CAPTOKEN_LIB' => Stub::compile('-DCOUNT')];
        $plain = '$c = (new Capability("AC1", "secret"))->allowClientIncoming("Alice")'
            . '->allowClientOutgoing("AP1", ["a" => 1]); $c->generateToken();';
        $four = "$plain \$c->generateTokenAt(0); \$c->generateToken(); \$c->allowClientIncoming('Bob')->generateToken();";
        $six = "$four \$c->generateToken(); \$c->generateTokenAt(0);";
        self::assertSame("made 0, freed 0\n", Php::run($plain, $environment));
        self::assertSame("made 0, freed 0\n", Php::run($four, $environment));
        self::assertSame("made 1, freed 1\n", Php::run($six, $environment));
    }

    /** The same seed each time, so that a failure comes again. */
    public function testBothWaysMakeTheSameTokenOfAnything(): void
    {
        mt_srand(7);
        $long = 0;
        for ($i = 0; $i < 2000; $i++) {
            $calls = self::randomCalls();
            [$now, $ttl] = [mt_rand(0, 1) === 0 ? mt_rand() : self::LAST - 86400, mt_rand(1, 86400)];
            $draft = self::called(new Capability('AC' . self::randomText(), self::randomText() . 's'), $calls);
            $first = $draft->generateTokenAt($now, $ttl);
            for ($n = 2; $n <= 5; $n++) {
                self::assertSame($first, $draft->generateTokenAt($now, $ttl), serialize($calls));
            }
            $long += strlen($first) >= 1024 ? 1 : 0;

            [$sid, $secret] = ['AC' . self::randomText(), 's' . self::randomText()];
            self::assertSame(
                self::called(new Capability($sid, $secret), $calls)->generateTokenAt($now, $ttl),
                self::called((new Capability($sid, $secret))->setNotBefore(null), $calls)->generateTokenAt($now, $ttl),
                serialize([$sid, $secret, $calls]),
            );
        }
        self::assertGreaterThan(20, $long, 'tokens that the usual buffer does not hold');
    }

    public function testWhatIsAskedForAfterATokenIsInTheNext(): void
    {
        $calls = [
            static fn (Capability $c) => $c->allowClientIncoming('Bob'),
            static fn (Capability $c) => $c->allowClientOutgoing('AP2', ['b' => 2]),
            static fn (Capability $c) => $c->allowClientOutgoing('AP2'),
            static fn (Capability $c) => $c->setClientName('Carol'),
            static fn (Capability $c) => $c->addClaim('a', 1),
            static fn (Capability $c) => $c->allowEventStream(['a' => 1]),
        ];
        foreach ($calls as $call) {
            $made = [];
            foreach ([0, 1, 3, 4, 5] as $before) {
                $capability = (new Capability('AC1', 'secret'))->allowClientIncoming('Alice')
                    ->allowClientOutgoing('AP1', ['a' => 1]);
                for ($i = 0; $i < $before; $i++) {
                    $capability->generateTokenAt(0);
                }
                $call($capability);
                $made[] = $capability->generateTokenAt(0);
                $made[] = $capability->generateTokenAt(0);
            }
            self::assertCount(1, array_unique($made));
        }
    }

    /**
     * A handler that makes a token of another account before the first has been read.
     *
     * @dataProvider ways
     */
    public function testAHandlerOfASignalLeavesTheTokenThatItInterrupts(string $first, string $other): void
    {
        $out = Php::run(<<<END
            pcntl_async_signals(true);
            // After it, there is memory that is kept.
            (new Capability('AC0', 'secret'))->generateToken();
            \$c = (new Capability('AC1', 'secret'))->allowClientIncoming('Alice')$first;
            pcntl_signal(SIGUSR1, function (): void {
                echo (new Capability('AC2', 'secret'))->allowClientIncoming('Bob'){$other}->generateToken(), "\n";
            });
            echo \$c->generateToken(), "\n", \$c->generateToken(), "\n";
            END, ['CAPTOKEN_LIB' => Stub::compile('-DNAMES', '-DSIGNAL=-2')]);
        self::assertSame("AC2 Bob\nAC1 Alice\nAC1 Alice\n", $out);
    }

    /** @return array<string, array{string, string}> */
    public static function ways(): array
    {
        $handle = '->setNotBefore(null)';
        return [
            'both in one call' => ['', ''],
            'the first by a handle' => [$handle, ''],
            'the other by a handle' => ['', $handle],
            'both by handles' => [$handle, $handle],
        ];
    }

    /**
     * @dataProvider handlers
     */
    public function testWhatAHandlerDoesWhileAHandleIsMadeIsNotLost(string $does, string $expected): void
    {
        $out = Php::run(<<<END
            pcntl_async_signals(true);
            \$c = (new Capability('AC1', 'secret'))->allowClientIncoming('Alice');
            pcntl_signal(SIGUSR1, function () use (\$c): void {
                static \$calls = 0;
                if (\$calls++ === 0) {
                    $does
                }
            });
            \$c->setNotBefore(1);
            echo \$c->generateToken(), "\n";
            END, ['CAPTOKEN_LIB' => Stub::compile('-DCOUNT', '-DNAMES', '-DSIGNAL=-1')]);
        self::assertSame($expected, $out);
    }

    /** @return array<string, array{string, string}> */
    public static function handlers(): array
    {
        return [
            'nothing' => ['', "AC1 Alice\nmade 1, freed 1\n"],
            'another name' => ['$c->allowClientIncoming("Bob");', "AC1 Bob\nmade 2, freed 2\n"],
            'a token' => ['echo $c->generateToken(), "\n";', "AC1 Alice\nAC1 Alice\nmade 1, freed 1\n"],
            'the same' => ['$c->setNotBefore(1);', "AC1 Alice\nmade 2, freed 2\n"],
            'the same, and another name' => [
                '$c->setNotBefore(1); $c->allowClientIncoming("Bob");',
                "AC1 Bob\nmade 2, freed 2\n",
            ],
        ];
    }

    /** It is made for the fifth token, and can be made later. */
    public function testMemoryThatRunsOutWhileAHandleIsMadeChangesNothing(): void
    {
        $out = Php::run(<<<'END'
            $c = (new Capability('AC1', 'secret'))->allowClientOutgoing('AP1', ['a' => 1, 'b' => 2, 'c' => 3]);
            for ($i = 0; $i < 6; $i++) {
                try {
                    echo $c->generateToken(), "\n";
                } catch (CaptokenException $e) {
                    echo $e->getCode(), "\n";
                }
            }
            echo $c->allowClientOutgoing('AP1')->generateToken(), "\n";
            END, ['CAPTOKEN_LIB' => Stub::compile('-DCOUNT', '-DPAIRS=1')]);
        self::assertSame("stub\nstub\nstub\nstub\n14\n14\nstub\nmade 3, freed 3\n", $out);
    }

    public function testAFiberLeavesTheTokenOfAnother(): void
    {
        $mint = static function (string $sid): string {
            $capability = (new Capability($sid, 'secret'))->allowClientIncoming('Alice');
            \Fiber::suspend();
            return $capability->generateTokenAt(0);
        };
        $fibers = [];
        foreach (['AC1', 'AC2', 'AC3'] as $sid) {
            $fibers[$sid] = new \Fiber($mint);
            $fibers[$sid]->start($sid);
        }
        foreach (array_reverse($fibers) as $sid => $fiber) {
            $fiber->resume();
            self::assertSame($sid, Token::read($fiber->getReturn(), 'secret')->claims['iss']);
        }
    }

    /** @param list<array{string, array}> $calls */
    private static function called(Capability $capability, array $calls): Capability
    {
        foreach ($calls as [$method, $arguments]) {
            $capability->$method(...$arguments);
        }
        return $capability;
    }

    /** @return list<array{string, array}> */
    private static function randomCalls(): array
    {
        $calls = [];
        for ($i = mt_rand(0, 3); $i > 0; $i--) {
            $calls[] = mt_rand(0, 1) === 0
                ? ['allowClientIncoming', [self::pick(['Alice', '0', '_', str_repeat('a', 300)])]]
                : ['allowClientOutgoing', ['AP' . self::randomText(), self::randomParams()]];
        }
        return $calls;
    }

    private static function randomParams(): array
    {
        $params = [];
        for ($i = self::pick([0, 1, 1, 2, 5, 40]); $i > 0; $i--) {
            $params[self::randomText()] = self::pick([
                self::randomText(),
                mt_rand(),
                -1,
                mt_rand() / 7,
                true,
                false,
                [],
                [self::randomText(), 1, 0.5],
            ]);
        }
        return $params;
    }

    private static function randomText(): string
    {
        $text = '';
        for ($i = mt_rand(0, 4); $i > 0; $i--) {
            $text .= self::pick(['', 'a', '0', ' ', '+', '&', '=', '%', '"', '\\', "\n", "\x7f", "\u{e9}", "\u{1f600}",
                'user_id', '-.~_']);
        }
        return $text;
    }

    private static function pick(array $of): mixed
    {
        return $of[mt_rand(0, count($of) - 1)];
    }
}
