<?php

declare(strict_types=1);

namespace Captoken\Internal\Doctor;

/**
 * A program that ran to its end.
 *
 * @internal
 */
final class Process
{
    private function __construct(
        public readonly int $status,
        /** Standard output and standard error, interleaved. */
        public readonly string $output,
    ) {
    }

    /**
     * Runs a program without the variables that choose a library.
     *
     * A server does not inherit them from the user's shell.
     *
     * @param list<string> $command
     * @param array<string, string> $environment added to the inherited one
     */
    public static function run(array $command, array $environment = []): self
    {
        $inherited = array_diff_key(getenv(), ['CAPTOKEN_LIB' => '', 'LD_LIBRARY_PATH' => '']);
        $process = proc_open(
            $command,
            [['file', '/dev/null', 'r'], ['pipe', 'w'], ['redirect', 1]],
            $pipes,
            null,
            $environment + $inherited,
        );
        if ($process === false) {
            return new self(127, "$command[0]: cannot be run");
        }
        $output = (string) stream_get_contents($pipes[1]);
        return new self(proc_close($process), $output);
    }

    /**
     * Returns the messages of a PHP that does not start or cannot preload.
     *
     * @return list<string>
     */
    public function complaints(): array
    {
        preg_match_all(
            '/(?:Fatal Error|Fatal error:|Warning: +(?:FFI:?|failed pre-loading)) +(.*)/',
            $this->output,
            $found,
        );
        return $found[0];
    }
}
