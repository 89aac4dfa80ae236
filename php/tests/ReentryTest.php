<?php

declare(strict_types=1);

namespace Captoken\Tests;

use Captoken\Capability;
use PHPUnit\Framework\TestCase;

/** Runs a signal handler or another Fiber between two statements of the class. */
final class ReentryTest extends TestCase
{
    use SkipsAloud;

    private const SETTERS = [
        "setClientName('Bob')",
        "addClaim('a', 1)",
        'setNotBefore(1)',
        "setRegion('ie1')",
        "setPushCredential('CR1')",
        "addGrant('video', ['room' => 'a'])",
    ];

    protected function setUp(): void
    {
        if (!function_exists('pcntl_signal') || !function_exists('posix_kill')) {
            self::skipAloud('signals are not tested: this PHP lacks the extension pcntl or posix');
        }
    }

    public function testTokenWhoseHandlerMintsStaysWhole(): void
    {
        $out = Php::run(<<<'END'
            pcntl_async_signals(true);
            // Makes the class keep a buffer for the next token.
            (new Capability('AC0', 'secret'))->generateToken();
            $c = new Capability('AC1', 'secret');
            pcntl_signal(SIGUSR1, function (): void {
                echo (new Capability('AC2', 'secret'))->generateToken(), "\n";
            });
            echo $c->generateToken(), "\n", $c->generateToken(), "\n";
            END, ['CAPTOKEN_LIB' => FakeLibrary::build('-DSIGNAL=2')]);
        self::assertSame(
            "{\"account_sid\":\"AC2\"}\n{\"account_sid\":\"AC1\"}\n{\"account_sid\":\"AC1\"}\n",
            $out,
        );
    }

    public function testSetterInterruptedByExceptionChangesNothing(): void
    {
        $this->needThrowingHandlers();
        $fake = FakeLibrary::build('-DSIGNAL=2');
        foreach (self::SETTERS as $setter) {
            $out = Php::run(<<<END
                pcntl_async_signals(true);
                \$c = Capability::access('AC1', 'SK1', 'secret')->allowClientIncoming('Alice');
                pcntl_signal(SIGUSR1, function () use (\$c): void {
                    echo \$c->generateToken(), "\n";
                    throw new LogicException('thrown by the handler');
                });
                echo \$c->generateToken(), "\n";
                try {
                    \$c->$setter;
                } catch (LogicException \$e) {
                    echo \$e->getMessage(), "\n";
                }
                echo \$c->generateToken(), "\n", \$c->{$setter}->generateToken();
                END, ['CAPTOKEN_LIB' => $fake]);
            [$before, $during, $message, $after, $changed] = explode("\n", $out);
            self::assertSame([$before, $before], [$during, $after], $setter);
            self::assertSame('thrown by the handler', $message);
            self::assertNotSame($before, $changed, $setter);
        }
    }

    /** PHP 8.2 crashed at the second exception if the call of C was an argument. */
    public function testHandlerThatThrowsRepeatedlyCrashesNothing(): void
    {
        $this->needThrowingHandlers();
        $fake = FakeLibrary::build('-DSIGNAL=-1');
        foreach (['generateToken()', ...self::SETTERS] as $call) {
            $out = Php::run(<<<END
                pcntl_async_signals(true);
                pcntl_signal(SIGUSR1, fn () => throw new LogicException('thrown by the handler'));
                \$c = Capability::access('AC1', 'SK1', 'secret');
                for (\$i = 0; \$i < 3; \$i++) {
                    try {
                        \$c->$call;
                    } catch (LogicException \$e) {
                        echo \$e->getMessage(), "\n";
                    }
                }
                END, ['CAPTOKEN_LIB' => $fake]);
            self::assertSame(str_repeat("thrown by the handler\n", 3), $out, $call);
        }
    }

