<?php

declare(strict_types=1);

namespace Captoken\Tests;

use PHPUnit\Framework\Assert;

/** Runs programs in another PHP process. */
final class Php
{
    /**
     * Runs a program that begins with `<?php` as a file.
     *
     * @param array<string, string> $environment added to that of the tests
     * @param list<string> $options of php
     */
    public static function file(string $program, array $environment = [], array $options = []): Process
    {
        return Process::run(
            // Shows every message.
            [PHP_BINARY, '-d', 'display_errors=stderr', '-d', 'error_reporting=-1', ...$options,
                TempFolder::file($program)],
            $environment + Process::environment(),
        );
    }

    /**
     * Runs a program that uses the package. Any error or message fails the test.
     *
     * @param array<string, string> $environment added to that of the tests
     * @param list<string> $options of php
     */
    public static function run(string $program, array $environment = [], array $options = []): string
    {
        $done = self::file(self::program($program), $environment, $options);
        Assert::assertSame('', $done->err);
        Assert::assertSame(0, $done->status, $done->out);
        return $done->out;
    }

    /**
     * Whether this PHP crashes if a signal handler throws after any call of C.
     *
     * PHP 8.4.28 does: FFI frees the function of the call, and PHP then reads it.
     */
    public static function crashesIfHandlerThrows(): bool
    {
        return self::file(<<<'END'
            <?php
            pcntl_async_signals(true);
            pcntl_signal(SIGUSR1, fn () => throw new LogicException());
            $c = FFI::cdef('int raise(int number);');
            try {
                $status = $c->raise(SIGUSR1);
            } catch (LogicException) {
                exit(0);
            }
            END)->status !== 0;
    }

    /** Returns a program that uses the package and runs these statements. */
    public static function program(string $statements, ?string $package = null): string
    {
        $autoload = var_export(($package ?? Package::folder()) . '/autoload.php', true);
        return <<<END
            <?php

            use Captoken\Capability;
            use Captoken\CaptokenException;
            use Captoken\Library;

            require $autoload;

            $statements
            END;
    }
}
