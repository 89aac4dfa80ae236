<?php

declare(strict_types=1);

namespace Captoken\Tests;

/**
 * A program that runs until it is stopped.
 *
 * It stops at stopAll(), and when the process of the tests ends or is killed.
 */
final class Daemon
{
    /** The longest wait, which only a fault reaches, however busy the machine is. */
    public const SECONDS = 300;

    private ?int $exit = null;

    /** @var list<self> */
    private static array $running = [];

    /** @param resource $process */
    private function __construct(private $process)
    {
    }

    /**
     * @param list<string> $command
     * @param array<string, string> $environment the whole environment
     * @param string $output the file that gets its output
     * @param list<string> $options of setpriv
     */
    public static function start(array $command, array $environment, string $output, array $options = []): self
    {
        $stderr = ['file', $output, 'a'];
        // --pdeathsig stops the program when the tests are killed.
        $process = proc_open(
            ['setpriv', '--pdeathsig', 'TERM', ...$options, ...$command],
            [['file', '/dev/null', 'r'], $stderr, $stderr],
            $pipes,
            '/',
            $environment,
        );
        if (self::$running === []) {
            register_shutdown_function(self::stopAll(...));
        }
        return self::$running[] = new self($process);
    }

    /** Stops every running program. */
    public static function stopAll(): void
    {
        foreach (self::$running as $daemon) {
            foreach ([SIGTERM, SIGKILL] as $signal) {
                if ($daemon->runs()) {
                    $daemon->signal($signal);
                    self::wait(static fn (): bool => !$daemon->runs());
                }
            }
        }
        self::$running = [];
    }

    public function runs(): bool
    {
        if ($this->exit === null) {
            $status = proc_get_status($this->process);
            if (!$status['running']) {
                $this->exit = $status['exitcode'];
            }
        }
        return $this->exit === null;
    }

    /** Returns the exit status, or null while the program runs. */
    public function exit(): ?int
    {
        return $this->runs() ? null : $this->exit;
    }

    public function signal(int $signal): void
    {
        proc_terminate($this->process, $signal);
    }

    /**
     * Waits until a condition holds, and returns whether it does.
     *
     * @param callable(): bool $condition
     */
    public static function wait(callable $condition): bool
    {
        $end = microtime(true) + self::SECONDS;
        while (!$condition()) {
            if (microtime(true) > $end) {
                return false;
            }
            usleep(20000);
        }
        return true;
    }
}
