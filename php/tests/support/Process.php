<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** A program that ran to its end. */
final class Process
{
    private function __construct(
        public readonly int $status,
        public readonly string $out,
        public readonly string $err,
    ) {
    }

    /**
     * @param list<string> $command
     * @param array<string, string> $environment the whole environment
     */
    public static function run(array $command, array $environment, ?string $folder = null): self
    {
        return self::start($command, $environment, $folder)();
    }

    /**
     * Starts a program, and returns a function that waits for its end.
     *
     * A program that hangs is stopped after 300 seconds.
     *
     * @param list<string> $command
     * @param array<string, string> $environment the whole environment
     * @return \Closure(): self
     */
    public static function start(array $command, array $environment, ?string $folder = null): \Closure
    {
        // Files, because a program that fills one of two pipes would block forever.
        [$out, $err] = [tmpfile(), tmpfile()];
        if ($out === false || $err === false) {
            throw new \RuntimeException('cannot write to ' . sys_get_temp_dir() . ': set TMPDIR');
        }
        $process = proc_open(
            ['timeout', '300', ...$command],
            [['file', '/dev/null', 'r'], $out, $err],
            $pipes,
            $folder,
            $environment,
        );
        if ($process === false) {
            throw new \RuntimeException("cannot run $command[0]");
        }
        return static function () use ($process, $out, $err): self {
            $status = proc_close($process);
            return new self($status, self::content($out), self::content($err));
        };
    }

    /** Returns the path of a program, including those in sbin, or null. */
    public static function find(string $name): ?string
    {
        foreach ([...explode(':', (string) getenv('PATH')), '/usr/local/sbin', '/usr/sbin'] as $folder) {
            if (is_executable("$folder/$name")) {
                return "$folder/$name";
            }
        }
        return null;
    }

    /**
     * Returns the environment without the variables that would change the tests' outcome.
     *
     * @return array<string, string>
     */
    public static function environment(): array
    {
        $others = ['CAPTOKEN_LIB', 'LD_LIBRARY_PATH', 'MAKEFLAGS', 'MFLAGS', 'MAKELEVEL'];
        return ['LC_ALL' => 'C'] + array_diff_key(getenv(), array_flip($others));
    }

    /** @param resource $file */
    private static function content($file): string
    {
        rewind($file);
        return stream_get_contents($file);
    }
}