    /** A signal handler cannot use a class that PHP is loading at that time. */
    public function testNoMethodOfAnObjectLoadsAClass(): void
    {
        $out = Php::run(<<<'END'
            $c = new Capability('AC1', 'secret');
            spl_autoload_register(fn (string $class) => print("$class "), true, true);
            $c->allowClientIncoming('Alice')->allowClientOutgoing('AP1', ['a' => [1, 1.5, true]])
                ->allowEventStream(['a' => 'b'])->setClientName('Bob')->addClaim('a', ['b' => 1])->setNotBefore(1);
            $access = Capability::access('AC1', 'SK1', 'secret')->setRegion('ie1')->addGrant('video', []);
            $long = str_repeat('a', 5000);
            $jwt = $c->generateToken();
            foreach (
                [
                    fn () => Capability::verify($jwt, 'secret'),
                    fn () => Capability::verify($jwt, 'other'),
                    fn () => Capability::verify($jwt, 'secret', 1e15),
                    fn () => Capability::verify('', 'secret'),
                    fn () => $access->allowClientIncoming($long)->generateToken(),
                    fn () => $access->allowEventStream(),
                    fn () => $c->addClaim('iss', 1),
                    fn () => $c->generateToken(0),
                    fn () => $c->setClientName("\xff"),
                    fn () => serialize($c),
                ] as $call
            ) {
                try {
                    $call();
                } catch (Exception) {
                }
            }
            END);
        self::assertSame('', $out);
    }

    /** Sends thousands of signals, so that some arrive between any two statements. */
    public function testHandlerNeverSeesPartialChange(): void
    {
        $out = Php::run(<<<'END'
            pcntl_async_signals(true);
            $c = new Capability('AC1', 'secret-of-AC1');
            $seen = [];
            $calls = 0;
            pcntl_signal(SIGUSR1, function () use ($c, &$seen, &$calls): void {
                $calls++;
                $token = $c->generateTokenAt(0);
                $payload = json_decode(base64_decode(strtr(explode('.', $token)[1], '-_', '+/')));
                Capability::verify($token, "secret-of-$payload->iss", 0);
                $seen[$payload->iss . $payload->scope] = true;
            });
            $parent = getmypid();
            $child = pcntl_fork();
            while ($child === 0 && posix_kill($parent, SIGUSR1)) {
                usleep(10);
            }
            while ($calls < 5000 || count($seen) < 4) {
                foreach (['AC1', 'AC2'] as $sid) {
                    $c->__construct($sid, "secret-of-$sid");
                    $c->allowClientIncoming('Alice')->allowClientOutgoing('AP1', ['a' => 1])
                        ->setClientName('Bob')->allowClientIncoming('Carol');
                }
            }
            posix_kill($child, SIGKILL);
            echo 'enough';
            END);
        self::assertSame('enough', $out);
    }

    /** Thousands of signals, whose handler throws while a value is being encoded. */
    public function testHandlerThatThrowsCostsNoDigits(): void
    {
        $this->needThrowingHandlers();
        $out = Php::run(<<<'END'
            pcntl_async_signals(true);
            $c = new Capability('AC1', 'secret');
            $throws = false;
            pcntl_signal(SIGUSR1, function () use (&$throws): void {
                $throws && throw new LogicException('thrown by the handler');
            });
            $thrown = 0;
            $parent = getmypid();
            $child = pcntl_fork();
            while ($child === 0 && posix_kill($parent, SIGUSR1)) {
                usleep(10);
            }
            while ($thrown < 1000) {
                try {
                    $throws = true;
                    $c->addClaim('a', 0.1);
                    $throws = false;
                } catch (LogicException) {
                    $throws = false;
                    $thrown++;
                }
            }
            posix_kill($child, SIGKILL);
            ini_set('serialize_precision', '3');
            $c->addClaim('a', 1.23456789);
            [, $payload] = explode('.', $c->generateToken());
            echo str_contains(base64_decode(strtr($payload, '-_', '+/')), '"a":1.23456789,') ? 'whole' : 'cut';
            END, [], ['-d', 'serialize_precision=17']);
        self::assertSame('whole', $out);
    }

    private function needThrowingHandlers(): void
    {
        if (Php::crashesIfHandlerThrows()) {
            self::skipAloud('PHP ' . PHP_VERSION . ' crashes if a signal handler throws after a call of C');
        }
    }

    public function testFiberLeavesOtherTokensAlone(): void
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

    public function testFibersShareConfiguredCredentials(): void
    {
        Capability::configure('AC1', 'secret');
        $fiber = new \Fiber(static function (): void {
            Capability::configure('AC2', 'secret');
        });
        $fiber->start();
        $token = (new Capability())->generateTokenAt(0);
        Capability::configure(null, null);
        self::assertSame('AC2', Token::read($token, 'secret')->claims['iss']);
    }
}
